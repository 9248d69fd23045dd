import { clopperPearson } from '../../support/statistics/interval.js';
import type { Corrections, Mark } from '../labels/corrections.js';
import type { SampleResult } from '../labels/figureSchemas.js';

interface Sampled {
  readonly label: number;
  readonly confidence: number;
  /** Undefined if nobody has said. */
  readonly right: boolean | undefined;
}

interface Row {
  readonly id: string;
  readonly label: number;
  readonly confidence: number;
}

/** Holds the marks of a file of corrections against what the teacher says of their images. */
export class MarkedSample {
  readonly #rows: Sampled[] = [];

  constructor(private readonly corrections: Corrections) {}

  /** Takes a label as the teacher gave it; returns whether its image is of the sample. */
  look({ id, label, confidence }: Row): boolean {
    const mark = this.corrections.marks.get(id);
    if (mark === undefined) return false;
    const right = verdictOf(mark, label, this.corrections.labels.get(id));
    this.#rows.push({ label, confidence, right });
    return true;
  }

  /** Result on the labels that reach the thresholds [classes]; null if there is no sample. */
  result(thresholds: Float32Array): SampleResult | null {
    if (this.#rows.length === 0) return null;
    const above = this.#rows.filter(
      ({ label, confidence }) => confidence >= (thresholds[label] ?? 0),
    );
    const marked = above.filter(({ right }) => right !== undefined);
    const right = marked.filter((own) => own.right === true).length;
    const n = marked.length;
    return {
      n,
      right,
      precision: n === 0 ? null : right / n,
      interval: n === 0 ? null : clopperPearson(right, n),
      of: above.length,
      below: this.#rows.length - above.length,
    };
  }
}

/** True if a person considers a label right, by the class that they gave or by their mark. */
function verdictOf(
  { verdict, judged }: Mark,
  label: number,
  given: number | null | undefined,
): boolean | undefined {
  if (given !== undefined) return given === label;
  if (verdict === undefined) return undefined;
  const same = judged === undefined || judged === label;
  if (verdict === 'right') return same;
  // A wrong label of another class says nothing about this one.
  return same ? false : undefined;
}
