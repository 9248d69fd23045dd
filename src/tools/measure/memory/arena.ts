/*
 * onnxruntime's arena (BFCArena, after TensorFlow's): memory comes from the system in regions, each
 * as large as all before it together or the request that it was made for, and is given out in chunks
 * of whole 256 bytes: of the smallest free chunk that fits, which is split if twice as much would
 * be left, or 128 MB. A freed chunk joins its free neighbours. A region is never given back, but only
 * pages that someone wrote to are resident.
 */

/** A part of a region. */
interface Chunk {
  readonly region: Region;
  readonly start: number;
  size: number;
  free: boolean;
  previous: Chunk | undefined;
  next: Chunk | undefined;
}

interface Region {
  /** Later regions lie at lower addresses, which decides between chunks of one size. */
  readonly order: number;
  readonly touched: Ranges;
}

const unit = 256;
const firstRegion = 2 ** 20;
/** A chunk is split if so many bytes would be wasted. */
const mostDead = 2 ** 27;

/** A chunk that was given out. */
export interface Allocation {
  readonly chunk: Chunk;
}

/** A model of the arena: what is resident after a series of allocations. */
export class Arena {
  readonly #free: Chunk[] = [];
  readonly #regions: Region[] = [];
  #nextRegion = firstRegion;
  #touched = 0;
  #reserved = 0;

  /** Bytes of pages that were written to. */
  get resident(): number {
    return this.#touched;
  }

  /** Bytes of the table that leads from each 256 bytes of a region to their chunk. */
  get indexBytes(): number {
    return (this.#reserved / unit) * 8;
  }

  /** Gives out `bytes`, which are all written to. */
  allocate(bytes: number): Allocation {
    const size = Math.ceil(bytes / unit) * unit;
    const chunk = this.#take(size) ?? this.#extend(size);
    if (chunk.size >= 2 * size || chunk.size - size >= mostDead) this.#split(chunk, size);
    chunk.free = false;
    this.#touched += chunk.region.touched.add(chunk.start, chunk.start + bytes);
    return { chunk };
  }

  free({ chunk }: Allocation): void {
    chunk.free = true;
    const { next, previous } = chunk;
    if (next?.free) {
      this.#remove(next);
      merge(chunk, next);
    }
    if (previous?.free) {
      this.#remove(previous);
      merge(previous, chunk);
      this.#insert(previous);
    } else this.#insert(chunk);
  }

  #take(size: number): Chunk | undefined {
    const index = this.#indexOf(size, -Infinity, 0);
    return this.#free.splice(index, 1)[0];
  }

  #extend(size: number): Chunk {
    const grown = size > this.#nextRegion;
    while (size > this.#nextRegion) this.#nextRegion *= 2;
    const region = { order: -this.#regions.length, touched: new Ranges() };
    this.#regions.push(region);
    this.#reserved += this.#nextRegion;
    const chunk = { region, start: 0, size: this.#nextRegion, free: true };
    if (!grown) this.#nextRegion *= 2;
    return { ...chunk, previous: undefined, next: undefined };
  }

  #split(chunk: Chunk, size: number): void {
    const { region, next } = chunk;
    const rest: Chunk = {
      region,
      start: chunk.start + size,
      size: chunk.size - size,
      free: true,
      previous: chunk,
      next,
    };
    if (next) next.previous = rest;
    chunk.next = rest;
    chunk.size = size;
    this.#insert(rest);
  }

  #insert(chunk: Chunk): void {
    const { size, region, start } = chunk;
    this.#free.splice(this.#indexOf(size, region.order, start), 0, chunk);
  }

  #remove(chunk: Chunk): void {
    const { size, region, start } = chunk;
    this.#free.splice(this.#indexOf(size, region.order, start), 1);
  }

  /** Index of a chunk among the free ones, which are sorted by size, then by address. */
  #indexOf(size: number, order: number, start: number): number {
    let [low, high] = [0, this.#free.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#free[middle];
      if (other === undefined) break;
      const difference = other.size - size || other.region.order - order || other.start - start;
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function merge(first: Chunk, second: Chunk): void {
  first.size += second.size;
  first.next = second.next;
  if (second.next) second.next.previous = first;
}

const page = 4096;

/** Disjoint ranges of pages of a region, sorted. */
class Ranges {
  readonly #ends: { from: number; to: number }[] = [];

  /** Adds the pages of a range of bytes; how many bytes of pages were not there before. */
  add(start: number, end: number): number {
    let from = Math.floor(start / page) * page;
    let to = Math.ceil(end / page) * page;
    let added = to - from;
    const first = this.#ends.findIndex((range) => range.to >= from);
    if (first === -1) {
      this.#ends.push({ from, to });
      return added;
    }
    let count = 0;
    for (const range of this.#ends.slice(first)) {
      if (range.from > to) break;
      added -= Math.max(0, Math.min(to, range.to) - Math.max(from, range.from));
      from = Math.min(from, range.from);
      to = Math.max(to, range.to);
      count += 1;
    }
    this.#ends.splice(first, count, { from, to });
    return added;
  }
}
