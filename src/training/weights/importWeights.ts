import { existsSync, readdirSync } from 'node:fs';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Json } from '../../contract/checkpointSchema.js';
import type { ParamInfo } from '../../contract/manifest.js';
import { keyKind } from '../../contract/names.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { classesIn, namesDifference } from '../../data/sets/classes.js';
import { readClassNames } from '../../data/text/classFile.js';
import { initialize } from '../../compiler/trace/init.js';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import { readCheckpointState, writeCheckpoint } from '../../runtime/storage/checkpoint.js';
import { placeNames } from '../../runtime/storage/places.js';
import { dtypes, type DType } from '../../support/dtype.js';
import { ArtifactError, ConfigError, invariant } from '../../support/errors.js';
import { option, phrase, type Prose } from '../../support/phrase.js';
import { isFiniteTensor } from '../../support/finite.js';
import type { TensorData } from '../../support/tensor.js';
import { recordOf } from '../build/architectureRecord.js';
import { loadModel, modelPath, type LoadedModel } from '../../language/frontend/loadModel.js';
import { classAxes, classesOf, networkOf, type Network } from './modelWeights.js';
import { publishedPixels, withPixels, type PublishedPixels } from './publishedPixels.js';
import { asFloat32 } from './weightFile.js';
import { WeightFiles } from './weightFiles.js';
import { prefixOf, sharedPrefixes } from './weightPrefix.js';
import { likelyNames, nameWarnings, namesOf, type NameOption } from './weightNames.js';
import { checkRanges } from '../../support/optionRanges.js';
import type { ModelChoice } from '../config/config.js';

export interface ImportOptions {
  /** A shipped model's name, a model file, or a model. */
  readonly model: ModelChoice | Model;
  /** Naming of the file's tensors (default: the model's own names). */
  readonly names?: NameOption | undefined;
  /** Classes of the network; if the file has another number, the classifier starts anew. */
  readonly classes?: number | undefined;
  /** Begins with a new classifier even if the file has one for as many classes. */
  readonly newClassifier?: boolean | undefined;
  /** A file with the names of the classes of the file's classifier, one a line, if it does not have them. */
  readonly classNames?: string | undefined;
  /** Height and width of the image in place of the model's own, in pixels. */
  readonly size?: number | undefined;
  /** Seed for a new classifier's initial values (default: 0). */
  readonly seed?: number | undefined;
  /** The checkpoint's folder. */
  readonly out: string;
}

export interface ImportResult {
  readonly checkpoint: string;
  /** The model's name. */
  readonly model: string;
  readonly classes: number;
  /** Their names, by number; null if nobody knows them, as those of a new classifier. */
  readonly classNames: readonly string[] | null;
  /** Image preprocessing stated by the publisher, and the file that states it; otherwise null. */
  readonly pixels: (Omit<PublishedPixels, 'size'> & { readonly size: number | null }) | null;
  /** Trained numbers, batch statistics aside. */
  readonly parameters: number;
  /** Tensors taken from the file. */
  readonly tensors: number;
  /** Tensors that were converted to float32, by the type they had. */
  readonly converted: Partial<Readonly<Record<DType, number>>>;
  /** Tensors of the file that no network needs: PyTorch's counters num_batches_tracked and n_averaged. */
  readonly ignored: number;
  /** Stands before every name in the file, such as `module.`; empty if nothing does. */
  readonly prefix: string;
  /** Tensors that the network does not need, of types that are not read, by name. */
  readonly unread: Readonly<Record<string, string>>;
  /** Warnings about these weights in this model. */
  readonly warnings: readonly string[];
  /** The classifier, if it has initial values instead of the file's. */
  readonly initialized?: {
    readonly tensors: readonly string[];
    readonly fileClasses: number;
    readonly seed: number;
  };
}

/** Mapping of a file's weights to those of a network. */
interface Plan {
  readonly network: Network;
  /** The file's name for each weight that is taken from it. */
  readonly taken: ReadonlyMap<string, string>;
  readonly ignored: number;
  readonly prefix: string;
  readonly unread: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly initialized: readonly string[];
  readonly fileClasses: number;
}

/**
 * Makes a checkpoint, at step 0, of a safetensors file of weights, an index of several, or a folder with
 * either. All tensors that are missing, misshapen or too many are listed in one ArtifactError, so are
 * those with NaN, infinity or negative variances, and then nothing is written.
 */
export async function importWeights(path: string, options: ImportOptions): Promise<ImportResult> {
  checkRanges('importWeights', options, ['classes', 'size', 'seed']);
  const { classes, seed = 0, out } = options;
  requireFree(out);
  const plain = await loadModel(options.model);
  const [channels] = plain.model.input.shape;
  const file = WeightFiles.open(path);
  try {
    const published = publishedPixels(file, channels, options.size);
    const loaded = withPixels(plain, published?.choices);
    const size = options.size ?? published?.size;
    const image = size === undefined ? undefined : ([channels, size, size] as const);
    const network = networkOf(loaded, { classes, image });
    const plan = planImport(file, loaded, network, options);
    const classNames = namesIn(file, plan, options);
    const { tensors, converted } = readWeights(file, plan, seed);
    const config = {
      model: nameIn(out, options.model),
      classes: network.classes,
      ...(size !== undefined && { size }),
      imported: {
        file: basename(path),
        ...(typeof options.names === 'string' && { names: options.names }),
        ...(plan.prefix !== '' && { prefix: plan.prefix }),
        initialized: plan.initialized,
        ...(published && { pixels: published.choices }),
      },
    } satisfies Json;
    const named = classNames && { classes: classNames };
    const meta = { step: 0, epoch: 0, position: 0, seed, best: null, config, ...named };
    const record = recordOf(loaded, network);
    writeCheckpoint(out, { ...meta, architectureHash: network.architectureHash }, tensors);
    writeFileAtomic(join(out, record.manifest.architecture), record.text);
    return {
      ...resultOf(out, plan, converted, seed),
      classNames: classNames ?? null,
      pixels: published === undefined ? null : { ...published, size: published.size ?? null },
    };
  } finally {
    file.close();
  }
}

function resultOf(
  checkpoint: string,
  { network, taken, initialized, fileClasses, ignored, prefix, unread, warnings }: Plan,
  converted: ImportResult['converted'],
  seed: number,
): Omit<ImportResult, 'classNames' | 'pixels'> {
  const sizes = network.params.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  return {
    checkpoint,
    model: network.name,
    classes: network.classes,
    parameters: sizes.reduce((a, b) => a + b, 0),
    tensors: taken.size,
    converted,
    ignored,
    prefix,
    unread,
    warnings,
    ...(initialized.length > 0 && { initialized: { tensors: initialized, fileClasses, seed } }),
  };
}

/**
 * Names of the classes whose classifier is taken: from the file's header, else from a file of names. Throws a
 * ConfigError if both say something else, or there is not one for each class.
 */
function namesIn(
  file: WeightFiles,
  { network, initialized }: Plan,
  { classNames: list }: ImportOptions,
): readonly string[] | undefined {
  const given = list === undefined ? undefined : readClassNames(list);
  const recorded = classesIn(file.metadata, file.path);
  const wrong = (message: string, notes: readonly string[] = []): ConfigError =>
    new ConfigError(message, {
      code: 'class-names',
      where: list ?? file.path,
      notes,
      hint: "list the classes of the file's classifier, one for each score, in order",
    });
  if (initialized.length > 0) {
    if (given) throw wrong('a new classifier does not have classes yet');
    return undefined;
  }
  const difference = given && recorded && namesDifference(given, recorded);
  if (difference)
    throw wrong(
      `the classes in ${list ?? ''} differ from those that ${file.path} records`,
      difference,
    );
  const names = recorded ?? given;
  if (names && names.length !== network.classes)
    throw wrong(`${names.length} class names do not fit ${network.classes} classes`);
  return names;
}

/** A folder that holds anything but an import of before is not ours to replace. */
function requireFree(out: string): void {
  if (!existsSync(out)) return;
  const names = readdirSync(out);
  if (names.length === 0 || isImport(out, names)) return;
  throw new ArtifactError(`${out} is not empty`, {
    code: 'out-not-empty',
    where: out,
    hint: 'pass a folder that does not exist yet, or one that an import made',
  });
}

const importFiles = new Set<string>([
  placeNames.state,
  placeNames.tensors,
  placeNames.architecture,
]);

function isImport(out: string, names: readonly string[]): boolean {
  if (!names.includes(placeNames.state) || names.some((name) => !importFiles.has(name)))
    return false;
  const { step, config } = readCheckpointState(out);
  return step === 0 && typeof config === 'object' && config !== null && 'imported' in config;
}

/**
 * Name of the model in a checkpoint: a file by its path from the checkpoint, so that both may move.
 */
function nameIn(out: string, model: string | Model): string {
  if (typeof model !== 'string') return model.name;
  const place = modelPath(model, '.');
  return isAbsolute(place) ? relative(resolve(out), place).split(sep).join('/') : place;
}

const floating = (dtype: DType): boolean => dtypes[dtype].floating;

function planImport(
  file: WeightFiles,
  loaded: LoadedModel,
  network: Network,
  options: ImportOptions,
): Plan {
  const ownName = namesOf(loaded, options.names);
  const others = file.otherTypes();
  const inFile = [...file.names(), ...others.keys()];
  const prefix = prefixOf(
    inFile,
    network.weights.map(({ name }) => ownName(name)),
  );
  const fileName = (name: string): string => prefix + ownName(name);
  const infoOf = (name: string) => file.info(fileName(name));
  const misfits = network.weights.filter(({ name, shape }) => {
    const info = infoOf(name);
    return info && info.shape.join() !== shape.join();
  });
  const fileClasses =
    misfits.length === 0 ? undefined : classesOf(loaded, network, (name) => infoOf(name)?.shape);
  const { newClassifier = false } = options;
  const classifier =
    fileClasses === undefined && !newClassifier ? [] : [...classAxes(loaded, network).keys()];
  const initialized = newClassifier
    ? classifier
    : options.classes === undefined
      ? []
      : classifier.filter((name) => isIn(misfits, name));
  const rest = network.weights.filter(({ name }) => !initialized.includes(name));
  const used = new Set(network.weights.map(({ name }) => fileName(name)));
  const extra = file.names().filter((name) => !used.has(name));
  const ignored = extra.filter((name) => /(^|\.)(num_batches_tracked|n_averaged)$/.test(name));
  const problems = [
    ...rest.flatMap((weight) => problemOf(weight, fileName(weight.name), file)),
    ...extra
      .filter((name) => !ignored.includes(name))
      .map((name) => `extra: ${name} ${shapeText(file.info(name)?.shape)}, not in ${network.name}`),
  ];
  if (problems.length > 0)
    throw misfit(file, network, problems, hintOf(file, loaded, network, ownName, fileClasses));
  return {
    prefix,
    unread: Object.fromEntries([...others].filter(([name]) => !used.has(name))),
    warnings: nameWarnings(network.name, options.names),
    network,
    taken: new Map(rest.map(({ name }) => [name, fileName(name)])),
    ignored: ignored.length,
    initialized,
    fileClasses: fileClasses ?? network.classes,
  };
}

function isIn(weights: readonly ParamInfo[], name: string): boolean {
  return weights.some((weight) => weight.name === name);
}

/** Fault of a weight in the file, if any. */
function problemOf({ name, shape }: ParamInfo, inFile: string, file: WeightFiles): string[] {
  const what = inFile === name ? name : `${inFile} (${name})`;
  const info = file.info(inFile);
  const other = file.otherTypes().get(inFile);
  if (other !== undefined) return [`misshapen: ${what} has the unsupported type ${other}`];
  if (info === undefined) return [`missing: ${what} ${shapeText(shape)}`];
  if (info.shape.join() !== shape.join())
    return [`misshapen: ${what} is ${shapeText(info.shape)}, the model needs ${shapeText(shape)}`];
  if (!floating(info.dtype)) return [`misshapen: ${what} is of ${info.dtype}, a weight is a float`];
  return [];
}

function shapeText(shape: readonly number[] | undefined): string {
  return `[${(shape ?? []).join(',')}]`;
}

function misfit(
  file: WeightFiles,
  { name }: Network,
  problems: readonly string[],
  hint: Prose,
): ArtifactError {
  const counts = ['missing', 'misshapen', 'extra'].flatMap((kind) => {
    const count = problems.filter((line) => line.startsWith(`${kind}:`)).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  return new ArtifactError(`${file.path} does not fit ${name}: ${counts.join(', ')}`, {
    code: 'weights-mismatch',
    where: file.path,
    notes: problems,
    hint,
  });
}

function hintOf(
  file: WeightFiles,
  loaded: LoadedModel,
  { name, classes, weights }: Network,
  fileName: (name: string) => string,
  fileClasses: number | undefined,
): Prose {
  const prefixes = ['', ...sharedPrefixes(file.names())];
  const has = (key: string): boolean =>
    prefixes.some((prefix) => file.info(prefix + key) !== undefined);
  if (fileClasses !== undefined)
    return phrase`the file has ${fileClasses} classes: ${option('classes', fileClasses)} keeps them, ${option('classes', classes)} starts with a new classifier`;
  if (file.names().some((key) => keyKind(key) === 'state'))
    return 'pass the checkpoint that it belongs to: a checkpoint of Gradus needs no import';
  const matching = weights.filter((weight) => has(fileName(weight.name))).length;
  const likely = 2 * matching > weights.length ? undefined : likelyNames(loaded, has);
  return likely === undefined
    ? `check that the model is the right one: gradus inspect ${name} lists the layers`
    : phrase`its names are those of ${likely}: add ${option('names', likely)}`;
}

function readWeights(file: WeightFiles, plan: Plan, seed: number) {
  const { network, taken } = plan;
  const tensors = new Map<string, TensorData>();
  const converted: Partial<Record<DType, number>> = {};
  const tooLarge: string[] = [];
  const notFinite: string[] = [];
  const negative: string[] = [];
  for (const { name, shape, init } of [...network.params, ...network.buffers]) {
    const inFile = taken.get(name);
    if (inFile === undefined) {
      tensors.set(name, initialize(init, name, shape, seed));
      continue;
    }
    // One at a time, so that only the float32 of all of them are held.
    const raw = file.read(inFile);
    const tensor = asFloat32(raw);
    invariant(tensor.dtype === 'float32', `${name} is a float`);
    if (raw.dtype !== 'float32') converted[raw.dtype] = (converted[raw.dtype] ?? 0) + 1;
    if (overflows(raw, tensor)) tooLarge.push(inFile);
    else if (!isFiniteTensor(tensor)) notFinite.push(inFile);
    else if (/(^|\.)running_var$/.test(name) && isNegative(tensor)) negative.push(inFile);
    tensors.set(name, tensor);
  }
  if (notFinite.length > 0)
    throw new ArtifactError(`${file.path} has tensors with NaN or infinity: ${notFinite.length}`, {
      code: 'weights-not-finite',
      where: file.path,
      notes: notFinite,
      hint: 'use other weights: the training had diverged, or the file is damaged',
    });
  if (negative.length > 0)
    throw new ArtifactError(`${file.path} has variances below zero: ${negative.length} tensors`, {
      code: 'weights-variance',
      where: file.path,
      notes: negative,
      hint: 'check the file: it is damaged, or its tensors were renamed, since a running_var cannot be negative',
    });
  if (tooLarge.length > 0)
    throw new ArtifactError(`${file.path} has numbers beyond float32's range`, {
      code: 'weights-range',
      where: file.path,
      notes: tooLarge,
    });
  return { tensors, converted };
}

function isNegative({ data }: TensorData): boolean {
  return data instanceof Float32Array && data.some((value) => value < 0);
}

function overflows(before: TensorData, after: TensorData): boolean {
  if (before.dtype !== 'float64') return false;
  const { data } = before;
  return data.some(
    (value: number | bigint, i: number) =>
      Number.isFinite(value) && !Number.isFinite(after.data[i]),
  );
}
