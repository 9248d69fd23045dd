import type { Telling } from '../../contract/events.js';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { OnnxReading } from '../../training/labelling/classifier/reading.js';
import type { Labeller } from '../../training/labelling/labeller.js';
import { subsetOf, type Images } from '../../data/sets/images.js';
import { subsetSource, type ImageSource } from '../../data/loader/imageSource.js';
import { countsOf, examplesOf, type SetChange } from '../../data/memory/setChange.js';
import { makeFolder } from '../../runtime/storage/atomic.js';
import { removeOwnFiles } from '../../runtime/storage/ownFiles.js';
import { placeNames } from '../../runtime/storage/places.js';
import { ArtifactError, ConfigError, DataError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { auditOnce, readAudit, type AuditResult } from '../labels/audit.js';
import { readCorrections, type Corrections } from '../labels/corrections.js';
import { besideKept } from './filter.js';
import { correctionsBeside, readKeptImages, type KeptImages } from './keptPlaces.js';
import { KeptSet, type ClassCounts, type KeptInfo } from './keptStore.js';
import { labelImages, type LabelSummary } from '../labels/label.js';
import { isReadAsOlder, originBy } from '../labels/labelOrigin.js';
import { ConfidenceMatch } from './matchedPrecision.js';
import { LabelSet } from '../labels/labelSet.js';
import { classDifference, type LabelOrigin } from '../labels/labelStore.js';
import { ReassignPass } from './reassignPass.js';
import { ShardMemory, type ShardMemoryOptions } from '../labels/shardMemory.js';

interface RememberedImages extends ShardMemoryOptions {
  /** Images of the source. */
  readonly images: Images;
  /** Images that audit the teacher, if they are files. */
  readonly heldOutImages?: Images | undefined;
}

export interface ReassignOptions extends Telling {
  /** Kept labels, whose images and copies stay. */
  readonly kept: string;
  /** The file of the new ones; ledger and histograms are put beside it. */
  readonly out: string;
  /** Number of the largest probabilities to keep (default: as in the kept labels). */
  readonly topK?: number | undefined;
  /** Probabilities are softmax(scores / temperature) (default: as for the kept labels). */
  readonly temperature?: number | undefined;
  /** Labelled images that audit the teacher. */
  readonly heldOut?: ImageSource | undefined;
  /** A CSV with the columns image and class: what a person said of single images. */
  readonly corrections?: string | undefined;
  /** Generation of this teacher (default: that of the kept labels). */
  readonly generation?: number | undefined;
  /** Goes on if a class has no image any more. */
  readonly allowEmpty?: boolean | undefined;
  /** Replaces a file of other labels. */
  readonly overwrite?: boolean | undefined;
  /** The images that are to be remembered, and how. */
  readonly remember?: RememberedImages | undefined;
  /** Aborted: stops after the batch that runs; the same call goes on. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReassignSummary {
  readonly out: string;
  readonly ledger: string;
  readonly histograms: string;
  readonly teacher: { readonly name: string; readonly fingerprint: string };
  /** Reading of an .onnx file; missing for a checkpoint. */
  readonly reading?: OnnxReading;
  /** The teacher that chose the images. */
  readonly chosenBy: { readonly name: string; readonly fingerprint: string };
  /** The file was there before, made from the same inputs. */
  readonly skipped: boolean;
  /** Images and their copies. */
  readonly images: number;
  readonly copies: number;
  /** Images that have another class than before; null if they were labelled before. */
  readonly changed: number | null;
  /** Images that a person's word gave their class. */
  readonly corrected: number;
  /** Images that are left out: they can no longer be read, or a person said that they are of no class. */
  readonly unreadable: number;
  readonly rejected: number;
  readonly classes: readonly (ClassCounts & { readonly name: string })[];
  /** Over all confidences: images that were chosen are not chosen again. */
  readonly audit: AuditResult | null;
  readonly warnings: readonly string[];
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly interrupted: boolean;
}

/**
 * Labels kept images anew with another teacher: their number and copies stay, labels, probabilities
 * and confidences are the teacher's. What a person corrected stays as it is. The labels are made in
 * shards in a folder `<out>.parts`, so that the same call goes on where it was stopped; once the
 * file is there, the folder goes, and the same call finds nothing to do. Holds 17 bytes an image.
 * Throws a ConfigError if the teacher has other classes, a DataError for an image that the data
 * does not have.
 */
export async function reassignLabels(
  labeller: Labeller,
  source: ImageSource,
  options: ReassignOptions,
): Promise<ReassignSummary> {
  const set = await KeptSet.open(options.kept);
  requireSameClasses(labeller, set);
  if (resolve(options.out) === resolve(options.kept))
    throw new ConfigError(`${options.out} cannot be both input and output`, {
      code: 'out-is-input',
      option: ['out'],
      hint: phrase`choose another ${option('out')}`,
    });
  const { corrections: path } = options;
  const corrections = path === undefined ? undefined : readCorrections(path, set.info.classes);
  const { topK = set.info.topK, temperature = set.info.temperature } = options;
  const origin = await originBy(labeller, source, { temperature, topK });
  return new ReassignRun(labeller, source, set, corrections, origin, options).run();
}

function requireSameClasses({ teacher }: Labeller, { path, info }: KeptSet): void {
  const difference = classDifference(info.classes, teacher.classes);
  if (difference === undefined) return;
  throw new ConfigError(`${teacher.path} cannot relabel ${path}: it comes ${difference}`, {
    code: 'classes-differ',
    where: teacher.path,
    hint: phrase`pass a teacher with the same classes in the same order; ${option('classes', 'FILE')} names them if the teacher does not record them`,
  });
}

/** Folder of the shards of new labels until all are there. */
export function partsFolder(out: string): string {
  return `${out}.parts`;
}

class ReassignRun {
  readonly #start = performance.now();
  readonly #told = new Set<string>();

  constructor(
    private readonly labeller: Labeller,
    private readonly source: ImageSource,
    private readonly set: KeptSet,
    private readonly corrections: Corrections | undefined,
    private readonly origin: LabelOrigin,
    private readonly options: ReassignOptions,
  ) {}

  /** SHA-256 of all that the new labels are made from, with images of this name: where they lie does not matter. */
  #inputs(name = this.origin.data.name): string {
    const { info } = this.set;
    const { generation = info.generation, heldOut } = this.options;
    // Labels that older versions made in the same way are the same.
    const { reading, ...plain } = this.origin;
    const read = isReadAsOlder(this.labeller) ? plain : { ...plain, reading };
    const own = { ...read, data: { ...read.data, name } };
    const all = [info.inputs, info.teacher, own, generation, this.corrections?.fingerprint];
    return createHash('sha256')
      .update(JSON.stringify([...all, heldOut?.fingerprint]))
      .digest('hex');
  }

  async run(): Promise<ReassignSummary> {
    const { out, heldOut } = this.options;
    const before = await this.#before();
    const images = await readKeptImages(this.set, this.source);
    const memory = this.#memoryOf(images);
    const auditors = this.#auditors();
    if (
      before &&
      !(await this.#changed(images, memory)) &&
      !(await this.#auditorsChanged(auditors, before))
    )
      return this.#summary(before, { skipped: true });
    const beside = this.corrections ? correctionsBeside(this.corrections, this.source, images) : 0;
    makeFolder(dirname(out));
    const parts = partsFolder(out);
    const labelled = await this.#label(images, parts, memory);
    if (labelled.interrupted) return this.#interrupted(labelled);
    await memory?.record(out, 0, images.places.length);
    const { temperature } = this.origin;
    const audit =
      heldOut &&
      (await auditOnce(this.labeller, heldOut, parts, { temperature, memory: auditors }));
    await auditors?.record(auditOf(out), 0, heldOut?.count ?? 0);
    const found = audit && (await readAudit(parts));
    const everything = new Float32Array(this.origin.classes.length);
    const match = found && new ConfidenceMatch(found, everything);
    const { source, corrections } = this;
    const pass = new ReassignPass(images, source, { corrections, match }, this.#info(audit));
    await pass.write(await LabelSet.open(parts), out, (counts) => {
      this.#requireClasses(counts);
    });
    removeOwnFiles(parts);
    const warnings = this.#warnings(beside);
    const { imagesPerSecond } = labelled;
    return this.#summary(pass.info, { ...pass.counts, imagesPerSecond, warnings });
  }

  /** Metadata of an existing file. Throws if it is another one, unless overwriting. */
  async #before(): Promise<KeptInfo | undefined> {
    const { out, overwrite = false } = this.options;
    if (!existsSync(out)) return undefined;
    const info = await readInfoOf(out, overwrite);
    if (info && info.inputs === this.#inputs(info.data.name)) return info;
    if (info === undefined || overwrite) return undefined;
    throw new ArtifactError(`${out} holds other labels, by ${info.teacher.name}`, {
      code: 'labels-differ',
      where: out,
      hint: phrase`choose another ${option('out')}, or pass ${option('overwrite', true)} to replace them`,
    });
  }

  /** Labels the kept images as a set of their own; shards of another teacher are of no use. */
  #label(
    { places }: KeptImages,
    out: string,
    memory: ShardMemory | undefined,
  ): Promise<LabelSummary> {
    const { signal, onEvent, listeners, clock } = this.options;
    const { topK, temperature } = this.origin;
    const kept = subsetSource(this.source, places);
    return labelImages(this.labeller, kept, {
      ...{ out, temperature, topK: topK ?? undefined, overwrite: true },
      ...{ memory, signal, onEvent, listeners, clock },
    });
  }

  #memoryOf({ places }: KeptImages): ShardMemory | undefined {
    const { remember } = this.options;
    return remember && new ShardMemory(subsetOf(remember.images, places), this.#telling(remember));
  }

  /** True if the images of the existing labels have changed. Throws unless that is accepted. */
  async #changed({ places }: KeptImages, memory: ShardMemory | undefined): Promise<boolean> {
    const { out } = this.options;
    const change = await memory?.changeOf(out, 0, places.length);
    if (!change) return false;
    const { name } = this.source;
    this.#requireAccepted(
      change,
      `some images of ${name} have changed since ${out} was made`,
      name,
    );
    return true;
  }

  #auditors(): ShardMemory | undefined {
    const { remember } = this.options;
    const images = remember?.heldOutImages;
    return images && new ShardMemory(images, this.#telling(remember));
  }

  /** Says each line once: the two memories of an older file lack the same. */
  #telling({ tell, ...options }: ShardMemoryOptions): ShardMemoryOptions {
    const once = (text: string): void => {
      if (!this.#told.has(text)) tell?.(text);
      this.#told.add(text);
    };
    return { ...options, tell: once };
  }

  /** True if the images of the audit in the file have changed. Throws unless that is accepted. */
  async #auditorsChanged(memory: ShardMemory | undefined, before: KeptInfo): Promise<boolean> {
    const { out, heldOut } = this.options;
    if (!memory || !heldOut || !before.audit) return false;
    const change = await memory.changeOf(auditOf(out), 0, heldOut.count);
    if (!change) return false;
    this.#requireAccepted(
      change,
      `some images of ${heldOut.name} have changed since the audit of ${out}`,
      heldOut.name,
    );
    return true;
  }

  /** Throws if images have changed, unless that is accepted. */
  #requireAccepted(change: SetChange, what: string, where: string): void {
    const { overwrite = false, remember } = this.options;
    const message = `${what}: ${countsOf(change)}`;
    if (!overwrite && remember?.acceptData !== true)
      throw new DataError(message, {
        code: 'data-changed',
        where,
        notes: examplesOf(change),
        hint: phrase`restore them; or ${option('acceptData', true)} or ${option('overwrite', true)} relabels the images as they are now`,
      });
    remember?.tell?.(message);
  }

  #info(audit: AuditResult | undefined): KeptInfo {
    const { info } = this.set;
    const { generation = info.generation } = this.options;
    return {
      ...info,
      reading: undefined,
      ...this.origin,
      generation,
      inputs: this.#inputs(),
      audit: audit ?? null,
      // The marks were on the previous teacher's labels.
      sample: null,
      chosenBy: info.chosenBy ?? info.teacher,
    };
  }

  /** Throws a DataError if a class that had images has none now. */
  #requireClasses(counts: readonly ClassCounts[]): void {
    if (this.options.allowEmpty === true) return;
    const { info } = this.set;
    const empty = counts.flatMap(({ kept }, i) =>
      kept === 0 && (info.classCounts[i]?.kept ?? 0) > 0
        ? [`${info.classes[i] ?? ''}: ${info.classCounts[i]?.kept ?? 0} images had this label`]
        : [],
    );
    if (empty.length === 0) return;
    throw new DataError(`${empty.length} of ${counts.length} classes have no images left`, {
      code: 'class-empty',
      where: this.options.kept,
      notes: empty.slice(0, 10),
      hint: phrase`compare the labels with gradus labels diff; ${option('allowEmpty', true)} continues without these classes, without labelling again`,
    });
  }

  #warnings(beside: number): string[] {
    if (beside === 0) return [];
    const what = beside === 1 ? 'a correction is' : `${beside} corrections are`;
    return [`${what} of images that were not kept; gradus filter can apply them`];
  }

  #interrupted({ images, imagesPerSecond }: LabelSummary): ReassignSummary {
    const summary = this.#summary(this.#info(undefined), { imagesPerSecond });
    return { ...summary, images, copies: 0, classes: [], interrupted: true };
  }

  #summary(info: KeptInfo, found: Partial<ReassignSummary>): ReassignSummary {
    const { classCounts, classes, teacher, audit } = info;
    const sum = (own: 'kept' | 'copies'): number =>
      classCounts.reduce((total, counts) => total + counts[own], 0);
    return {
      out: this.options.out,
      ...besideKept(this.options.out),
      teacher,
      ...(this.labeller.reading && { reading: this.labeller.reading }),
      chosenBy: info.chosenBy ?? teacher,
      skipped: false,
      images: sum('kept'),
      copies: sum('copies'),
      changed: null,
      corrected: 0,
      unreadable: 0,
      rejected: 0,
      classes: classCounts.map((counts, i) => ({ name: classes[i] ?? '', ...counts })),
      audit,
      warnings: [],
      seconds: (performance.now() - this.#start) / 1000,
      imagesPerSecond: 0,
      interrupted: false,
      ...found,
    };
  }
}

/** Stands for the audit that a file of kept labels has in it. */
function auditOf(out: string): string {
  return `${out.replace(/\.parquet$/, '')}.${placeNames.audit}`;
}

/** Metadata of a file of kept labels; undefined if it is not one and may be replaced. */
async function readInfoOf(path: string, replace: boolean): Promise<KeptInfo | undefined> {
  try {
    const set = await KeptSet.open(path);
    return set.info;
  } catch (cause) {
    if (!(cause instanceof ArtifactError)) throw cause;
    if (replace) return undefined;
    throw new ArtifactError(`${path} exists, and does not hold kept labels`, {
      code: 'labels-differ',
      where: path,
      notes: [cause.message],
      hint: phrase`choose another ${option('out')}, or pass ${option('overwrite', true)} to replace it`,
      cause,
    });
  }
}
