import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { LayerRecord } from '../nn/scope.js';
import { traceModel, type Traced } from '../nn/trace.js';
import { sourceOf, type OnnxModel, type OnnxNode, type OnnxTensor } from '../onnx/model.js';
import { readModel, type ReadOptions } from '../onnx/reader.js';
import { makeFolder, writeFileAtomic } from '../runtime/atomic.js';
import { dtypes } from '../support/dtype.js';
import { DataError } from '../support/errors.js';
import { formatDim, type Dim, type Shape } from '../support/shape.js';
import { renderGraph } from './graphSvg.js';
import { loadModel } from './loadModel.js';
import { externalReader, readOnnxBytes } from './onnxFiles.js';
import { inferShapes } from './onnxShapes.js';
import { int, type ValueTable } from './onnxValues.js';

/** A dimension in JSON: a number, or text such as `N`. */
type JsonDim = number | string;

/** One layer of a model, or one node of an ONNX graph. */
export interface LayerRow {
  readonly name: string;
  /** The layer, such as `conv2d`, or the operator. */
  readonly kind: string;
  /** Null where the file does not tell it. */
  readonly outputShape: readonly JsonDim[] | null;
  /** Trained numbers that belong to it. */
  readonly parameters: number;
  /** With a batch of one where it is symbolic; null where shapes are not known. */
  readonly multiplyAdds: number | null;
  /** Of dropout or stochastic depth: the share that it drops. */
  readonly rate?: number;
  /** The user's `file:line:column`. */
  readonly source?: string;
}

interface ValueRow {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly JsonDim[] | null;
}

/** What only an ONNX file has. */
export interface OnnxFacts {
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly inputs: readonly ValueRow[];
  readonly outputs: readonly ValueRow[];
  readonly initializers: { readonly count: number; readonly bytes: number };
  /** Number of nodes by operator, most frequent first. */
  readonly operators: Readonly<Record<string, number>>;
  readonly functions: readonly string[];
}

/** A model as a table of layers with totals; JSON. */
export interface Inspection {
  readonly kind: 'model' | 'onnx';
  readonly name: string;
  readonly parameters: number;
  /** Of the rows that know it. */
  readonly multiplyAdds: number;
  readonly layers: readonly LayerRow[];
  readonly onnx?: OnnxFacts;
}

/** The layers of a traced model with output shapes, parameters and multiply-adds (for one image). */
export function inspectModel(name: string, traced: Pick<Traced, 'params' | 'layers'>): Inspection {
  const sizes = new Map(traced.params.map((param) => [param.name, count(param.shape)]));
  const layers = traced.layers.map((layer) => layerRow(layer, sizes));
  return {
    kind: 'model',
    name,
    // Not the sum of the rows: two layers may share a parameter.
    parameters: sum([...sizes.values()]),
    multiplyAdds: sum(layers.map((layer) => layer.multiplyAdds ?? 0)),
    layers,
  };
}

function layerRow(layer: LayerRecord, sizes: ReadonlyMap<string, number>): LayerRow {
  const { name, kind, outputShape, params, multiplyAdds, rate, site } = layer;
  return {
    name,
    kind,
    outputShape: jsonShape(outputShape),
    parameters: sum(params.map((param) => sizes.get(param) ?? 0)),
    multiplyAdds,
    ...(rate === undefined ? {} : { rate }),
    ...(site === undefined ? {} : { source: `${site.file}:${site.line}:${site.column}` }),
  };
}

export interface InspectOptions {
  readonly drop?: number | undefined;
  readonly dropPath?: number | undefined;
  readonly classes?: number | undefined;
  /** Height and width of the image in place of the model's own, in pixels. */
  readonly size?: number | undefined;
  /** A file that takes a drawing of the model, as SVG. */
  readonly graph?: string | undefined;
}

/** Loads a model, inspects it as it is in training, with its noise, and draws it. Throws a ModelError. */
export async function inspectModelFile(
  path: string,
  { size, graph, ...overrides }: InspectOptions = {},
): Promise<Inspection> {
  const { model, tracing } = await loadModel(path);
  const image = size === undefined ? undefined : ([model.input.shape[0], size, size] as const);
  const traced = tracing(() =>
    traceModel(model, { mode: 'train', batch: 'dynamic', image, ...overrides }),
  );
  const inspection = inspectModel(model.name, traced);
  if (graph !== undefined) {
    makeFolder(dirname(graph));
    writeFileAtomic(graph, renderGraph(inspection, traced));
  }
  return inspection;
}

/**
 * The nodes of any ONNX model. Output shapes come from the file and, where it is silent, from the
 * operators; multiply-adds are those of Conv, ConvTranspose, Gemm and MatMul, with symbolic dimensions
 * at 1. Throws an ArtifactError.
 */
export function inspectOnnx(bytes: Uint8Array, options: ReadOptions = {}): Inspection {
  const model = readModel(bytes, options);
  const { graph } = model;
  const table = inferShapes(model);
  const weights = new Map(
    graph.initializers.map(({ name, tensor }) => [name, weightCount(tensor)]),
  );
  const parameters = sum([...weights.values()]);
  const layers = graph.nodes.map((node) => nodeRow(node, table, takeWeights(node, weights)));
  return {
    kind: 'onnx',
    name: graph.name,
    parameters,
    multiplyAdds: sum(layers.map((layer) => layer.multiplyAdds ?? 0)),
    layers,
    onnx: onnxFacts(model),
  };
}

/** Inspects an .onnx file; external data is read from beside it. Throws a DataError or ArtifactError. */
export function inspectOnnxFile(path: string): Inspection {
  if (!existsSync(path))
    throw new DataError(`there is no file ${path}`, {
      code: 'missing-file',
      where: path,
      hint: 'name an .onnx file or a model file',
    });
  return inspectOnnx(readOnnxBytes(path), {
    file: basename(path),
    external: externalReader(path),
  });
}

/** The weights that a node reads; each counts once, for the first node that reads it. */
function takeWeights(node: OnnxNode, weights: Map<string, number>): number {
  const counts = node.inputs.map((input) => {
    const size = weights.get(input) ?? 0;
    weights.delete(input);
    return size;
  });
  return sum(counts);
}

/** Integers are shapes and indices, scalars are settings: neither are weights. */
function weightCount({ dtype, shape }: OnnxTensor): number {
  return typeof dtype === 'string' && dtypes[dtype].floating && shape.length > 0 ? count(shape) : 0;
}

function nodeRow(node: OnnxNode, table: ValueTable, parameters: number): LayerRow {
  const [output] = node.outputs;
  const shape = table.shape(output);
  const source = sourceOf(node);
  return {
    name: node.name === '' ? (output ?? '') : node.name,
    kind: node.domain === '' ? node.opType : `${node.domain}.${node.opType}`,
    outputShape: shape ? jsonShape(shape) : null,
    parameters,
    multiplyAdds: nodeMultiplyAdds(node, table),
    ...(source === undefined ? {} : { source }),
  };
}

function nodeMultiplyAdds(node: OnnxNode, table: ValueTable): number | null {
  const [x, w] = node.inputs.slice(0, 2).map((name) => table.shape(name));
  const y = table.shape(node.outputs[0]);
  // The two operands of each sum lie along this axis of the first input.
  const transposed = int(node, 'transA', 0) === 1;
  switch (node.opType) {
    case 'Conv':
      return product(y, w?.slice(1));
    case 'ConvTranspose':
      return product(x, w?.slice(1));
    case 'Gemm':
    case 'MatMul':
    case 'FusedMatMul': {
      const inner = x?.at(transposed ? -2 : -1);
      return product(y, inner === undefined ? undefined : [inner]);
    }
    default:
      return 0;
  }
}

/** Null where a shape is unknown; a symbol, which is the batch, counts as 1. */
function product(...shapes: readonly (Shape | undefined)[]): number | null {
  const known = shapes.filter((shape) => shape !== undefined);
  if (known.length < shapes.length || known.flat().some(isNameless)) return null;
  return known.map(count).reduce((a, b) => a * b, 1);
}

function isNameless(dim: Dim): boolean {
  return typeof dim !== 'number' && dim.symbol === '?';
}

function onnxFacts(model: OnnxModel): OnnxFacts {
  const { graph } = model;
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const operators = new Map<string, number>();
  for (const { opType } of graph.nodes) operators.set(opType, (operators.get(opType) ?? 0) + 1);
  return {
    irVersion: model.irVersion,
    opsets: Object.fromEntries(model.opsets.map((o) => [o.domain || 'ai.onnx', o.version])),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    // Up to IR 3 initializers were listed among the inputs.
    inputs: graph.inputs.filter(({ name }) => !weights.has(name)).map(valueRow),
    outputs: graph.outputs.map(valueRow),
    initializers: {
      count: graph.initializers.length,
      bytes: sum(graph.initializers.map(({ tensor }) => tensor.data.byteLength)),
    },
    operators: Object.fromEntries([...operators].sort(([, a], [, b]) => b - a)),
    functions: model.functions.map((fn) => `${fn.domain}.${fn.name}`),
  };
}

function valueRow({ name, dtype, shape }: OnnxModel['graph']['inputs'][number]): ValueRow {
  const type = typeof dtype === 'string' ? dtype : (dtype?.foreign ?? 'no tensor');
  return { name, dtype: type, shape: shape ? jsonShape(shape) : null };
}

function jsonShape(shape: Shape): JsonDim[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : formatDim(dim)));
}

function count(shape: Shape): number {
  return shape.reduce<number>(
    (size, dim) => size * (typeof dim === 'number' ? dim : dim.factor),
    1,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
