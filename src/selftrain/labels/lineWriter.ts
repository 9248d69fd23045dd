import { AtomicFile } from '../../runtime/storage/atomic.js';

const flushAt = 2 ** 16;

/** Writes text line by line into a file that appears whole or not at all. */
export class LineWriter {
  readonly #file: AtomicFile;
  readonly #encoder = new TextEncoder();
  #text = '';

  /** Throws as AtomicFile does, here and when it writes. */
  constructor(path: string) {
    this.#file = new AtomicFile(path);
  }

  /** Adds a line, which has its end. */
  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= flushAt) this.#flush();
  }

  /** Completes the file and gives it its name; returns its size in bytes. */
  commit(): number {
    this.#flush();
    return this.#file.commit();
  }

  /** Drops what was written; nothing happens after a commit. */
  discard(): void {
    this.#file.discard();
  }

  #flush(): void {
    this.#file.write(this.#encoder.encode(this.#text));
    this.#text = '';
  }
}
