import type { Columns, Rows } from '../../runtime/storage/parquet/writer.js';
import type { Corrections } from '../labels/corrections.js';
import { drawOf } from './draw.js';
import type { ClassCounts } from './keptStore.js';
import type { LabelOrigin, LabelRows } from '../labels/labelStore.js';
import { statusOf, type ledgerColumns } from './ledger.js';
import type { ClassCut, ConfidenceCounts, Reason } from './selection.js';

/** Corrections of rows by position: a class, or null for none. */
export type Said = ReadonlyMap<number, number | null>;

const nothing: Said = new Map();

/**
 * Puts what a person said in the place of what the teacher said; returns where. The column `id` is
 * among those of the rows if there are corrections.
 */
export function correctRows(
  rows: Rows<Columns>,
  corrections: Corrections | undefined,
  origin: Pick<LabelOrigin, 'classes' | 'topK'>,
): Said {
  if (!corrections) return nothing;
  const said = new Map<number, number | null>();
  for (const [row, id] of (rows['id'] ?? []).entries()) {
    const own = saidOf(corrections, String(id), Number(rows['label']?.[row]));
    if (own === undefined) continue;
    said.set(row, own);
    if (own !== null) correctRow(rows, row, own, origin);
  }
  return said;
}

/** A label that was marked as wrong in a sample is dropped, unless a person gave the right one. */
function saidOf({ labels, marks }: Corrections, id: string, label: number) {
  const given = labels.get(id);
  const mark = marks.get(id);
  if (given !== undefined || mark?.verdict !== 'wrong') return given;
  return mark.judged === undefined || mark.judged === label ? null : undefined;
}

/**
 * Gives a row this class: the label, a confidence of 1, and the probabilities if they are among
 * the columns.
 */
export function correctRow(
  rows: Rows<Columns>,
  row: number,
  label: number,
  { classes, topK }: Pick<LabelOrigin, 'classes' | 'topK'>,
): void {
  const set = (column: string, value: number): void => {
    const values = rows[column];
    if (values && !Array.isArray(values)) values[row] = value;
  };
  set('label', label);
  set('confidence', 1);
  set('rest', 0);
  // The class comes first, and the k - 1 others in their order.
  const all = [...classes.keys()];
  const order = topK === null ? all : [label, ...all.filter((i) => i !== label)];
  for (const [i, own] of order.slice(0, topK ?? classes.length).entries()) {
    set(`c${i}`, own);
    set(`p${i}`, own === label ? 1 : 0);
  }
}

/** Decisions about a row group. */
interface Decided {
  readonly ledger: Rows<typeof ledgerColumns>;
  /** Places of the rows that are kept. */
  readonly picks: Int32Array;
}

/** Decides of each image whether it is kept, and counts that. */
export class WritePass {
  readonly #threshold: number;
  readonly #kept: Float64Array;
  readonly #copies: Float64Array;

  constructor(
    private readonly cuts: readonly ClassCut[],
    private readonly classes: readonly string[],
    private readonly rule: {
      readonly threshold: number;
      readonly seed: number;
      readonly generation: number;
    },
    /** Told the confidence of each label that is kept by the teacher's word. */
    private readonly onKept?: (confidence: number) => void,
  ) {
    this.#threshold = Math.fround(rule.threshold);
    this.#kept = new Float64Array(cuts.length);
    this.#copies = new Float64Array(cuts.length);
  }

  decide({ id, index, label, confidence }: LabelRows, said: Said): Decided {
    const rows = label.length;
    const copies = new Int32Array(rows);
    const picks = new Int32Array(rows);
    const status = new Array<string>(rows);
    const reasons = new Array<string>(rows);
    const names = new Array<string>(rows);
    let kept = 0;
    for (let row = 0; row < rows; row++) {
      const own = label[row] ?? 0;
      const result = this.#decideOne(own, confidence[row] ?? 0, id[row] ?? '', said.get(row));
      copies[row] = result.copies;
      status[row] = statusOf(result.copies);
      reasons[row] = result.reason;
      names[row] = this.classes[own] ?? '';
      if (result.copies === 0) continue;
      if (!said.has(row)) this.onKept?.(confidence[row] ?? 0);
      picks[kept++] = row;
      this.#kept[own] = (this.#kept[own] ?? 0) + 1;
      this.#copies[own] = (this.#copies[own] ?? 0) + result.copies;
    }
    const generation = new Int32Array(rows).fill(this.rule.generation);
    return {
      ledger: {
        id,
        index,
        label,
        confidence,
        class: names,
        generation,
        status,
        reason: reasons,
        copies,
      },
      picks: picks.subarray(0, kept),
    };
  }

  #decideOne(
    label: number,
    confidence: number,
    id: string,
    said: number | null | undefined,
  ): { copies: number; reason: Reason } {
    if (said === null) return { copies: 0, reason: 'rejected' };
    // NaN reaches no threshold.
    if (!(confidence >= this.#threshold)) return { copies: 0, reason: 'below-threshold' };
    const result = this.cuts[label]?.decide(confidence, () => drawOf(id, this.rule.seed));
    if (said === undefined) return result ?? { copies: 0, reason: 'beyond-cap' };
    return { copies: Math.max(1, result?.copies ?? 1), reason: 'corrected' };
  }

  /** Counts of the classes, once all rows were decided. */
  classCounts(counts: ConfidenceCounts): ClassCounts[] {
    return this.cuts.map(({ threshold }, i) => ({
      images: counts.images(i),
      eligible: counts.eligible(i),
      threshold,
      kept: this.#kept[i] ?? 0,
      copies: this.#copies[i] ?? 0,
    }));
  }
}
