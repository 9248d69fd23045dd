import type { ImageFormat } from '../../contract/imageFormats.js';
import { Graph, Value } from '../ir/graph.js';
import { constant } from '../ops/constant.js';
import { add, mul } from '../ops/elementwise.js';
import { cast, transpose } from '../ops/shape.js';
import { ConfigError, ModelError } from '../../support/errors.js';
import { batchDim, formatShape, shapeEquals, type Dim } from '../../support/shape.js';
import { tensorData } from '../../support/tensor.js';
import { currentSite, resetSites } from './callSites.js';
import { checkClasses, type ImageInput, type Model } from './defineModel.js';
import { checkFreeze } from './freeze.js';
import {
  Trace,
  type BufferSpec,
  type LayerRecord,
  type NoiseSpec,
  type ParamSpec,
  type TraceMode,
} from './trace.js';

export type { BufferSpec, LayerRecord, NoiseSpec, ParamSpec } from './trace.js';

export interface TraceOptions {
  readonly mode: TraceMode;
  readonly batch: number | 'dynamic';
  /** Default float32. */
  readonly dtype?: 'float32' | 'float64' | undefined;
  readonly classes?: number | undefined;
  /** [C,H,W] in place of the model's own. */
  readonly image?: readonly [number, number, number] | undefined;
  /** `uint8-nhwc`: 8-bit images [N,H,W,C], normalised in the graph. Default float32-nchw. */
  readonly imageFormat?: ImageFormat | undefined;
  /** Dropout rate in place of the model's own. */
  readonly drop?: number | undefined;
  /** Stochastic-depth rate in place of the model's own. */
  readonly dropPath?: number | undefined;
  /**
   * Dotted names of layers, blocks or parameters that are not trained, each with all below it: their
   * batch norms use and keep their running statistics, and they draw no noise, as in evaluation.
   */
  readonly freeze?: readonly string[] | undefined;
}

/**
 * A model as a graph, with what its layers declared. All is known by name, so that a pass over the graph changes
 * nothing else: inputs are `image`, parameters, statistics and masks; outputs are `logits` [N,classes] and, in
 * training, the new values of statistics.
 */
export interface Traced {
  readonly graph: Graph;
  /** [C,H,W] */
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
  readonly params: readonly ParamSpec[];
  readonly buffers: readonly BufferSpec[];
  readonly noise: readonly NoiseSpec[];
  readonly layers: readonly LayerRecord[];
  /** Images that a batch needs at least, if it is open. */
  readonly leastBatch: number;
}

/**
 * Runs a model's build function on symbolic values: its layers become a graph. Errors: what the
 * layers refuse, logits that are not [N,classes], a rate that the model does not have, a name to
 * freeze that is none of its parameters'.
 */
export function traceModel(model: Model, options: TraceOptions): Traced {
  resetSites();
  const classes = options.classes ?? model.classes;
  checkClasses(model.name, classes);
  const rates = {
    drop: rateOf(model, 'drop', options.drop),
    dropPath: rateOf(model, 'dropPath', options.dropPath),
  };
  const trace = new Trace(new Graph(model.name), {
    mode: options.mode,
    dtype: options.dtype ?? 'float32',
    freeze: options.freeze ?? [],
  });
  const imageShape = options.image ?? model.input.shape;
  const batch = options.batch === 'dynamic' ? batchDim : options.batch;
  const pixels = declareImage(trace, batch, imageShape, model.input, options);
  const logits: unknown = model.build(pixels, { classes, ...rates });
  checkLogits(model, logits, trace.graph, [batch, classes]);
  const { graph, params, buffers, noise, layers, leastBatch } = trace;
  graph.output('logits', logits);
  for (const [name, value] of trace.renewed) graph.output(name, value);
  checkFreeze(model.name, options.freeze ?? [], params);
  const declared = { params, buffers, noise, layers, leastBatch };
  return { graph, imageShape, classes, ...declared };
}

/** A rate that the caller overrides must be one that the model's build function reads. */
function rateOf(model: Model, key: 'drop' | 'dropPath', override: number | undefined): number {
  if (override !== undefined && model[key] === undefined)
    throw new ConfigError(`${model.name} has no ${key} to set`, {
      code: 'no-such-rate',
      option: [key],
      hint: `set a default \`${key}\` in defineModel, and use the one that build receives`,
    });
  const rate = override ?? model[key] ?? 0;
  if (!(rate >= 0 && rate < 1))
    throw new ConfigError(`${key} ${rate} is outside [0, 1)`, {
      code: 'rate',
      option: [key],
      hint: 'pass the probability of dropping, for example 0.2',
    });
  return rate;
}

/** Declares the image; returns its pixels as the network takes them. */
function declareImage(
  trace: Trace,
  batch: Dim,
  [channels, height, width]: readonly [number, number, number],
  input: ImageInput,
  { imageFormat = 'float32-nchw' }: TraceOptions,
): Value {
  const { graph } = trace;
  const { dtype } = trace.settings;
  if (imageFormat === 'float32-nchw')
    return graph.input('image', dtype, [batch, channels, height, width]);
  if (input.mean.length !== channels)
    throw new ModelError(
      `the image has ${channels} channels, but the model normalises ${input.mean.length}`,
      {
        code: 'input',
        hint: 'keep the number of channels: an 8-bit input needs the mean and std of each',
      },
    );
  const image = graph.input('image', 'uint8', [batch, height, width, channels]);
  // (v / 255 - mean) / std in one product and one sum.
  const perChannel = (f: (mean: number, std: number) => number): Value => {
    const values = input.mean.map((mean, i) => f(mean, input.std[i] ?? 1));
    return constant(graph, tensorData(dtype, [1, channels, 1, 1], values));
  };
  return trace.at('normalise', () => {
    const planes = transpose(cast(image, { to: dtype }), { permutation: [0, 3, 1, 2] });
    const scaled = mul(
      planes,
      perChannel((_, std) => 1 / (255 * std)),
    );
    return add(
      scaled,
      perChannel((mean, std) => -mean / std),
    );
  });
}

function checkLogits(
  { name }: Model,
  logits: unknown,
  graph: Graph,
  wanted: readonly Dim[],
): asserts logits is Value {
  if (!(logits instanceof Value) || logits.graph !== graph)
    throw new ModelError(`${name}: build does not return a value of this network`, {
      code: 'logits',
      where: currentSite(),
      hint: 'return the result of the last layer',
    });
  if (!shapeEquals(logits.shape, wanted))
    throw new ModelError(
      `${name}: build returns ${formatShape(logits.shape)}; logits must be ${formatShape(wanted)}`,
      {
        code: 'logits',
        where: logits.origin.site,
        hint: 'end with classifier(x, { classes }), or linear(x, { out: classes }) on [N,features]',
      },
    );
}
