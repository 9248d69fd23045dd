import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../runtime/storage/atomic.js';
import { writeError } from '../../runtime/storage/fileErrors.js';
import { DataError } from '../../support/errors.js';
import { option, phrase, type OptionPath } from '../../support/phrase.js';
import { checkRanges } from '../../support/optionRanges.js';
import type { LeftOut } from '../sets/leftOut.js';

/** Maximum number of unreadable images in a run, by default. */
export const defaultUnreadable = 100;
const shownReasons = 3;

export interface UnreadableOptions {
  /** File that takes a JSON line for each such image (default: no file). */
  readonly file?: string | undefined;
  /** More of them stop the run. */
  readonly limit: number;
  /** The option that allows more (default: the key of a config). */
  readonly allow?: OptionPath;
}

/** The images of a run that cannot be read: counted, and listed in a file with the reason. */
export class UnreadableImages {
  readonly #found = new Map<string | number, string>();
  readonly #reasons = new Map<string, number>();
  readonly #listed: ReadonlySet<string>;

  constructor(private readonly options: UnreadableOptions) {
    const { file, limit } = options;
    if (limit !== Infinity) checkRanges('UnreadableImages', { unreadable: limit }, ['unreadable']);
    // A run that is resumed meets the same images again.
    this.#listed = new Set(
      file !== undefined && existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [],
    );
  }

  get count(): number {
    return this.#found.size;
  }

  /** The file that lists them; undefined if there are none, or no file was wanted. */
  get list(): string | undefined {
    return this.count === 0 ? undefined : this.options.file;
  }

  /** Says that images were skipped; undefined if none was. */
  get note(): string | undefined {
    const { list } = this;
    if (this.count === 0) return undefined;
    const [what, are, them] =
      this.count === 1 ? ['1 image', 'is', 'it'] : [`${this.count} images`, 'are', 'them'];
    const lists = list === undefined ? '' : `; ${list} lists ${them}`;
    return `warning: ${what} could not be read and ${are} skipped${lists}`;
  }

  /** Each of them with the reason. */
  get found(): ReadonlyMap<string | number, string> {
    return this.#found;
  }

  has(where: string | number): boolean {
    return this.#found.has(where);
  }

  /** Notes an image. Throws a DataError if they are more than the limit. */
  add(where: string | number, reason: string): void {
    if (this.#found.has(where)) return;
    this.#found.set(where, reason);
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    const line = JSON.stringify({ image: where, reason });
    const { file, limit } = this.options;
    if (file !== undefined && !this.#listed.has(line)) append(file, `${line}\n`);
    if (this.count <= limit) return;
    throw this.#tooMany(where, `more than ${limit} images`);
  }

  /**
   * Notes what looks like an image beside a set's images, such as files of a format that is not
   * decoded. Throws a DataError if they are more than the limit, before any is decoded.
   */
  addBeside(left: LeftOut | undefined): void {
    const { unreadable = [], unreadableCount = 0 } = left ?? {};
    for (const { where, reason } of unreadable) this.add(where, reason);
    const [last] = unreadable.slice(-1);
    const count = this.count - unreadable.length + unreadableCount;
    if (last && count > this.options.limit) throw this.#tooMany(last.where, `${count} images`);
  }

  /** The most frequent reasons, each with its number of images. */
  get reasons(): readonly string[] {
    return [...this.#reasons]
      .sort(([, a], [, b]) => b - a)
      .slice(0, shownReasons)
      .map(([reason, count]) => `${count}: ${reason}`);
  }

  #tooMany(where: string | number, count: string): DataError {
    const { file, allow = ['data', 'unreadable'] } = this.options;
    const list = file === undefined ? '' : `; ${file} lists them`;
    return new DataError(`${count} cannot be read${list}`, {
      code: 'unreadable-images',
      where: String(where),
      notes: this.reasons,
      hint: phrase`repair or remove them, or raise the limit with ${option(allow)}`,
    });
  }
}

function append(file: string, text: string): void {
  // An image may be met before whatever writes beside the list makes its folder.
  makeFolder(dirname(file));
  try {
    appendFileSync(file, text);
  } catch (cause) {
    throw writeError(cause, file, text.length);
  }
}
