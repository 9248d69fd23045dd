/**
 * Rule for which pseudo-labels are kept, and how often: a confidence threshold, a cap on images per
 * class, copies if a class has fewer. Sources: arXiv 1911.04252, section 2 (the best of each class,
 * duplicates at random), and its public code (thresholds on a grid, fractional copies).
 */
import type { ClassCap } from '../../contract/choices.js';
import { ConfigError } from '../../support/errors.js';
import { confidenceKey, confidenceKeyEnd, LargestKeys } from './exactCut.js';

/** Steps of the grid of confidences: a hundredth each, as in the public code. */
export const gridSteps = 100;

const edges = Float32Array.from({ length: gridSteps + 1 }, (_, k) => k / gridSteps);

export interface SelectionRule {
  /** Labels of less confidence are dropped. */
  readonly threshold: number;
  /** Images wanted of each class, copies included (default: no limit and no copies). */
  readonly perClass?: number | undefined;
  /**
   * Way to cut a class to `perClass`. `exact`: its most confident images, as in the paper. `grid`:
   * all images above a threshold on the grid of 0.01, each kept with the probability that makes
   * `perClass` the expected number, as in the code.
   */
  readonly cap: ClassCap;
  /** Most copies of an image; 1 duplicates nothing. */
  readonly maxCopies: number;
}

/** Why an image is kept or not, as the ledger has it. */
export type Reason =
  | 'confident'
  | 'scarce-class'
  | 'below-threshold'
  | 'beyond-cap'
  | 'not-drawn'
  | 'corrected'
  | 'rejected'
  | 'reassigned'
  | 'unreadable';

/** Treatment of the images of one class. */
export interface ClassCut {
  /** Images below this confidence are dropped. */
  readonly threshold: number;
  /** Expected copies of each image that is kept. */
  readonly copies: number;
  /**
   * Number of times an image at or above the rule's threshold is kept; `draw` is its own number
   * from 0 to 1.
   */
  decide(
    confidence: number,
    draw: () => number,
  ): { readonly copies: number; readonly reason: Reason };
}

/** Throws a ConfigError if a rule makes no sense. */
export function requireRule({ threshold, perClass, maxCopies }: SelectionRule): void {
  const wrong = (message: string, name: string, hint: string): ConfigError =>
    new ConfigError(message, { code: 'filter-option', option: [name], hint });
  if (!(threshold >= 0 && threshold <= 1))
    throw wrong(`the threshold is ${threshold}`, 'threshold', 'set a confidence of 0 to 1');
  if (perClass !== undefined && !(perClass >= 1))
    throw wrong(`perClass is ${perClass}`, 'perClass', 'set a number of at least 1');
  if (!(maxCopies >= 1))
    throw wrong(`maxCopies is ${maxCopies}`, 'maxCopies', 'set a number of at least 1');
}

/** Counts of labels by class and confidence: all that the first pass keeps of the images. */
export class ConfidenceCounts {
  /** [classes, 101]: labels of confidence k/100 to below (k+1)/100; the last ones are 1. */
  readonly #grid: Float64Array;
  readonly #eligible: Float64Array;
  readonly #highest: Float32Array;
  readonly #sums: Float64Array;
  readonly #threshold: number;

  constructor(
    readonly classes: number,
    threshold: number,
  ) {
    this.#grid = new Float64Array(classes * edges.length);
    this.#eligible = new Float64Array(classes);
    this.#highest = new Float32Array(classes);
    this.#sums = new Float64Array(classes);
    // Confidences are stored with 24 bits: 0.3 reaches a threshold of 0.3.
    this.#threshold = Math.fround(threshold);
  }

  add(label: number, confidence: number): void {
    const at = label * edges.length + gridIndex(confidence);
    this.#grid[at] = (this.#grid[at] ?? 0) + 1;
    if (confidence > (this.#highest[label] ?? 0)) this.#highest[label] = confidence;
    if (!(confidence >= this.#threshold)) return;
    this.#eligible[label] = (this.#eligible[label] ?? 0) + 1;
    this.#sums[label] = (this.#sums[label] ?? 0) + confidence;
  }

  /** Counts of a class by hundredths of confidence, [101]. */
  histogram(label: number): Float64Array {
    return this.#grid.subarray(label * edges.length, (label + 1) * edges.length);
  }

  /** Counts of all classes by hundredths of confidence, [101]. */
  total(): Float64Array {
    const sum = new Float64Array(edges.length);
    for (const [i, count] of this.#grid.entries())
      sum[i % edges.length] = (sum[i % edges.length] ?? 0) + count;
    return sum;
  }

  /** Labels of a class. */
  images(label: number): number {
    return this.histogram(label).reduce((a, b) => a + b, 0);
  }

  /** Labels of a class at or above the threshold. */
  eligible(label: number): number {
    return this.#eligible[label] ?? 0;
  }

  /** Mean confidence of a class's labels at or above the threshold. */
  meanConfidence(label: number): number {
    return (this.#sums[label] ?? 0) / this.eligible(label);
  }

  /** Highest confidence of a class. */
  highest(label: number): number {
    return this.#highest[label] ?? 0;
  }

  /**
   * The first threshold on the grid, from 1 down, which `wanted` labels of a class reach, or else
   * the given one; with the number that reach it.
   */
  gridThreshold(label: number, wanted: number): { threshold: number; count: number } {
    const histogram = this.histogram(label);
    let count = 0;
    for (let k = gridSteps; k >= 0 && (edges[k] ?? 0) > this.#threshold; k--) {
      count += histogram[k] ?? 0;
      if (count >= wanted) return { threshold: edges[k] ?? 0, count };
    }
    return { threshold: this.#threshold, count: this.eligible(label) };
  }
}

/** Largest hundredth that a confidence from 0 to 1 has reached. */
function gridIndex(confidence: number): number {
  let k = Math.min(gridSteps, Math.max(0, Math.floor(confidence * gridSteps)));
  // A float32 of 0.29 lies below the double 0.29, and has reached it all the same.
  if (k < gridSteps && confidence >= (edges[k + 1] ?? 2)) k += 1;
  return k;
}

/** The cut of a class by the grid, as in the public code. */
export function gridCut(counts: ConfidenceCounts, label: number, rule: SelectionRule): ClassCut {
  const { perClass = 0, maxCopies } = rule;
  const { threshold, count } = counts.gridThreshold(label, perClass);
  const copies = count === 0 ? 1 : Math.min(maxCopies, perClass / count);
  return drawnCut(threshold, copies);
}

/** The cut of a class that has no more labels than are wanted: all of them, with copies. */
export function scarceCut(counts: ConfidenceCounts, label: number, rule: SelectionRule): ClassCut {
  const { threshold, perClass, maxCopies } = rule;
  const count = counts.eligible(label);
  const copies = perClass === undefined || count === 0 ? 1 : perClass / count;
  return drawnCut(Math.fround(threshold), Math.min(maxCopies, Math.max(1, copies)));
}

/** All images from a threshold on, with copies: the whole part, and one more with the fraction's probability. */
function drawnCut(threshold: number, copies: number): ClassCut {
  const whole = Math.floor(copies);
  const fraction = copies - whole;
  return {
    threshold,
    copies,
    decide(confidence, draw) {
      if (!(confidence >= threshold)) return { copies: 0, reason: 'beyond-cap' };
      const own = whole + (fraction > 0 && draw() < fraction ? 1 : 0);
      if (own === 0) return { copies: 0, reason: 'not-drawn' };
      return { copies: own, reason: own > 1 ? 'scarce-class' : 'confident' };
    },
  };
}

/** The cut of a class that has more labels than are wanted: exactly the most confident ones. */
export class ExactCut implements ClassCut {
  readonly copies = 1;
  readonly #keys: LargestKeys;
  /** Chooses among images of one confidence, by their draws. */
  #ties: LargestKeys | undefined;
  /** Images of one confidence and one draw are taken in their order. */
  #left = 0;

  constructor(wanted: number, counts: ConfidenceCounts, label: number) {
    const { threshold } = counts.gridThreshold(label, wanted);
    this.#keys = new LargestKeys(wanted, confidenceKey(threshold), confidenceKeyEnd);
  }

  /** Input that the next pass needs; undefined if the cut is known. */
  get needs(): 'confidences' | 'draws' | undefined {
    if (!this.#keys.done) return 'confidences';
    return this.#ties && !this.#ties.done ? 'draws' : undefined;
  }

  add(confidence: number, draw: () => number): void {
    const key = confidenceKey(confidence);
    if (!this.#keys.done) this.#keys.add(key);
    else if (key === this.#keys.ties.key) this.#ties?.add(drawKey(draw));
  }

  endPass(): void {
    const { needs } = this;
    if (needs === 'draws') this.#ties?.endPass();
    if (needs !== 'confidences') return;
    this.#keys.endPass();
    const { wanted } = this.#keys.ties;
    if (this.#keys.done && wanted > 0) this.#ties = new LargestKeys(wanted, 0, 2 ** 32);
  }

  get threshold(): number {
    return (this.#ties ? this.#keys.ties.key : this.#keys.takenFrom) / 2 ** 24;
  }

  /** Begins the pass that decides. */
  start(): void {
    this.#left = this.#ties?.ties.wanted ?? 0;
  }

  decide(confidence: number, draw: () => number): { copies: number; reason: Reason } {
    const taken = this.#takes(confidenceKey(confidence), draw);
    return taken ? { copies: 1, reason: 'confident' } : { copies: 0, reason: 'beyond-cap' };
  }

  #takes(key: number, draw: () => number): boolean {
    if (key >= this.#keys.takenFrom) return true;
    if (!this.#ties || key !== this.#keys.ties.key) return false;
    const own = drawKey(draw);
    if (own >= this.#ties.takenFrom) return true;
    if (own !== this.#ties.ties.key || this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}

function drawKey(draw: () => number): number {
  return Math.floor(draw() * 2 ** 32);
}
