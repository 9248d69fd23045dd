import type { PackedPixels } from '../sets/images.js';

/** Pixels of some images: floats or bytes, on memory that threads share. */
export type Pixels = Float32Array | Uint8Array;

/** Pieces of shared memory that are lent out and come back. */
export class Slots {
  readonly #free: Pixels[] = [];

  /** `length` is the number of values of a piece. */
  constructor(private readonly length: number) {}

  /** A piece with elements of the same type. */
  take(like: Pixels): Pixels {
    const floats = like instanceof Float32Array;
    const found = this.#free.findIndex((piece) => piece instanceof Float32Array === floats);
    const [piece] = found < 0 ? [] : this.#free.splice(found, 1);
    if (piece) return piece;
    return floats
      ? new Float32Array(new SharedArrayBuffer(4 * this.length))
      : new Uint8Array(new SharedArrayBuffer(this.length));
  }

  give(piece: Pixels): void {
    this.#free.push(piece);
  }
}

const copies = new WeakMap<Uint8Array, Uint8Array>();

/** The same pixels on memory that threads share: copied, unless they are there. */
export function sharedPixels(packed: PackedPixels): PackedPixels {
  const { data } = packed;
  if (data.buffer instanceof SharedArrayBuffer) return packed;
  let copy = copies.get(data);
  if (!copy) {
    copy = new Uint8Array(new SharedArrayBuffer(data.length));
    copy.set(data);
    copies.set(data, copy);
  }
  return { ...packed, data: copy };
}
