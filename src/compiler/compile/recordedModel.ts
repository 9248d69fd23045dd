/**
 * A network as data: its graph for evaluation, as its model's code traced it, and a model that replays
 * it. With it, a checkpoint is evaluated, exported or used to label without running anybody's code.
 */
import { z } from 'zod';
import type { AttributeValue, Attributes, Value } from '../ir/graph.js';
import { defineModel, type ImageInput, type Model } from '../trace/defineModel.js';
import { traceOf, type Trace } from '../trace/trace.js';
import { traceModel } from '../trace/traceModel.js';
import { findOp } from '../ops/registry.js';
import { dtypes, type DType } from '../../support/dtype.js';
import { ArtifactError, GradusError, ModelError } from '../../support/errors.js';
import { batchDim, formatShape, shapeEquals, type Dim } from '../../support/shape.js';
import { numbersOf, tensorData, type TensorData } from '../../support/tensor.js';

const size = z.int().min(1);
const dim = z.union([z.int().min(0), z.object({ symbol: z.string(), factor: size })]);
/** JSON has no infinities, by which maps are padded before a maximum is taken. */
const number = z.union([z.number(), z.enum(['Infinity', '-Infinity', 'NaN'])]).transform(Number);

const tensor = z.object({
  dtype: z.enum(Object.keys(dtypes) as [DType, ...DType[]]),
  shape: z.array(z.int().min(0)),
  values: z.array(number),
});

type JsonAttribute = number | string | boolean | JsonAttribute[] | { [key: string]: unknown };

const attribute: z.ZodType<JsonAttribute> = z.lazy(() =>
  z.union([
    z.number(),
    z.string(),
    z.boolean(),
    z.array(attribute),
    z.object({ number: z.enum(['Infinity', '-Infinity', 'NaN']) }),
    z.object({ symbol: z.string(), factor: size }),
    z.object({ tensor }),
  ]),
);

const weight = z.object({
  name: z.string(),
  kind: z.enum(['param', 'buffer']),
  shape: z.array(size),
  decay: z.boolean(),
});

/** [primitive, dotted name of the layer, operands (null for none), attributes] */
const node = z.tuple([
  z.string(),
  z.string(),
  z.array(z.int().min(0).nullable()),
  z.record(z.string(), attribute),
]);

const layer = z.object({
  name: z.string(),
  kind: z.string(),
  inputShapes: z.array(z.array(dim)),
  outputShape: z.array(dim),
  params: z.array(z.string()),
  multiplyAdds: z.number(),
  rate: z.number().optional(),
});

export const recordSchema = z.object({
  format: z.literal('gradus-architecture'),
  version: z.literal(1),
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
  image: z.tuple([size, size, size]),
  classes: size,
  weights: z.array(weight),
  /** Values are numbered: the image, the weights in their order, then the outputs of the nodes. */
  nodes: z.array(node),
  layers: z.array(layer),
  logits: z.int().min(0),
});

export type ModelRecord = z.output<typeof recordSchema>;

/** Records a model's network in evaluation, for images [C,H,W] and a number of classes. */
export function recordModel(
  model: Model,
  options: {
    readonly image?: Readonly<ModelRecord['image']> | undefined;
    readonly classes?: number | undefined;
  },
): ModelRecord {
  const traced = traceModel(model, { mode: 'eval', batch: 'dynamic', ...options });
  const { graph, params, buffers, layers, classes, imageShape } = traced;
  const numbers = new Map<Value, number>();
  const number = (value: Value): void => void numbers.set(value, numbers.size);
  const decays = new Map(params.map(({ name, decay }) => [name, decay]));
  const [image, ...others] = graph.inputs;
  if (image) number(image.value);
  const weights = others.map(({ name, value }): ModelRecord['weights'][number] => {
    number(value);
    const kind = buffers.some((buffer) => buffer.name === name) ? 'buffer' : 'param';
    return { name, kind, shape: value.shape.map(Number), decay: decays.get(name) ?? false };
  });
  const place = (value: Value | undefined): number | null =>
    value === undefined ? null : (numbers.get(value) ?? 0);
  const nodes = graph.nodes.map((own): ModelRecord['nodes'][number] => {
    const inputs = own.inputs.map(place);
    own.outputs.forEach(number);
    return [own.op.name, own.origin.scope, inputs, jsonAttributes(own.attrs)];
  });
  return {
    format: 'gradus-architecture',
    version: 1,
    name: model.name,
    input: { ...model.input },
    image: [imageShape[0], imageShape[1], imageShape[2]],
    classes,
    weights,
    nodes,
    layers: layers.map(
      ({ name, kind, inputShapes, outputShape, params: own, multiplyAdds, rate }) => ({
        ...{ name, kind, multiplyAdds, params: [...own] },
        inputShapes: inputShapes.map((shape) => [...shape]),
        outputShape: [...outputShape],
        ...(rate !== undefined && { rate }),
      }),
    ),
    logits: place(graph.outputs[0]?.value) ?? 0,
  };
}

/**
 * A model that replays a record. It evaluates only, for the image and the classes of the record. Throws
 * an ArtifactError that names `file` if the record is damaged.
 */
export function recordedModel(record: ModelRecord, file: string): Model {
  const { name, image, classes } = record;
  return defineModel({
    name,
    input: inputOf(record, file),
    classes,
    build(x, context) {
      const trace = traceOf(name, [x]);
      if (trace.settings.mode !== 'eval')
        throw onlyEvaluates(name, file, 'noise and training require');
      if (context.classes !== classes || !shapeEquals(x.shape.slice(1), image))
        throw onlyEvaluates(
          name,
          file,
          `${context.classes} classes of images ${formatShape(x.shape.slice(1))} require`,
        );
      try {
        return replay(record, trace, x);
      } catch (error) {
        if (error instanceof GradusError && !(error instanceof ModelError)) throw error;
        throw damaged(file, error instanceof Error ? error.message : String(error), error);
      }
    },
  });
}

function inputOf({ input, image: [channels] }: ModelRecord, file: string): ImageInput {
  const { mean, std, shape } = input;
  const numbers = (value: unknown, count: number): boolean =>
    Array.isArray(value) && value.length === count && value.every((v) => typeof v === 'number');
  if (!numbers(mean, channels) || !numbers(std, channels) || !numbers(shape, 3))
    throw damaged(file, 'its input is not an image');
  return input as unknown as ImageInput;
}

function replay({ weights, nodes, layers, logits }: ModelRecord, trace: Trace, x: Value): Value {
  const { graph } = trace;
  const values: Value[] = [x];
  for (const { name, kind, shape, decay } of weights)
    values.push(
      kind === 'param'
        ? trace.param(name, shape, { kind: 'zeros' }, decay)
        : trace.buffer(name, shape, { kind: 'zeros' }),
    );
  const [batch = batchDim] = x.shape;
  for (const [name, scope, inputs, attrs] of nodes) {
    const op = findOp(name);
    if (!op) throw new Error(`unknown primitive ${name}`);
    const operands = inputs.map((place) => (place === null ? undefined : at(values, place)));
    const outputs = trace.at(scope, () => graph.add(op, operands, attributesOf(attrs, batch)));
    values.push(...outputs);
  }
  trace.layers.push(...layers);
  return at(values, logits);
}

function at(values: readonly Value[], place: number): Value {
  const value = values[place];
  if (value) return value;
  throw new Error(`value ${place} is used before it is defined`);
}

function jsonAttributes(attrs: Attributes): Record<string, JsonAttribute> {
  return Object.fromEntries(
    Object.entries(attrs).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, jsonAttribute(value)]],
    ),
  );
}

function jsonAttribute(value: Exclude<AttributeValue, undefined>): JsonAttribute {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { number: String(value) };
  if (typeof value !== 'object') return value;
  if (isList(value)) return value.map((own) => jsonAttribute(own ?? 0));
  if ('symbol' in value) return { symbol: value.symbol, factor: value.factor };
  const values = [...numbersOf(value)].map((v) => (Number.isFinite(v) ? v : String(v)));
  return { tensor: { dtype: value.dtype, shape: value.shape, values } };
}

function isList(value: object): value is readonly AttributeValue[] {
  return Array.isArray(value);
}

/** Attributes as a graph takes them; multiples of an open batch follow the batch that there is. */
function attributesOf(attrs: Readonly<Record<string, JsonAttribute>>, batch: Dim): Attributes {
  return Object.fromEntries(
    Object.entries(attrs).map(([key, value]) => [key, attributeOf(value, batch)]),
  );
}

function attributeOf(value: JsonAttribute, batch: Dim): AttributeValue {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((own) => attributeOf(own, batch));
  if ('number' in value) return Number(value['number']);
  if ('tensor' in value) return tensorOf(value['tensor'] as z.output<typeof tensor>);
  const symbol = value as { readonly symbol: string; readonly factor: number };
  return typeof batch === 'number' ? symbol.factor * batch : symbol;
}

function tensorOf({ dtype, shape, values }: z.output<typeof tensor>): TensorData {
  return tensorData(dtype, shape, values);
}

function onlyEvaluates(name: string, file: string, what: string): ModelError {
  return new ModelError(`${name} is known only by its recorded graph: ${what} its model file`, {
    code: 'recorded-model',
    where: file,
    hint: 'pass the model file',
  });
}

function damaged(file: string, problem: string, cause?: unknown): ArtifactError {
  return new ArtifactError(`${file} is damaged: ${problem}`, {
    code: 'architecture-invalid',
    where: file,
    hint: 'restore it, or pass the model file',
    cause,
  });
}
