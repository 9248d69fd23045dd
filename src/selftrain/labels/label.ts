import { rmSync } from 'node:fs';
import type { Telling } from '../../contract/events.js';
import { teller, type Tell } from '../../training/listeners/tell.js';
import type { OnnxReading } from '../../training/labelling/classifier/reading.js';
import type { Labeller } from '../../training/labelling/labeller.js';
import { range, type ImageSource } from '../../data/loader/imageSource.js';
import { countsOf, examplesOf, joinedChange, type SetChange } from '../../data/memory/setChange.js';
import { makeFolder } from '../../runtime/storage/atomic.js';
import { ArtifactError, ConfigError, DataError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { differenceFrom, originBy } from './labelOrigin.js';
import {
  listShards,
  missingShards,
  mostClasses,
  readShardInfo,
  shardPath,
  ShardWriter,
  type LabelOrigin,
  type ShardInfo,
} from './labelStore.js';
import type { ShardMemory } from './shardMemory.js';

/** Images of a shard if nobody says how many shards there are. */
const shardImages = 20_000;

export interface LabelOptions extends Telling {
  /** Folder of the shards. */
  readonly out: string;
  /** Into how many shards the set is cut; by default one for each 20,000 images. */
  readonly shards?: number | undefined;
  /** The one shard to make, counted from 1 (default: all). */
  readonly shard?: number | undefined;
  /** Number of the largest probabilities to keep (default: all). */
  readonly topK?: number | undefined;
  /** Probabilities are softmax(scores / temperature); default 1. */
  readonly temperature?: number | undefined;
  /** Replaces labels by another teacher, of other images or with other settings. */
  readonly overwrite?: boolean | undefined;
  /** Remembers the images of each shard, and notices those that changed. */
  readonly memory?: ShardMemory | undefined;
  /** Aborted: stops after the batch that runs; finished shards stay. */
  readonly signal?: AbortSignal | undefined;
}

export interface LabelSummary {
  readonly folder: string;
  readonly teacher: { readonly name: string; readonly path: string; readonly fingerprint: string };
  /** Reading of an .onnx file; missing for a checkpoint. */
  readonly reading?: OnnxReading;
  readonly shards: number;
  /** Shards that were there before, made from the same inputs. */
  readonly skipped: number;
  /** Shards that the folder lacks still, from 1, and of how many. */
  readonly missing: readonly number[];
  readonly of: number;
  /** Images labelled now. */
  readonly images: number;
  /** Images that could not be read, and have no label. */
  readonly unreadable: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly interrupted: boolean;
}

/**
 * Labels the images of a source into shards. A shard is made whole or not at all; one that is there
 * and was made from the same inputs is skipped, so that the same call goes on where it was stopped.
 */
export async function labelImages(
  labeller: Labeller,
  source: ImageSource,
  options: LabelOptions,
): Promise<LabelSummary> {
  requireSensible(source, options, shardsOf(source, options), labeller.teacher.classes.length);
  const origin = await originBy(labeller, source, options);
  return new LabelRun(labeller, source, origin, options).run();
}

function shardsOf({ count }: ImageSource, { shards }: LabelOptions): number {
  return shards ?? Math.max(1, Math.ceil(count / shardImages));
}

class LabelRun {
  readonly #of: number;
  readonly #wanted: readonly number[];
  readonly #start = performance.now();
  readonly #teller: Tell;
  #total = 0;
  #images = 0;
  #unreadable = 0;

  constructor(
    private readonly labeller: Labeller,
    private readonly source: ImageSource,
    private readonly origin: LabelOrigin,
    private readonly options: LabelOptions,
  ) {
    this.#of = shardsOf(source, options);
    this.#teller = teller(options);
    this.#wanted = options.shard === undefined ? [...range(1, this.#of + 1)] : [options.shard];
  }

  async run(): Promise<LabelSummary> {
    const { out, signal } = this.options;
    makeFolder(out);
    const finished = await this.#finished();
    const missing = this.#wanted.filter((index) => !finished.has(index));
    for (const index of missing) {
      const { start, end } = this.#rangeOf(index);
      this.#total += end - start;
    }
    let made = 0;
    for (const index of missing) {
      if (signal?.aborted === true || !(await this.#shard(index))) break;
      made += 1;
    }
    return this.#summary(this.#wanted.length - missing.length, made < missing.length);
  }

  /** Shards that are there. Throws, unless overwriting, if they are others than these would be. */
  async #finished(): Promise<Set<number>> {
    const { out, overwrite = false } = this.options;
    const finished = new Set<number>();
    const others: string[] = [];
    const changes: SetChange[] = [];
    for (const path of listShards(out)) {
      const info = await readUndamaged(path, overwrite);
      // One that was cut short is made again, and then replaced.
      if (info === undefined) continue;
      const { index } = info.shard;
      const difference = this.#difference(info);
      if (difference !== undefined && !overwrite)
        await this.#requireAccepted(info, path, difference);
      const change = difference === undefined ? await this.#changeOf(path, index) : undefined;
      if (change) changes.push(change);
      if (difference === undefined && change === undefined) finished.add(index);
      else others.push(path);
    }
    if (changes.length > 0) this.#tellChange(joinedChange(changes), changes.length);
    for (const path of others) rmSync(path);
    return finished;
  }

  /**
   * Finds how the images of a finished shard have changed; shards that are not requested are not
   * examined.
   */
  async #changeOf(path: string, index: number): Promise<SetChange | undefined> {
    if (!this.#wanted.includes(index)) return undefined;
    const { start, end } = this.#rangeOf(index);
    return this.options.memory?.changeOf(path, start, end);
  }

  /** Throws if a shard differs, unless it does so in its images and these may have changed. */
  async #requireAccepted(info: LabelOrigin, path: string, difference: string): Promise<void> {
    const { out, memory } = this.options;
    const today = { ...this.origin, data: info.data };
    const inImages = differenceFrom(this.labeller, today, info) === undefined;
    if (inImages && memory?.options.acceptData === true) return;
    const found = inImages ? await memory?.compareAll(listShards(out)) : undefined;
    const change = found?.change;
    const order = found?.reordered === true ? ' (the same images in another order)' : '';
    const counts = change ? ` (${countsOf(change)})` : order;
    throw new ArtifactError(`${out} holds other labels: ${path} was made ${difference}${counts}`, {
      code: 'labels-differ',
      where: out,
      notes: change && examplesOf(change),
      hint:
        inImages && memory
          ? phrase`choose another ${option('out')}; or ${option('acceptData', true)} relabels the images as they are now`
          : phrase`choose another ${option('out')}, or pass ${option('overwrite', true)} to replace them`,
    });
  }

  /** Throws if images have changed since they got their labels, unless that is accepted. */
  #tellChange(change: SetChange, shards: number): void {
    const { out, memory, overwrite = false } = this.options;
    const { acceptData = false, tell } = memory?.options ?? {};
    const message = `some images of ${this.source.name} have changed since they were labelled in ${out}: ${countsOf(change)}`;
    if (!acceptData && !overwrite)
      throw new DataError(message, {
        code: 'data-changed',
        where: this.source.name,
        notes: examplesOf(change),
        hint: phrase`restore them; or ${option('acceptData', true)} relabels the ${shards === 1 ? '1 shard' : `${shards} shards`} that they are in; or ${option('overwrite', true)} replaces all labels that differ`,
      });
    tell?.(`${message}; their ${shards === 1 ? 'shard is' : `${shards} shards are`} made again`);
  }

  #difference(info: LabelOrigin & { readonly shard: { readonly of: number } }): string | undefined {
    const difference = differenceFrom(this.labeller, this.origin, info);
    if (difference !== undefined || info.shard.of === this.#of) return difference;
    return `as one of ${info.shard.of} shards, not ${this.#of}`;
  }

  /** The images of a shard, the first of which has index 1. */
  #rangeOf(index: number): { readonly start: number; readonly end: number } {
    const at = (i: number): number => Math.floor((i * this.source.count) / this.#of);
    return { start: at(index - 1), end: at(index) };
  }

  /** Makes a shard; false if it was stopped, and left nothing. */
  async #shard(index: number): Promise<boolean> {
    const { source, labeller, options } = this;
    const { start, end } = this.#rangeOf(index);
    const path = shardPath(options.out, index, this.#of);
    const writer = new ShardWriter(path, { ...this.origin, shard: { index, of: this.#of } });
    const before = this.#images;
    // The files are measured before they are read.
    const remembered = options.memory?.record(path, start, end);
    remembered?.catch(() => undefined);
    try {
      for await (const { indices, probabilities } of labeller.predict(
        source,
        range(start, end),
        this.origin.temperature,
      )) {
        if (options.signal?.aborted === true) {
          this.#images = before;
          return false;
        }
        const { length } = this.origin.classes;
        for (const [row, i] of indices.entries())
          writer.add(source.id(i), i, probabilities.subarray(row * length, (row + 1) * length));
        this.#images += indices.length;
        this.#tell();
      }
      this.#unreadable += end - start - writer.rows;
      await remembered;
      writer.commit();
      return true;
    } finally {
      // Nothing happens if the shard was committed.
      writer.discard();
    }
  }

  #rate(): number {
    return this.#images / ((performance.now() - this.#start) / 1000);
  }

  #tell(): void {
    this.#teller({
      kind: 'progress',
      task: 'label',
      done: this.#images + this.#unreadable,
      total: this.#total,
      rate: this.#rate(),
      unit: 'images',
    });
  }

  #summary(skipped: number, interrupted: boolean): LabelSummary {
    const { name, path, fingerprint } = this.labeller.teacher;
    return {
      folder: this.options.out,
      teacher: { name, path, fingerprint },
      ...(this.labeller.reading && { reading: this.labeller.reading }),
      shards: this.#wanted.length,
      skipped,
      missing: missingShards(this.options.out, this.#of),
      of: this.#of,
      images: this.#images,
      unreadable: this.#unreadable,
      seconds: (performance.now() - this.#start) / 1000,
      imagesPerSecond: this.#rate(),
      interrupted,
    };
  }
}

/** Undefined for a shard that is damaged, or whatever is wrong with it if it may be replaced. */
async function readUndamaged(path: string, replace: boolean): Promise<ShardInfo | undefined> {
  try {
    return await readShardInfo(path);
  } catch (error) {
    if (error instanceof ArtifactError && (replace || error.code === 'parquet-damaged'))
      return undefined;
    throw error;
  }
}

function requireSensible(
  source: ImageSource,
  { shard, topK, temperature = 1 }: LabelOptions,
  shards: number,
  classes: number,
): void {
  const wrong = (message: string, name: string, hint: string): ConfigError =>
    new ConfigError(message, { code: 'label-option', option: [name], hint });
  if (source.count === 0)
    throw new DataError(`${source.name} contains no images`, {
      code: 'no-images',
      where: source.name,
    });
  if (shards > source.count)
    throw wrong(
      `${source.count} images cannot be cut into ${shards} shards`,
      'shards',
      `ask for at most ${source.count}`,
    );
  if (shard !== undefined && (shard < 1 || shard > shards))
    throw wrong(`shard ${shard} of ${shards} does not exist`, 'shard', `choose 1 to ${shards}`);
  if (classes > mostClasses)
    throw wrong(
      `the teacher has ${classes} classes`,
      'classes',
      `use a teacher of at most ${mostClasses} classes`,
    );
  if (topK !== undefined && (topK < 1 || topK > classes))
    throw wrong(`topK is ${topK} for ${classes} classes`, 'topK', `set 1 to ${classes}`);
  if (!(temperature > 0 && temperature < Infinity))
    throw wrong(`the temperature is ${temperature}`, 'temperature', 'set a number above 0');
}
