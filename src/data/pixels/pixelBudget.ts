/**
 * Pixels that all decoders of a process may have under way together, whichever thread they are in: a
 * progressive JPEG takes up to 12 bytes a pixel while it is decoded. One image of more goes alone.
 */
export const pixelsAtOnce = 100_000_000;

/** The largest image that is decoded, in pixels; sharp's own limit. */
export const largestImage = 0x3fff ** 2;

/** Smaller images do not queue: a dozen of them are no more than half the budget. */
const freeBelow = 4_000_000;

/** Milliseconds between two looks at whether it is one's turn. */
const patience = 4;

/** Places in the shared memory: pixels that are free, the next ticket, the ticket whose turn it is. */
const [free, tickets, turn] = [0, 1, 2];

/** Lets threads decode large images in the order in which they ask, while there is room. */
export class PixelBudget {
  readonly #state: Int32Array;

  /** `shared` is another thread's `memory`; without it the budget is a new one. */
  constructor(shared?: SharedArrayBuffer) {
    this.#state = new Int32Array(shared ?? new SharedArrayBuffer(12));
    if (shared === undefined) this.#state[free] = pixelsAtOnce;
  }

  get memory(): SharedArrayBuffer {
    return this.#state.buffer as SharedArrayBuffer;
  }

  /** Runs `decode` of an image of so many pixels once there is room for it. */
  async with<T>(pixels: number, decode: () => Promise<T>): Promise<T> {
    if (pixels <= freeBelow) return decode();
    const cost = Math.min(pixels, pixelsAtOnce);
    await this.#take(cost);
    try {
      return await decode();
    } finally {
      Atomics.add(this.#state, free, cost);
    }
  }

  /** Nobody passes an image that waits, so that a large one is not kept out by small ones. */
  async #take(cost: number): Promise<void> {
    const own = Atomics.add(this.#state, tickets, 1);
    while (Atomics.load(this.#state, turn) !== own || Atomics.load(this.#state, free) < cost)
      await new Promise((resolve) => setTimeout(resolve, patience));
    Atomics.sub(this.#state, free, cost);
    Atomics.add(this.#state, turn, 1);
  }
}

/** The budget of this thread, and of the threads that it starts. */
export const ownBudget = new PixelBudget();
