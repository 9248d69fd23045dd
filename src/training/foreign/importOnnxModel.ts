import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  importModel,
  type ImportedModel,
  type ImportOptions,
} from '../../compiler/importer/importOnnx.js';
import type { OnnxModel } from '../../compiler/onnx/model.js';
import { readModel } from '../../compiler/onnx/reader.js';
import { classMetadata } from '../../data/sets/classes.js';
import { isModelName } from '../../compiler/trace/defineModel.js';
import { loadModel } from '../../language/frontend/loadModel.js';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { writeSafetensors } from '../../runtime/storage/safetensors.js';
import { ArtifactError, ConfigError } from '../../support/errors.js';
import { isFiniteTensor, someOf } from '../../support/finite.js';
import { option, phrase } from '../../support/phrase.js';
import { checkRanges } from '../../support/optionRanges.js';
import { classNamesIn } from '../labelling/classifier/classNames.js';
import { externalReader, readOnnxBytes } from '../labelling/onnxFiles.js';
import { importWeights, type ImportResult } from '../weights/importWeights.js';
import { channelStatistics } from './channelStatistics.js';
import { noiseImages, realImages, type FedImages } from './fedImages.js';
import { foreignImage, scaledImage, type ForeignImage, type ImageFacts } from './foreignImage.js';
import type { OriginalFile } from './originalNetwork.js';
import { allowedShare, compareOutputs, isSame } from './sameOutputs.js';
import { comparedImages, comparedValues, type Comparison } from './comparison.js';

export interface ImportOnnxOptions extends ImageFacts {
  /** Folder for the model file, its weights and the notes; must not exist or be empty. */
  readonly out: string;
  /** Name of the model (default: the file's, without `.onnx`). */
  readonly name?: string | undefined;
  /** Classes of the network (default: the file's); with another number the classifier starts anew. */
  readonly classes?: number | undefined;
  /** A file with the names of the file's classes, one a line, if the file has none. */
  readonly classNames?: string | undefined;
  /** Name of the value behind which the file is left out; a new classifier stands in its place. */
  readonly cut?: string | undefined;
  /** A folder, list or split of images on which both networks are compared, beside noise. */
  readonly images?: string | undefined;
  /** Images over which batch norms come back that an exporter folded into convolutions; as `images`. */
  readonly restoreBatchNorm?: string | undefined;
  /** Seed of a new classifier (default: 0). */
  readonly seed?: number | undefined;
}

export interface ImportOnnxResult {
  readonly modelFile: string;
  /** The checkpoint of its weights. */
  readonly weights: ImportResult;
  readonly notesFile: string;
  /** Calls of each layer in the written network. */
  readonly recognised: Readonly<Record<string, number>>;
  /** What was assumed, left out or changed, a sentence each. */
  readonly notes: readonly string[];
  readonly image: {
    readonly shape: readonly [number, number, number];
    readonly assumed: readonly string[];
  };
  /** Batch norms that came back. */
  readonly restored: number;
  readonly comparison: Comparison;
}

/** Images from files that two networks are compared on, and those that batch norms come back over, at most. */
const [mostCompared, mostNormed] = [16, 256];

/**
 * Writes the network of a foreign .onnx file as a model file, with a checkpoint of its weights, and compares both
 * on images. Throws an ArtifactError that names all operators that cannot be imported, or the first layer whose
 * result differs; nothing is left behind then.
 */
export async function importOnnxModel(
  path: string,
  options: ImportOnnxOptions,
): Promise<ImportOnnxResult> {
  checkRanges('importOnnxModel', options, ['classes', 'seed']);
  const { out, name = nameOf(path) } = options;
  requireName(name);
  requireEmpty(out);
  const { file, model, image, classNames } = readFile(path, options);
  const own: ImportOptions = {
    ...{ name, file: basename(path), size: options.size, cut: options.cut },
    ...{ classes: options.classes, normalisation: statedNormalisation(image) },
    ...{ layout: image.input.layout, channelOrder: image.pixels.channels, scaledImage: true },
  };
  const folder = options.images ?? options.restoreBatchNorm;
  const written = await importedNetwork({ file, model, image }, own, options.restoreBatchNorm);
  const imported = written.whole;
  const fed = scaledImage(image, imported.scaling);
  const real =
    folder === undefined ? { batches: [], notes: [] } : await realImages(folder, fed, mostCompared);
  requireFinite(imported, path);
  makeFolder(out);
  try {
    const modelFile = join(out, `${name}.model.ts`);
    writeFileAtomic(modelFile, written.source);
    const comparison = await compared({ file, imported, modelFile }, [
      noiseImages(fed, options.seed ?? 0),
      ...real.batches,
    ]);
    const weights = await writtenWeights(imported, modelFile, classNames, options);
    const notesFile = join(out, 'IMPORT.md');
    const result: ImportOnnxResult = {
      ...{ modelFile, weights, notesFile, comparison },
      recognised: imported.recognised,
      notes: [...written.notes, ...image.pixels.notes, ...new Set(real.notes)],
      image: { shape: image.input.image, assumed: assumptionsOf(image) },
      restored: imported.restored,
    };
    writeFileAtomic(notesFile, notesText(path, result));
    return result;
  } catch (error) {
    rmSync(out, { recursive: true, force: true });
    throw error;
  }
}

/** Undefined if it changes nothing. */
function statedNormalisation({ normalisation }: ForeignImage): ImportOptions['normalisation'] {
  const { mean, std } = normalisation;
  return mean.every((m) => m === 0) && std.every((s) => s === 1) ? undefined : normalisation;
}

function nameOf(path: string): string {
  return (
    basename(path, '.onnx')
      .replace(/\W+/g, '_')
      .replace(/^_+|_+$/g, '') || 'imported'
  );
}

function requireName(name: string): void {
  if (isModelName(name)) return;
  throw new ConfigError(`invalid model name ${JSON.stringify(name)}`, {
    code: 'model-name',
    option: ['name'],
    hint: 'use letters, digits, _, - and dots: files are named after the model',
  });
}

function requireEmpty(out: string): void {
  if (!existsSync(out) || readdirSync(out).length === 0) return;
  throw new ArtifactError(`${out} is not empty`, {
    code: 'out-not-empty',
    where: out,
    hint: phrase`the model file in it may hold work of yours: give a new folder as ${option('out')}`,
  });
}

function readFile(path: string, options: ImportOnnxOptions) {
  const bytes = readOnnxBytes(path);
  let hasSideFiles = false;
  const external = externalReader(path, () => {
    hasSideFiles = true;
  });
  const model = readModel(bytes, { file: basename(path), external });
  const image = foreignImage(model, path, options);
  const outputs = model.graph.outputs.map(({ name }) => name);
  const file: OriginalFile = { path, bytes, outputs, hasSideFiles };
  const classNames = (classes: number): readonly string[] | undefined =>
    classNamesIn(model.metadata, classes, path).found?.names;
  return { file, model, image, classNames };
}

/** A file, decoded once for all that is done with it. */
interface ReadFile {
  readonly file: OriginalFile;
  readonly model: OnnxModel;
  readonly image: ForeignImage;
}

/** The network as calls of layers, with batch norms over images of a folder if there is one. */
async function importedNetwork(
  { file, model, image }: ReadFile,
  options: ImportOptions,
  folder: string | undefined,
): Promise<WrittenNetwork> {
  const imported = importModel(model, options);
  if (folder === undefined) return withFileClasses(imported, model, options);
  if (imported.foldable.length === 0)
    throw new ArtifactError(`${file.path} has no convolution that a batch norm was folded into`, {
      code: 'no-folded-batch-norm',
      where: file.path,
      option: ['restoreBatchNorm'],
      hint: phrase`leave ${option('restoreBatchNorm')} out`,
    });
  const { batches, notes } = await realImages(folder, image, mostNormed);
  const statistics = await channelStatistics(file, imported.input, imported.foldable, batches);
  const normed = { ...options, statistics };
  const restored = withFileClasses(importModel(model, normed), model, normed);
  return { ...restored, notes: [...restored.notes, ...notes] };
}

/** A network as it is written, and with the classes that the file has, for as long as it is compared. */
interface WrittenNetwork {
  readonly source: string;
  readonly notes: readonly string[];
  readonly whole: ImportedModel;
}

function withFileClasses(
  imported: ImportedModel,
  model: OnnxModel,
  options: ImportOptions,
): WrittenNetwork {
  const { source, notes, fileClasses } = imported;
  const { classes = fileClasses } = options;
  const whole =
    fileClasses === undefined || classes === fileClasses
      ? imported
      : importModel(model, { ...options, classes: fileClasses });
  return { source, notes, whole };
}

async function compared(
  pair: { file: OriginalFile; imported: ImportedModel; modelFile: string },
  batches: readonly FedImages[],
): Promise<Comparison> {
  const { file, imported, modelFile } = pair;
  const loaded = await loadModel(modelFile);
  await loaded.checked;
  const comparison = await compareOutputs({ file, loaded, imported }, batches);
  if (isSame(comparison)) return comparison;
  const { first, difference, largest } = comparison;
  throw new ArtifactError(
    `the network written from ${file.path} differs from it by ${difference.toPrecision(3)}, of outputs up to ${largest.toPrecision(3)}`,
    {
      code: 'import-differs',
      where: first?.nodes[0] ?? file.path,
      notes: first
        ? [
            `the first that differs is ${first.layer}, from ${first.nodes.join(', ')}: by ${first.difference.toPrecision(3)} of ${first.largest.toPrecision(3)}`,
          ]
        : [`no layer with weights differs by more than ${allowedShare}`],
      hint: 'this is a fault of the import: please report it with the file',
    },
  );
}

/** Throws an ArtifactError that names the weights with NaN or infinity. */
function requireFinite({ weights }: ImportedModel, path: string): void {
  const bad = [...weights].filter(([, tensor]) => !isFiniteTensor(tensor)).map(([name]) => name);
  if (bad.length === 0) return;
  throw new ArtifactError(`${path}: weights hold NaN or infinity: ${someOf(bad)}`, {
    code: 'weights-not-finite',
    where: path,
    hint: 'the training that made the file diverged: export an earlier state',
  });
}

/** The checkpoint, by the same way as any weights. */
async function writtenWeights(
  imported: ImportedModel,
  modelFile: string,
  namesOf: (classes: number) => readonly string[] | undefined,
  { out, classes, classNames, seed }: ImportOnnxOptions,
): Promise<ImportResult> {
  const temporary = join(out, 'weights.safetensors');
  const { fileClasses: own } = imported;
  const kept = own !== undefined && (classes === undefined || classes === own);
  writeSafetensors(temporary, imported.weights, kept ? classMetadata(namesOf(own)) : {});
  try {
    return await importWeights(temporary, {
      ...{ model: modelFile, out: join(out, 'weights'), seed, classes },
      ...(kept ? { classNames } : {}),
      newClassifier: own === undefined,
    });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** What was assumed of the image, and how to say otherwise. */
function assumptionsOf({ input, pixels }: ForeignImage): string[] {
  const { layoutBy } = input;
  const { range, rangeBy, channels, channelsBy, mean, std, normalisationBy } = pixels;
  const statistics =
    mean === undefined
      ? 'not normalised'
      : `normalised by mean ${mean.join(',')} and std ${std?.join(',') ?? '1'}`;
  return [
    `layout ${input.layout} (${layoutBy})`,
    `pixels ${range} (${rangeBy})`,
    ...(channelsBy === 'shape' ? [] : [`channels ${channels} (${channelsBy})`]),
    `${statistics} (${normalisationBy})`,
  ];
}

function notesText(path: string, result: ImportOnnxResult): string {
  const { recognised, notes, image, comparison, restored, weights } = result;
  const layers = Object.entries(recognised).toSorted(([, a], [, b]) => b - a);
  return [
    `# ${basename(path)}, imported`,
    '',
    `\`${basename(result.modelFile)}\` is the network, \`weights/\` a checkpoint with its weights (${weights.parameters} parameters, ${weights.classes} classes).`,
    '',
    `Images: ${image.shape.join('x')}, ${image.assumed.join(', ')}.`,
    '',
    `On ${comparedImages(comparison)} ${comparedValues(comparison)} the file's: the largest difference is ${comparison.difference.toPrecision(2)}, of numbers up to ${comparison.largest.toPrecision(3)}.`,
    '',
    `Layers: ${layers.map(([layer, count]) => `${count} ${layer}`).join(', ')}.`,
    ...(restored > 0 ? ['', `${restored} batch norms came back.`] : []),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
    '',
  ].join('\n');
}
