/** Files of a set that are not among its images, for one reason. */
export interface LeftOutReason {
  /** Such as `files in @eaDir`. */
  readonly what: string;
  readonly count: number;
  /** The first of them, as its path inside the set. */
  readonly first: string;
}

/** A file that looks like an image and cannot be one of the set. */
export interface UnreadableFile {
  /** Its path. */
  readonly where: string;
  readonly reason: string;
  /** Its format, or what else is wrong with many files at once. */
  readonly kind: string;
}

/** So many are listed by name; more are only counted. */
const listed = 2 ** 16;

/** Entries of a folder beside the images of its set: counted by reason while it is listed. */
export class LeftOut {
  /** `among`: its unreadable files are among the images of the set, as those that a list names. */
  constructor(readonly among = false) {}

  readonly #reasons = new Map<string, { what: string; count: number; first: string }>();
  readonly #unreadable: UnreadableFile[] = [];
  readonly #kinds = new Map<string, number>();

  /** Counts files that are no concern of the set's. */
  add(what: string, first: string, count = 1): void {
    const known = this.#reasons.get(what);
    if (known) known.count += count;
    else this.#reasons.set(what, { what, count, first });
  }

  /** Notes a file that counts as an unreadable image. */
  addUnreadable(file: UnreadableFile): void {
    this.#kinds.set(file.kind, (this.#kinds.get(file.kind) ?? 0) + 1);
    if (this.#unreadable.length < listed) this.#unreadable.push(file);
  }

  get reasons(): readonly LeftOutReason[] {
    return [...this.#reasons.values()];
  }

  /** Files that look like images, the first of them by name. */
  get unreadable(): readonly UnreadableFile[] {
    return this.#unreadable;
  }

  get unreadableCount(): number {
    return this.kinds.reduce((sum, { count }) => sum + count, 0);
  }

  /** Unreadable files by format, the most first. */
  get kinds(): readonly { readonly what: string; readonly count: number }[] {
    return [...this.#kinds]
      .map(([what, count]) => ({ what, count }))
      .sort((a, b) => b.count - a.count);
  }
}
