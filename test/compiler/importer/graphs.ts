import { InferenceSession, Tensor } from 'onnxruntime-node';
import { plainGraph, type PlainOptions } from '../../../src/compiler/importer/plain/makePlain.js';
import type { PlainGraph } from '../../../src/compiler/importer/plainGraph.js';
import type {
  OnnxAttribute,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
} from '../../../src/compiler/onnx/model.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import type { Dim, Shape } from '../../../src/support/shape.js';
import { tensorData } from '../../../src/support/tensor.js';
import { plainModel } from './plainModel.js';

type Given = number | string | readonly number[] | OnnxAttribute;

export type NodeSpec = readonly [
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, Given>>,
];

export interface GraphSpec {
  readonly opset: number;
  readonly image?: Shape;
  readonly constants?: Readonly<Record<string, OnnxTensor>>;
  readonly nodes: readonly NodeSpec[];
  /** Names of the outputs (default: `y`). */
  readonly outputs?: readonly string[];
}

export const batch: Dim = { symbol: 'batch', factor: 1 };

/** A model as a converter would write it, of an image `x` (default: [batch,3,6,5]). */
export function graphOf({
  opset,
  image = [batch, 3, 6, 5],
  constants = {},
  nodes,
  outputs = ['y'],
}: GraphSpec): OnnxModel {
  return {
    irVersion: 8,
    opsets: [
      { domain: '', version: opset },
      { domain: 'com.microsoft', version: 1 },
    ],
    producerName: 'test',
    producerVersion: '',
    docString: '',
    graph: {
      name: 'g',
      nodes: nodes.map(nodeOf),
      inputs: [{ name: 'x', dtype: 'float32', shape: image }],
      outputs: outputs.map((name) => ({ name, dtype: 'float32' as const })),
      initializers: Object.entries(constants).map(([name, tensor]) => ({ name, tensor })),
      valueInfo: [],
      docString: '',
    },
    functions: [],
    trainingInfo: [],
    metadata: {},
  };
}

export function nodeOf([op, inputs, outputs, attributes = {}]: NodeSpec): OnnxNode {
  const [domain, opType] = op.includes('::') ? op.split('::') : ['', op];
  return {
    opType: opType ?? op,
    domain: domain ?? '',
    name: '',
    inputs,
    outputs,
    attributes: new Map(
      Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)]),
    ),
    docString: '',
    metadata: {},
  };
}

function attributeOf(value: Given): OnnxAttribute {
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'int' : 'float', value };
  if ('type' in value) return value;
  return { type: value.every(Number.isInteger) ? 'ints' : 'floats', value };
}

/** A float attribute whose value is a whole number. */
export function asFloat(value: number): OnnxAttribute {
  return { type: 'float', value };
}

export function asFloats(...value: number[]): OnnxAttribute {
  return { type: 'floats', value };
}

export function ints(...values: number[]): OnnxTensor {
  return tensorData('int64', [values.length], values);
}

/** Numbers between -1 and 1. */
export function noise(shape: readonly number[], seed = 1): OnnxTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  let state = seed * 7919 + 17;
  const values = Float32Array.from({ length: size }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 30 - 1;
  });
  return tensorData('float32', shape, values);
}

interface Results {
  readonly plain: PlainGraph;
  /** Largest difference of any output, over the largest output. */
  readonly difference: number;
}

/** Runs a model and its plain form on the same images, of which the original gets as many as its file allows. */
export async function compared(
  model: OnnxModel,
  images = 3,
  options: PlainOptions = {},
): Promise<Results> {
  const plain = plainGraph(model, options);
  if (plain.obstacles.length > 0) throw new Error(JSON.stringify(plain.obstacles));
  const sessions = await Promise.all([open(model), open(plainModel(plain))]);
  const sizes = plain.input.shape.slice(1).map(Number);
  const fixed = model.graph.inputs.find(({ name }) => name === plain.input.name)?.shape?.[0];
  const once = typeof fixed === 'number' && fixed > 0 ? fixed : images;
  const pixels = noise([images * once, ...sizes], 3).data as Float32Array;
  const feed = (from: number, count: number): Record<string, Tensor> => {
    const each = sizes.reduce((a, b) => a * b, 1);
    return {
      [plain.input.name]: new Tensor('float32', pixels.slice(from * each, (from + count) * each), [
        count,
        ...sizes,
      ]),
    };
  };
  const [original, own] = sessions;
  const wanted = new Map<string, number[]>();
  const rounds = once === images ? 1 : images;
  for (let i = 0; i < rounds; i++)
    for (const [name, { data }] of Object.entries(await original.run(feed(i * once, once))))
      wanted.set(name, [
        ...(wanted.get(name) ?? []),
        ...Array.from(data as ArrayLike<number | bigint>, Number),
      ]);
  const got = await own.run(feed(0, rounds * once));
  let difference = 0;
  for (const { name } of plain.outputs) {
    const a = wanted.get(name) ?? [];
    const b = Array.from(got[name]?.data as ArrayLike<number | bigint>, Number);
    if (a.length !== b.length || a.length === 0)
      throw new Error(`${name}: ${a.length} and ${b.length} elements`);
    const largest = Math.max(1e-30, ...a.map(Math.abs));
    difference = Math.max(
      difference,
      ...a.map((value, i) => Math.abs(value - (b[i] ?? NaN)) / largest),
    );
  }
  return { plain, difference };
}

function open(model: OnnxModel): Promise<InferenceSession> {
  return InferenceSession.create(writeModel(model).bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
  });
}

/** Operators of a plain graph, in order. */
export function opsOf({ nodes }: PlainGraph): string[] {
  return nodes.map(({ op }) => op);
}
