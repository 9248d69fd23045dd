/*
 * onnxruntime's WebGPU provider has one device for the whole process, and crashes if two threads
 * use it at once (microsoft/onnxruntime#32561). So threads take turns: a word in memory that all of
 * them share holds the number of the one whose turn it is, 0 if it is nobody's.
 */

/** A place for the turns of one process's threads. */
export function createTurns(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Waits, blocking this thread, until it is thread `id`'s turn; runs `work`, and gives the turn back. */
export async function inTurn<T>(turns: Int32Array, id: number, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const holder = Atomics.compareExchange(turns, 0, 0, id);
    if (holder === 0) break;
    Atomics.wait(turns, 0, holder);
  }
  try {
    return await work();
  } finally {
    endTurn(turns, id);
  }
}

/** Gives back the turn of a thread that may have ended while it had it. */
export function endTurn(turns: Int32Array, id: number): void {
  if (Atomics.compareExchange(turns, 0, id, 0) === id) Atomics.notify(turns, 0);
}
