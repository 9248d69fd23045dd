import { wilson } from '../../support/statistics/interval.js';
import type { Audit } from '../labels/audit.js';
import type { MatchedPrecision } from '../labels/figureSchemas.js';

/** Fewer audited images than this, of one range of confidence, would be weighted by chance. */
const fewestOfBin = 5;
const mostBins = 20;

/**
 * Weights audited images so that their confidences are spread as those of the labels that are kept:
 * held-out images are often surer than the unlabelled ones. The ranges of confidence are those of equal
 * numbers of audited images, so none of them is empty; each counts by its share of the kept labels.
 */
export class ConfidenceMatch {
  /** Start of each range, [bins]. */
  readonly #begins: readonly number[];
  readonly #audited: Float64Array;
  readonly #right: Float64Array;
  readonly #kept: Float64Array;
  readonly #least: number;
  #outside = 0;

  /** Takes the audited images that reach the thresholds [classes]. */
  constructor({ actual, label, confidence }: Audit, thresholds: Float32Array) {
    const rows = [...confidence.keys()].filter(
      (i) => (confidence[i] ?? 0) >= (thresholds[label[i] ?? 0] ?? 0),
    );
    const sorted = Float32Array.from(rows, (i) => confidence[i] ?? 0).sort();
    this.#least = sorted[0] ?? Infinity;
    const bins = Math.min(mostBins, Math.max(1, Math.floor(sorted.length / fewestOfBin)));
    const begins = Array.from({ length: bins }, (_, bin) =>
      bin === 0 ? -Infinity : (sorted[Math.floor((bin * sorted.length) / bins)] ?? 0),
    ).filter((begin) => begin !== this.#least);
    this.#begins = [...new Set(begins)];
    const zeros = (): Float64Array => new Float64Array(this.#begins.length);
    [this.#audited, this.#right, this.#kept] = [zeros(), zeros(), zeros()];
    for (const i of rows) {
      const bin = this.#binOf(confidence[i] ?? 0);
      count(this.#audited, bin);
      if (actual[i] === label[i]) count(this.#right, bin);
    }
  }

  /** Counts a label that is kept. */
  add(confidence: number): void {
    count(this.#kept, this.#binOf(confidence));
    if (confidence < this.#least) this.#outside += 1;
  }

  /** Null if no image reached the thresholds, or no label was kept. */
  result(): MatchedPrecision | null {
    const kept = this.#kept.reduce((a, b) => a + b, 0);
    const audited = this.#audited.reduce((a, b) => a + b, 0);
    if (kept === 0 || audited === 0) return null;
    let [precision, squares] = [0, 0];
    for (const [bin, images] of this.#audited.entries()) {
      const share = (this.#kept[bin] ?? 0) / kept;
      precision += (share * (this.#right[bin] ?? 0)) / images;
      squares += share ** 2 / images;
    }
    const n = 1 / squares;
    return { precision, n, interval: wilson(precision * n, n), outside: this.#outside / kept };
  }

  /** The last range that begins at or below a confidence. */
  #binOf(confidence: number): number {
    let [low, high] = [0, this.#begins.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (confidence >= (this.#begins[middle] ?? 0)) low = middle;
      else high = middle;
    }
    return low;
  }
}

function count(counts: Float64Array, bin: number): void {
  counts[bin] = (counts[bin] ?? 0) + 1;
}
