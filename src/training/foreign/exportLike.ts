import { basename } from 'node:path';
import { normalisedBy, type ImageScaling } from '../../compiler/importer/imageScaling.js';
import { foreignKeys } from '../labelling/classifier/classNames.js';
import type {
  OnnxAttribute,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from '../../compiler/onnx/model.js';
import { readModel } from '../../compiler/onnx/reader.js';
import { inferShapes } from '../../compiler/onnx/shapes/inferShapes.js';
import { ConfigError } from '../../support/errors.js';
import type { Dim, Shape } from '../../support/shape.js';
import { tensorData } from '../../support/tensor.js';
import { GraphWalk } from '../labelling/classifier/graphWalk.js';
import { endingOf, type ScoreKind } from '../labelling/classifier/scores.js';
import { externalReader, readOnnxBytes } from '../labelling/onnxFiles.js';
import { exportModel, type ExportOptions, type ExportResult } from '../weights/exportModel.js';
import { foreignImage, type ForeignImage, type ImageFacts } from './foreignImage.js';

export interface ExportLikeOptions extends Omit<ExportOptions, 'imageFormat' | 'names' | 'finish'> {
  /** The .onnx file whose callers are to find the same input, output and metadata. */
  readonly like: string;
  /** What that file does not say of its image. */
  readonly image?: ImageFacts | undefined;
}

export interface ExportLikeResult extends ExportResult {
  readonly like: {
    /** What callers of the file find again, a phrase each. */
    readonly kept: readonly string[];
    /** What the file had and the export does not. */
    readonly lost: readonly string[];
  };
}

/**
 * Exports a network in the place of a foreign .onnx file: with the names of its input and output, its layout and type
 * of images, the kind of its scores, its batch and its metadata. Throws a ConfigError if the file is not a
 * classifier of such images.
 */
export async function exportLike(
  path: string,
  { like, image: facts = {}, ...options }: ExportLikeOptions,
): Promise<ExportLikeResult> {
  const original = readModel(readOnnxBytes(like), {
    file: basename(like),
    external: externalReader(like),
  });
  const image = foreignImage(original, like, facts);
  const { output, kind, lost } = scoresOf(original, like);
  const { batch: fixed } = image.input;
  const told = { input: image.input.name, output: output.name, kind };
  const report = { kept: [] as string[], lost: [...lost] };
  const exported = await exportModel(path, {
    ...options,
    batch: options.batch ?? fixed ?? 'dynamic',
    opset: options.opset ?? ownOpset(original),
    finish(model) {
      requireImage(model, image, like);
      return inPlaceOf(model, { original, image, ...told, report });
    },
  });
  return { ...exported, like: report };
}

function ownOpset({ opsets }: OnnxModel): number | undefined {
  const version = opsets.find(({ domain }) => domain === '')?.version;
  return version !== undefined && version >= 17 && version <= 24 ? version : undefined;
}

/** The output with the scores, and what is lost with the others. */
function scoresOf(
  model: OnnxModel,
  like: string,
): { output: OnnxValueInfo; kind: ScoreKind; lost: string[] } {
  const { outputs, valueInfo } = model.graph;
  const table = inferShapes(model);
  const walk = new GraphWalk(model);
  const rows = outputs.flatMap((output) => {
    const classes = (table.shape(output.name) ?? output.shape)?.at(-1);
    return typeof classes === 'number' && classes > 1 ? [{ output, classes }] : [];
  });
  const [first] = rows;
  if (!first)
    throw new ConfigError(`${like} has no output of scores`, {
      code: 'export-like',
      option: ['like'],
      hint: 'name a classifier, whose output is [N,classes]',
    });
  const others = outputs.filter((output) => output !== first.output).map(({ name }) => name);
  const lost = [
    ...(others.length > 0 ? [`the outputs ${others.join(', ')}`] : []),
    ...(valueInfo.length > 0 ? ['the shapes of values between (value_info)'] : []),
    ...(model.functions.length > 0 ? ['its functions'] : []),
    'fields that onnx.proto of schemas/ does not have, and annotations of quantisation',
  ];
  const kind = endingOf(walk, first.output.name, first.classes)?.kind ?? 'logits';
  return { output: first.output, kind, lost };
}

function requireImage(model: OnnxModel, { input }: ForeignImage, like: string): void {
  const shape = model.graph.inputs.find(({ name }) => name === ownNames.image)?.shape ?? [];
  const own = shape.slice(1).map(Number);
  if (own.join() === input.image.join()) return;
  throw new ConfigError(
    `${like} takes images ${input.image.join('x')}, the network ${own.join('x')}`,
    { code: 'export-like', option: ['like'], hint: 'name the file that the network was made from' },
  );
}

const ownNames = { image: 'image', logits: 'logits' } as const;

interface Place {
  readonly original: OnnxModel;
  readonly image: ForeignImage;
  readonly input: string;
  readonly output: string;
  readonly kind: ScoreKind;
  readonly report: { kept: string[]; lost: string[] };
}

function inPlaceOf(model: OnnxModel, place: Place): OnnxModel {
  const { original, image, input, output, kind, report } = place;
  const scaling = missingScaling(model.metadata, image);
  const { nodes, shape } = headOf(model, image, input, scaling);
  const scores = tailOf(kind, output);
  const { graph } = model;
  const taken = new Set([input, output]);
  const renamed = (name: string): string => {
    if (name === ownNames.logits && scores.length === 0) return output;
    if (name === ownNames.image && nodes.length === 0) return input;
    return taken.has(name) ? `${name}:own` : name;
  };
  const own = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(renamed),
    outputs: node.outputs.map(renamed),
  }));
  const metadata = {
    ...metadataOf(model, original, report),
    ...readingOf(scaling ? normalisationMetadata(image) : model.metadata, image),
  };
  report.kept.unshift(
    `input ${input} (${image.input.dtype}, ${image.input.layout})`,
    `output ${output} (${kind})`,
  );
  return {
    ...model,
    metadata,
    docString: original.docString === '' ? model.docString : original.docString,
    graph: {
      ...graph,
      nodes: [...nodes, ...own, ...scores],
      inputs: graph.inputs.map((value) =>
        value.name === ownNames.image
          ? { name: input, dtype: image.input.dtype, shape }
          : { ...value, name: renamed(value.name) },
      ),
      initializers: graph.initializers.map((value) => ({ ...value, name: renamed(value.name) })),
      valueInfo: [],
      outputs: graph.outputs.map((value) =>
        value.name === ownNames.logits ? { ...value, name: output } : value,
      ),
    },
  };
}

/**
 * What the file does to its image where the network has that in its mean and std, by channel with red first;
 * undefined where it has not.
 */
function missingScaling(
  metadata: OnnxModel['metadata'],
  image: ForeignImage,
): ImageScaling | undefined {
  const { normalisation, head, pixels } = image;
  const filled = (values: readonly number[]): number[] => {
    const own = normalisation.mean.map((_, c) => values[c % values.length] ?? 0);
    return pixels.channels === 'bgr' ? own.toReversed() : own;
  };
  const scaling = { factor: filled(head.factor), shift: filled(head.shift) };
  const isNone = scaling.factor.every((a) => a === 1) && scaling.shift.every((b) => b === 0);
  if (isNone) return undefined;
  const { mean, std } = normalisedBy(scaling, normalisation);
  const near = (key: string, values: readonly number[]): boolean => {
    const own = (metadata[key] ?? '').split(',').map(Number);
    return values.every((value, c) => Math.abs((own[c] ?? NaN) - value) <= 1e-5 * (std[c] ?? 1));
  };
  return near('gradus.mean', mean) && near('gradus.std', std) ? scaling : undefined;
}

function normalisationMetadata({ normalisation }: ForeignImage): OnnxModel['metadata'] {
  const { mean, std } = normalisation;
  return { 'gradus.mean': mean.join(','), 'gradus.std': std.join(',') };
}

/** Nodes that turn the file's images into the network's, and the shape of the former. */
function headOf(
  model: OnnxModel,
  { input: { layout, dtype, image }, pixels }: ForeignImage,
  input: string,
  scaling: ImageScaling | undefined,
): { nodes: OnnxNode[]; shape: Shape } {
  const batch: Dim =
    model.graph.inputs.find(({ name }) => name === ownNames.image)?.shape?.[0] ?? 1;
  const [channels, height, width] = image;
  const steps: Omit<OnnxNode, 'inputs' | 'outputs'>[] = [
    ...(dtype === 'uint8' ? [node('Cast', 'to', { type: 'int', value: 1 })] : []),
    ...(layout === 'nhwc'
      ? [node('Transpose', 'perm', { type: 'ints', value: [0, 3, 1, 2] })]
      : []),
    ...(pixels.channels === 'bgr' ? [node('Gather', 'axis', { type: 'int', value: 1 })] : []),
    ...(scaling ? [node('Mul'), node('Add')] : []),
  ];
  const constantOf = (opType: string): { name: string; tensor: OnnxTensor } | undefined => {
    if (opType === 'Gather')
      return {
        name: `${input}:order`,
        tensor: { dtype: 'int64', shape: [3], data: BigInt64Array.of(2n, 1n, 0n) },
      };
    const values = { Mul: scaling?.factor, Add: scaling?.shift }[opType];
    return (
      values && {
        name: `${input}:${opType}`,
        tensor: tensorData('float32', [channels, 1, 1], [...values]),
      }
    );
  };
  const nodes = steps.flatMap((step, i) => {
    const from = i === 0 ? input : `${input}:${i}`;
    const to = i === steps.length - 1 ? ownNames.image : `${input}:${i + 1}`;
    const other = constantOf(step.opType);
    if (other === undefined) return [{ ...step, inputs: [from], outputs: [to] }];
    const constant = node('Constant', 'value', { type: 'tensor', value: other.tensor });
    return [
      { ...constant, name: `like_${other.name}`, inputs: [], outputs: [other.name] },
      { ...step, inputs: [from, other.name], outputs: [to] },
    ];
  });
  const shape =
    layout === 'nhwc' ? [batch, height, width, channels] : [batch, channels, height, width];
  return { nodes, shape };
}

function node(
  opType: string,
  ...attribute: [key: string, value: OnnxAttribute] | []
): Omit<OnnxNode, 'inputs' | 'outputs'> {
  const attributes = new Map(attribute.length === 0 ? [] : [attribute]);
  return { opType, domain: '', name: `like_${opType}`, attributes, docString: '', metadata: {} };
}

/** What a file does with its logits. */
function tailOf(kind: ScoreKind, output: string): OnnxNode[] {
  const ends = {
    logits: undefined,
    probabilities: 'Softmax',
    'log-probabilities': 'LogSoftmax',
    sigmoid: 'Sigmoid',
  } as const;
  const opType = ends[kind];
  if (opType === undefined) return [];
  const last =
    opType === 'Sigmoid' ? node(opType) : node(opType, 'axis', { type: 'int', value: -1 });
  return [{ ...last, inputs: [ownNames.logits], outputs: [output] }];
}

/** What the metadata says of the image, as the file takes it. */
function readingOf(
  metadata: OnnxModel['metadata'],
  { input: { layout, dtype }, pixels: { channels } }: ForeignImage,
): Record<string, string> {
  const ordered = (key: string): string => {
    const values = (metadata[key] ?? '').split(',');
    return (channels === 'bgr' ? values.toReversed() : values).join(',');
  };
  return {
    'gradus.layout': layout,
    'gradus.mean': ordered('gradus.mean'),
    'gradus.std': ordered('gradus.std'),
    ...(dtype === 'uint8' && { 'gradus.range': '0..255' }),
  };
}

/** The file's metadata, with what the export says of its own. */
function metadataOf(
  model: OnnxModel,
  original: OnnxModel,
  report: Place['report'],
): Record<string, string> {
  const kept = Object.entries(original.metadata).filter(
    ([key]) => !foreignKeys.includes(key) && !key.startsWith('gradus.'),
  );
  const dropped = Object.keys(original.metadata).filter((key) => foreignKeys.includes(key));
  if (kept.length > 0) report.kept.push(`metadata ${kept.map(([key]) => key).join(', ')}`);
  if (dropped.length > 0)
    report.lost.push(`its names of classes (${dropped.join(', ')}): the network's own are written`);
  return { ...Object.fromEntries(kept), ...model.metadata };
}
