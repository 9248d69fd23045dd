import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { fedInputs, type OnnxModel, type OnnxValueInfo } from '../../compiler/onnx/model.js';
import { readModel } from '../../compiler/onnx/reader.js';
import { ArtifactError, ConfigError } from '../../support/errors.js';
import { option, phrase, type Prose } from '../../support/phrase.js';
import { limits } from '../../support/limits.js';
import {
  croppings,
  interpolations,
  pixelReadings,
  viewOf,
  type ImageView,
} from '../../support/imageView.js';
import { nearest } from '../../support/nearest.js';
import type { Shape } from '../../support/shape.js';
import { classNamesIn } from './classifier/classNames.js';
import { GraphWalk } from './classifier/graphWalk.js';
import {
  describeShape,
  describeValue,
  dtypeName,
  imageInputOf,
  imageLayouts,
  type ImageInput,
} from './classifier/imageInput.js';
import { headOf } from './classifier/inputHead.js';
import {
  barMean,
  pixelReadingOf,
  requireCentre,
  recordedChoice,
  recordedShare,
  toldShare,
  viewEvidence,
  type OnnxOptions,
  type OnnxReading,
  type PixelReading,
  type ViewEvidence,
} from './classifier/reading.js';
import { decideScores, endingOf, type Ending, type ScoreKind } from './classifier/scores.js';
import { externalReader, readOnnxBytes } from './onnxFiles.js';

/** A classifier in an .onnx file, whoever wrote it. */
export interface OnnxClassifier {
  readonly path: string;
  readonly name: string;
  readonly image: ImageInput;
  readonly pixels: PixelReading;
  /** The part of an image file that it sees, by our metadata or as told. */
  readonly view: ImageView;
  readonly viewBy: ViewEvidence;
  readonly scores: Scores;
  readonly classes: number;
  /** Names of the classes in the order of the scores, if the file has them, and its key for them. */
  readonly names: readonly string[] | undefined;
  readonly namesKey: string | null;
  /** SHA-256 of the model and its external data. */
  readonly fingerprint: string;
  readonly notes: readonly string[];
}

interface Scores {
  readonly name: string;
  /** [N,classes], if more axes follow or come between, of 1 each. */
  readonly shape: Shape;
  /** Their kind, as the caller states it. */
  readonly told: ScoreKind | undefined;
  /** Their kind by the end of the graph. */
  readonly ending: Ending | undefined;
  /** True if the known facts are certain without measuring any images. */
  readonly certain: boolean;
}

/** More classes than this are not taken. */
const mostClasses = limits.classes;
/** Scores of one run at most. */
const mostScores = 2 ** 28;

/**
 * Reads what a file takes and gives. Throws an ArtifactError unless it takes one image, by channels
 * first or last, of float32 or uint8, and gives scores of float32; or if that is not certain.
 */
export function readOnnxClassifier(path: string, options: OnnxOptions = {}): OnnxClassifier {
  const { model, fingerprint } = readWithFingerprint(path);
  const { graph, metadata } = model;
  const walk = new GraphWalk(model);
  const inputs = fedInputs(graph);
  const [input] = inputs;
  if (!input || inputs.length > 1)
    throw notClassifier(path, 'it must have exactly one input, an image', inputs);
  const head = headOf(walk, input.name);
  const { layout, size } = options;
  const recorded = recordedChoice(metadata, 'gradus.layout', imageLayouts, path);
  const image = imageInputOf(input, path, { layout, recorded, size, head });
  const output = outputOf(model, options.outputName, walk, path);
  const shape = scoresShape(output, walk, path);
  const classes = classesIn(shape);
  if ((image.batch ?? 1) * classes > mostScores)
    throw notClassifier(path, `a run of it returns more than ${mostScores} scores`, [output]);
  const ending = endingOf(walk, output.name, classes);
  const { found, notes } = classNamesIn(metadata, classes, path);
  const pixels = pixelReadingOf(image, head, model, options, path);
  const choices = {
    interpolation:
      options.interpolation ??
      recordedChoice(metadata, 'gradus.interpolation', interpolations, path),
    crop: options.crop ?? recordedChoice(metadata, 'gradus.crop', croppings, path),
    cropPct: toldShare(options.cropPct) ?? recordedShare(metadata, 'gradus.crop_pct', path),
    pixels: recordedChoice(metadata, 'gradus.pixels', pixelReadings, path),
  };
  const view = viewOf(image.image, choices, barMean(pixels, metadata));
  requireCentre(options, view, path);
  return {
    view,
    viewBy: viewEvidence(options, metadata),
    path,
    name: basename(path, '.onnx'),
    image,
    pixels,
    scores: {
      name: output.name,
      shape,
      told: options.output,
      ending,
      certain:
        options.output !== undefined ||
        (model.producerName === 'gradus' && ending?.kind === 'logits'),
    },
    classes,
    names: found?.names,
    namesKey: found?.key ?? null,
    fingerprint,
    notes,
  };
}

/**
 * Settles how a file is read, once the kind of its scores is known: by the caller, or by the graph
 * and a measurement of images. Undefined if neither decides.
 */
export function readingOf(
  { image, pixels, view, viewBy, scores, namesKey, notes }: OnnxClassifier,
  measured?: {
    readonly kind: ScoreKind;
    readonly images: number;
    readonly oddity?: string | undefined;
  },
): OnnxReading | undefined {
  const decided = scores.told
    ? { kind: scores.told, by: 'what was told' }
    : decideScores(scores.ending, measured?.kind, measured?.images ?? 0);
  if (!decided) return undefined;
  const [, height, width] = image.image;
  const odd = [measured?.oddity, 'note' in decided ? decided.note : undefined];
  return {
    settings: {
      layout: image.layout,
      range: pixels.range,
      channels: pixels.channels,
      mean: pixels.mean ? [...pixels.mean] : null,
      std: pixels.std ? [...pixels.std] : null,
      size: [height, width],
      crop: view.crop,
      cropPct: view.crop === 'centre' ? view.cropPct : null,
      interpolation: view.interpolation,
      pixels: view.pixels,
      output: decided.kind,
      scores: scores.name,
    },
    image: { name: image.name, dtype: image.dtype, shape: image.shape },
    scores: { name: scores.name, shape: describeShape(scores.shape) },
    by: {
      layout: image.layoutBy,
      range: pixels.rangeBy,
      channels: pixels.channelsBy,
      normalisation: pixels.normalisationBy,
      ...viewBy,
      output: decided.by,
    },
    classNames: namesKey,
    notes: [...pixels.notes, ...notes, ...odd.filter(isText).map((note) => `its scores: ${note}`)],
  };
}

/**
 * True if versions without these options read a file in this way: channels by the type, softmax by
 * the last node.
 */
export function isReadAsBefore(
  { image: { dtype, layout, image }, pixels, view, scores }: OnnxClassifier,
  { settings }: OnnxReading,
): boolean {
  const plainLayout = layout === (dtype === 'uint8' ? 'nhwc' : 'nchw');
  const plainPixels =
    pixels.rangeBy === 'type' ||
    (pixels.range === '0..1' && ['file', 'assumed', 'graph'].includes(pixels.normalisationBy));
  const softmax = scores.ending?.by === 'Softmax';
  const asBefore = softmax ? ['probabilities'] : ['logits', 'log-probabilities'];
  const usual = viewOf(image);
  const keys = ['crop', 'cropPct', 'interpolation', 'pixels'] as const;
  const plainView = keys.every((key) => view[key] === usual[key]);
  const plainOrder = pixels.channels === 'rgb';
  return (
    plainLayout && plainPixels && plainOrder && plainView && asBefore.includes(settings.output)
  );
}

function readWithFingerprint(path: string): { model: OnnxModel; fingerprint: string } {
  const bytes = readOnnxBytes(path);
  const hash = createHash('sha256').update(bytes);
  const model = readModel(bytes, {
    file: basename(path),
    external: externalReader(path, (part) => hash.update(part)),
  });
  return { model, fingerprint: hash.digest('hex') };
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}

/** The output that holds the scores: the only one, or the one that is named. */
function outputOf(
  { graph: { outputs } }: OnnxModel,
  wanted: string | undefined,
  walk: GraphWalk,
  path: string,
): OnnxValueInfo {
  const [first] = outputs;
  const names = outputs.map(({ name }) => name);
  if (wanted !== undefined) {
    const found = outputs.find(({ name }) => name === wanted);
    if (found) return found;
    const near = nearest(wanted, names);
    throw new ConfigError(`${path} has no output ${wanted}`, {
      code: 'onnx-option',
      option: ['onnx', 'outputName'],
      hint: near === undefined ? `its outputs are ${names.join(', ')}` : `did you mean ${near}?`,
    });
  }
  if (first && outputs.length === 1) return first;
  const fitting = outputs.filter((output) => problemOf(output, walk) === undefined);
  const problems = outputs.map((output) => problemOf(output, walk));
  throw notClassifier(
    path,
    'it must have exactly one output, the scores',
    outputs,
    fitting.length > 0
      ? phrase`choose the output with the scores: ${option(['onnx', 'outputName'], fitting[0]?.name)}${fitting
          .slice(1)
          .map(({ name }) => `, or ${name}`)
          .join('')}`
      : (problems.find((problem) => problem?.isClose) ?? problems[0])?.hint,
  );
}

/** Why an output does not hold scores, and what to do about it. */
interface OutputProblem {
  readonly text: string;
  readonly hint: string | undefined;
  /** True if they are scores of another form. */
  readonly isClose: boolean;
}

/** Why an output is not [N,classes], also as [N,classes,1,1] and its like, of float32. */
function problemOf(output: OnnxValueInfo, walk: GraphWalk): OutputProblem | undefined {
  const type = dtypeName(output);
  const problem = (text: string, hint?: string, isClose = false): OutputProblem => ({
    ...{ text, hint, isClose },
  });
  const isNumber = walk.origin(output.name).maker?.opType === 'ArgMax';
  if (/^u?int\d+$/.test(type) || isNumber)
    return problem(
      `its output ${output.name} of ${type} holds class numbers rather than scores`,
      'export the network with the scores before its ArgMax',
    );
  if (output.dtype === undefined)
    return problem(
      `its scores have the unsupported type ${type}`,
      'export the scores as one tensor, without ZipMap: in skl2onnx, set the option zipmap: False',
      true,
    );
  if (output.dtype !== 'float32')
    return problem(
      `its scores have the unsupported type ${type}`,
      'convert the scores to float32, for example with a Cast at the end',
      true,
    );
  const shape = shapeOf(output, walk);
  const own = shape.slice(1).filter((dim) => dim !== 1);
  const [classes] = own;
  const isRow = shape.length === 1 && typeof shape[0] === 'number';
  if (shape.length > 0 && own.length === 0 && !isRow)
    return problem(
      'it returns one score per image, but needs one per class',
      'export the network with two scores: no and yes, such as 1 - p and p',
      true,
    );
  if (isRow)
    return problem(
      'its output must be scores [N,classes]',
      'export the network with a batch axis, even if the batch is 1',
    );
  if (shape.length < 2 || own.length > 1 || (own.length === 1 && typeof classes !== 'number'))
    return problem('its output must be scores [N,classes]');
  if (classes === 0) return problem('it has no classes');
  if (Number(classes) > mostClasses) return problem(`it has more than ${mostClasses} classes`);
  return undefined;
}

/** The shape of scores. Throws an ArtifactError for what is not an output of a classifier. */
function scoresShape(output: OnnxValueInfo, walk: GraphWalk, path: string): Shape {
  const problem = problemOf(output, walk);
  if (problem) throw notClassifier(path, problem.text, [output], problem.hint);
  return shapeOf(output, walk);
}

/** The shape as the file states it, and as its nodes make it if it does not. */
function shapeOf(output: OnnxValueInfo, walk: GraphWalk): Shape {
  const { shape: stated } = output;
  const made = walk.shape(output.name);
  if (!stated || (made && made.length !== stated.length)) return stated ?? made ?? [];
  return stated.map((dim, i) => (typeof dim === 'number' ? dim : (made?.[i] ?? dim)));
}

function classesIn(shape: Shape): number {
  return Number(shape.slice(1).find((dim) => dim !== 1));
}

function notClassifier(
  path: string,
  problem: string,
  values: readonly OnnxValueInfo[],
  hint: Prose = 'pass a network with one image input and one row of scores, with its weights inside, as gradus export writes it',
): ArtifactError {
  const found = values.length === 0 ? 'none' : values.map(describeValue).join(', ');
  return new ArtifactError(`${path} is not an image classifier: ${problem}`, {
    code: 'not-a-classifier',
    where: path,
    notes: [`it has ${found}`],
    hint,
  });
}
