import type { Manifest } from '../../contract/manifest.js';
import { openCheckpoint } from '../../runtime/storage/checkpoint.js';

/** Steps in a row that may change nothing, while a loss scale finds its place, although the loss is not finite. */
const mostInARow = 30;

/** Counts the steps of a run that overflowed and changed nothing, as the state of its loss scale does. */
export class SkippedSteps {
  /** Key of the count in a checkpoint; undefined if no loss is scaled. */
  readonly #key: string | undefined;
  #total = 0;
  #inARow = 0;

  constructor({ artifacts: { train, update } }: Manifest) {
    const inputs = (train ?? update)?.inputs ?? [];
    this.#key = inputs.find(({ role, slot }) => role === 'state' && slot === 'skippedSteps')?.name;
  }

  /** Total of the whole run, the resumed part included; undefined if no loss is scaled. */
  get total(): number | undefined {
    return this.#key === undefined ? undefined : this.#total;
  }

  /** Takes the metrics of a step; whether its loss may be other than finite. */
  add({ skipped = 0 }: Readonly<Record<string, number>>): boolean {
    this.#total += skipped;
    this.#inARow = skipped === 0 ? 0 : this.#inARow + 1;
    return this.#inARow > 0 && this.#inARow <= mostInARow;
  }

  /** Goes on from the count in a checkpoint's folder. */
  resume(path: string): void {
    if (this.#key === undefined) return;
    const { tensors } = openCheckpoint(path);
    try {
      this.#total = Number(tensors.read(this.#key).data[0]);
    } finally {
      tensors.close();
    }
    this.#inARow = 0;
  }

  /** Begins anew. */
  reset(): void {
    this.#total = 0;
    this.#inARow = 0;
  }
}
