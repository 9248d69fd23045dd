import { dirname } from 'node:path';
import type { LayerRecord } from '../../compiler/trace/trace.js';
import { traceModel, type Traced } from '../../compiler/trace/traceModel.js';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { jsonShape, type Shape } from '../../support/shape.js';
import { renderGraph } from './graphSvg.js';
import { loadModel } from '../../language/frontend/loadModel.js';

/** A dimension in JSON: a number, or text such as `N`. */
type JsonDim = number | string;

/** One layer of a model, or one node of an ONNX graph. */
export interface LayerRow {
  readonly name: string;
  /** The layer, such as `conv2d`, or the operator. */
  readonly kind: string;
  /** Null if the file does not tell it. */
  readonly outputShape: readonly JsonDim[] | null;
  /** Trained numbers that belong to it. */
  readonly parameters: number;
  /** With a batch of one if it is symbolic; null if they could not be counted. */
  readonly multiplyAdds: number | null;
  /** Rate of dropout or stochastic depth: the share that it drops. */
  readonly rate?: number;
  /** The user's `file:line:column`. */
  readonly source?: string;
}

interface ValueRow {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly JsonDim[] | null;
}

/** Facts that only an ONNX file has. */
export interface OnnxFacts {
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly inputs: readonly ValueRow[];
  readonly outputs: readonly ValueRow[];
  readonly initializers: { readonly count: number; readonly bytes: number };
  /** Weights in Constant nodes, if there are some. */
  readonly constants?: { readonly count: number; readonly bytes: number };
  /** Number of nodes by operator, most frequent first; those in bodies of If, Loop and Scan count too. */
  readonly operators: Readonly<Record<string, number>>;
  readonly functions: readonly string[];
}

/** A model as a table of layers with totals; JSON. */
export interface Inspection {
  readonly kind: 'model' | 'onnx';
  readonly name: string;
  readonly parameters: number;
  /** The sum of all that could be counted. */
  readonly multiplyAdds: number;
  readonly layers: readonly LayerRow[];
  /** Nodes that could not be counted, by operator. */
  readonly uncounted?: Readonly<Record<string, number>>;
  /** Sizes that the file leaves open, and the numbers that stand for them in the totals. */
  readonly assumed?: Readonly<Record<string, number>>;
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
  /** Images at a time, of an .onnx file that leaves it open. */
  readonly batch?: number | undefined;
  /** A file that takes a drawing of the model, as SVG. */
  readonly graph?: string | undefined;
}

/** Loads a model, inspects it as it is in training, with its noise, and draws it. Throws a ModelError. */
export async function inspectModelFile(
  path: string,
  { size, graph, batch: _batch, ...overrides }: InspectOptions = {},
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

function count(shape: Shape): number {
  return shape.reduce<number>(
    (size, dim) => size * (typeof dim === 'number' ? dim : dim.factor),
    1,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
