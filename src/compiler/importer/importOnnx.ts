import { ArtifactError, invariant } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import type { Shape } from '../../support/shape.js';
import type { TensorData } from '../../support/tensor.js';
import type { ReadExternal } from '../onnx/tensorReader.js';
import type { OnnxModel } from '../onnx/model.js';
import { readModel } from '../onnx/reader.js';
import { batchFirst } from './batchFirst.js';
import { channelsFirst } from './channelsFirst.js';
import { combinations } from './combine/index.js';
import { combined } from './combine/combine.js';
import { growingConcats } from './combine/growingConcat.js';
import { ended, endingText, withClassifier } from './ending.js';
import { asWritten, normalisedBy, withoutScaling, type ImageScaling } from './imageScaling.js';
import { lift } from './lift.js';
import { literalEquals } from './literals.js';
import { nameCalls } from './names/nameCalls.js';
import { redFirst } from './redFirst.js';
import {
  foldedConvolutions,
  restoreBatchNorm,
  type ChannelStatistics,
} from './restoreBatchNorm.js';
import { weightName, type LayerCall, type Network, type Obstacle } from './network.js';
import type { ImageSize } from './plain/image.js';
import { plainGraph } from './plain/makePlain.js';
import type { PlainGraph, PlainValue } from './plainGraph.js';
import { writeModel } from './write/writeModel.js';

export interface ImportOptions {
  /** Name of the model; the file is called `<name>.model.ts`. */
  readonly name: string;
  /** Name of the file that the bytes are of, for messages and notes. */
  readonly file?: string | undefined;
  /** Height and width of the images, if the file leaves them open. */
  readonly size?: ImageSize | undefined;
  /** Name of the value that becomes the network's end. */
  readonly cut?: string | undefined;
  /**
   * Number of classes in the written file (default: the file's). With another, and behind a cut, the last layer
   * starts anew.
   */
  readonly classes?: number | undefined;
  /** Mean and deviation of each channel for pixels in 0..1, if the images are to be normalised so. */
  readonly normalisation?:
    { readonly mean: readonly number[]; readonly std: readonly number[] } | undefined;
  /**
   * Puts the sums and products by constants that the file starts with into the mean and std of the model's image,
   * which is then `scaling` of the file's (default: false).
   */
  readonly scaledImage?: boolean | undefined;
  /** Place of the channels in the file's images (default: nchw). */
  readonly layout?: 'nchw' | 'nhwc' | undefined;
  /** First colour of the file's images (default: rgb). */
  readonly channelOrder?: 'rgb' | 'bgr' | undefined;
  /** Statistics of what convolutions make, by the file's value, for batch norms behind them. */
  readonly statistics?: ReadonlyMap<string, ChannelStatistics> | undefined;
}

export interface OnnxImportOptions extends ImportOptions {
  /** Reads a part of a file beside the model; needed for models with external data. */
  readonly external?: ReadExternal | undefined;
}

/** A value of the file; its batch is symbolic. */
export interface FileValue {
  readonly name: string;
  readonly shape: Shape;
}

/** A foreign network as a model file of ours. */
export interface ImportedModel {
  /** The text of the model file. */
  readonly source: string;
  /** Parameters and statistics by dotted name. */
  readonly weights: ReadonlyMap<string, TensorData>;
  /** What was assumed, left out or changed, a sentence each. */
  readonly notes: readonly string[];
  /** How many calls of each layer there are. */
  readonly recognised: Readonly<Record<string, number>>;
  /** Values of the file that layers' results equal, by the dotted name of the layer. */
  readonly correspondence: readonly Correspondence[];
  /**
   * What the file does to its image at the start, by channel with red first, which the mean and std of the model's
   * image have instead.
   */
  readonly scaling:
    { readonly factor: readonly number[]; readonly shift: readonly number[] } | undefined;
  /** The input and the output of the file that the model's equal. */
  readonly input: string;
  readonly output: FileValue;
  /** Number of classes of the file; undefined if it has no classifier, or was cut before it. */
  readonly fileClasses: number | undefined;
  /** What convolutions make that a batch norm may have been folded into. */
  readonly foldable: readonly FileValue[];
  /** Batch norms that came back. */
  readonly restored: number;
}

export interface Correspondence {
  /** Dotted name of the layer, or of the module that it lies in. */
  readonly layer: string;
  readonly kind: string;
  /** The value of the file that its result equals. */
  readonly value: string;
  readonly shape: Shape;
  /** Nodes of the file that it stands for. */
  readonly nodes: readonly string[];
}

/** Obstacles of one operator. */
export interface ObstacleRow {
  readonly op: string;
  readonly count: number;
  /** Name of the first such node. */
  readonly first: string;
  readonly reason: string;
}

/**
 * Writes the model file of a foreign ONNX network, with its weights. Throws an ArtifactError that tells all
 * that stands in the way.
 */
export function importOnnx(bytes: Uint8Array, options: OnnxImportOptions): ImportedModel {
  const { file = 'the model', external } = options;
  return importModel(readModel(bytes, { file, ...(external && { external }) }), options);
}

/** The same for a file that was read. */
export function importModel(model: OnnxModel, options: ImportOptions): ImportedModel {
  const { file = 'the model', size, cut, name } = options;
  const read = plainGraph(model, { file, size, cut });
  const graph = batchFirst(options.layout === 'nhwc' ? channelsFirst(read) : read);
  const lifted = lift(graph);
  if ('obstacles' in lifted) throw obstacleError(lifted.obstacles, file);
  const image = imageShapeOf(graph.input);
  const all = { calls: nameCalls(lifted.network.calls), output: lifted.network.output };
  const scaled = options.scaledImage === true ? withoutScaling(all, image[0]) : asWritten(all);
  const named = scaled.network;
  const end = cut === undefined ? ended(named) : { network: named, classes: undefined, notes: [] };
  const classes = options.classes ?? end.classes;
  const normed = restoreBatchNorm(end.network, options.statistics ?? new Map());
  const coloured = options.channelOrder === 'bgr' ? redFirst(normed) : normed;
  const whole = end.classes === undefined ? withClassifier(coloured) : coloured;
  if (whole === undefined || classes === undefined) throw endingError(end.network, options);
  const network = combined(growingConcats(whole), combinations);
  const weights = weightsOf(network, classes === end.classes);
  const anew = end.classes === undefined || classes !== end.classes;
  const notes = [
    ...graph.notes,
    ...lifted.notes,
    ...scaled.notes,
    ...end.notes,
    ...sharedNotes(network),
    ...(anew ? [`the layer of the ${classes} classes starts anew`] : []),
  ];
  const recognised = countLayers(network);
  const scaling = options.channelOrder === 'bgr' ? turned(scaled.scaling) : scaled.scaling;
  const source = writeModel(network, {
    name,
    classes,
    image,
    normalisation: scaling ? normalisedBy(scaling, options.normalisation) : options.normalisation,
    remarks: remarks(file, recognised),
  });
  return {
    source,
    weights,
    notes,
    recognised,
    correspondence: correspondenceOf(network, read),
    input: read.input.name,
    scaling,
    output: valueOf(end.network.output, named),
    fileClasses: end.classes,
    foldable: foldedConvolutions(end.network).map(({ result }) => valueOf(result, named)),
    restored: normed.calls.length - end.network.calls.length,
  };
}

function turned(scaling: ImageScaling | undefined): ImageScaling | undefined {
  return scaling && { factor: scaling.factor.toReversed(), shift: scaling.shift.toReversed() };
}

function valueOf(name: string, { calls }: Network): FileValue {
  return { name, shape: calls.find(({ result }) => result === name)?.shape ?? [] };
}

function imageShapeOf({ shape }: PlainValue): readonly [number, number, number] {
  const [, channels, height, width] = shape;
  invariant(
    typeof channels === 'number' && typeof height === 'number' && typeof width === 'number',
    'an image has known sizes',
  );
  return [channels, height, width];
}

/** Each weight once, under the name that its layer gives it; those of the classes only if their number stays. */
function weightsOf({ calls }: Network, withClasses: boolean): ReadonlyMap<string, TensorData> {
  const all = new Map<string, TensorData>();
  const kept = withClasses ? calls : calls.filter((call) => !countsClasses(call));
  for (const call of kept)
    for (const weight of call.weights) {
      const name = weightName(call, weight);
      invariant(!all.has(name), `${weight.source} has a name of its own, not ${name} again`);
      all.set(name, weight.tensor);
    }
  return all;
}

/** Weights that several layers of the file share: here each layer has its own. */
function sharedNotes({ calls }: Network): string[] {
  const readers = new Map<TensorData, number>();
  const names = new Map<TensorData, string>();
  for (const { tensor, source } of calls.flatMap(({ weights }) => weights)) {
    readers.set(tensor, (readers.get(tensor) ?? 0) + 1);
    names.set(tensor, source);
  }
  const shared = [...readers].filter(([, count]) => count > 1).map(([tensor]) => names.get(tensor));
  if (shared.length === 0) return [];
  const others = shared.length === 1 ? '' : ` and ${shared.length - 1} more`;
  return [`layers that share a weight (${shared[0] ?? ''}${others}) each got a copy of it`];
}

/** True for the layer that takes the number of classes from `build`. */
function countsClasses({ options }: LayerCall): boolean {
  return Object.values(options).some((value) => literalEquals(value, { named: 'classes' }));
}

function endingError(network: Network, { file = 'the model', cut }: ImportOptions): ArtifactError {
  const ends = cut === undefined ? `${file} ends` : `the value ${cut} of ${file} ends`;
  return new ArtifactError(`${ends} in ${endingText(network)}: that has no number of classes`, {
    code: 'onnx-ending',
    where: file,
    option: ['classes'],
    hint: phrase`for a new classifier behind it, give ${option('classes', 'NUMBER')}`,
  });
}

function countLayers({ calls }: Network): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { layer } of calls) counts[layer] = (counts[layer] ?? 0) + 1;
  return counts;
}

function remarks(file: string, recognised: Readonly<Record<string, number>>): readonly string[] {
  const counts = Object.entries(recognised)
    .toSorted(([, a], [, b]) => b - a)
    .map(([layer, count]) => `${count} ${layer}`);
  const name = file.replaceAll('*/', '* /');
  return wrapped(`Written from ${name} by \`gradus import\`: ${counts.join(', ')}.`);
}

/** A text in lines that a docstring holds. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length + 1 <= 96)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function correspondenceOf({ calls }: Network, { nodes: made }: PlainGraph): Correspondence[] {
  const known = new Set(made.flatMap(({ outputs }) => outputs.map((output) => output?.name)));
  return calls.flatMap(({ path, layer, result, shape, nodes }) =>
    shape === undefined || !known.has(result)
      ? []
      : [{ layer: path.join('.'), kind: layer, value: result, shape, nodes }],
  );
}

/** Obstacles by operator and reason, the most frequent first. */
export function obstacleTable(obstacles: readonly Obstacle[]): ObstacleRow[] {
  const rows = new Map<string, ObstacleRow>();
  for (const { op, node, reason } of obstacles) {
    const key = JSON.stringify([op, reason]);
    const row = rows.get(key);
    rows.set(key, { op, reason, first: row?.first ?? node, count: (row?.count ?? 0) + 1 });
  }
  return [...rows.values()].toSorted((a, b) => b.count - a.count);
}

function obstacleError(obstacles: readonly Obstacle[], file: string): ArtifactError {
  const rows = obstacleTable(obstacles);
  return new ArtifactError(
    `${file} cannot be imported: ${obstacles.length} of its nodes have no layer that does the same`,
    {
      code: 'onnx-import',
      where: file,
      notes: rows.map(
        ({ op, count, first, reason }) =>
          `${op}, ${count} ${count === 1 ? 'time' : 'times'}, first ${first}: ${reason}`,
      ),
      hint: phrase`leave them behind, with a new classifier in their place: ${option('cut', 'VALUE')}`,
    },
  );
}
