/** Chooses the images of a gallery while the labels stream by. */
import type { Rows } from '../runtime/parquet.js';
import { Best } from './best.js';
import type { Corrections } from './corrections.js';
import { joinLabels } from './labelJoin.js';
import { labelColumns } from './labelStore.js';
import type { LabelTable } from './labelTable.js';

/** An image that is shown. */
export interface GalleryImage {
  readonly id: string;
  /** Its place in the data of the labels. */
  readonly index: number;
  readonly label: number;
  readonly confidence: number;
  /** Why it was dropped, where a ledger tells. */
  readonly dropped?: string | undefined;
  /** What the other teacher says, where the two disagree. */
  readonly other?: { readonly label: number; readonly confidence: number };
}

/** What is shown of a class. */
export interface ClassImages {
  readonly label: number;
  readonly images: number;
  /** NaN where it has no images. */
  readonly meanConfidence: number;
  /** Images by twentieths of confidence, [20]. */
  readonly histogram: Float64Array;
  /** From the surest down. */
  readonly surest: readonly GalleryImage[];
  /** From the least sure up; none of the surest. */
  readonly leastSure: readonly GalleryImage[];
}

const bins = 20;
const withReason = { ...labelColumns, reason: 'category' } as const;
/** A person has decided these, or nobody can see them. */
const settled: ReadonlySet<string> = new Set(['corrected', 'rejected', 'unreadable']);
const kept: ReadonlySet<string> = new Set(['confident', 'scarce-class', 'reassigned']);

class OneClass {
  images = 0;
  sum = 0;
  readonly histogram = new Float64Array(bins);
  readonly surest: Best<GalleryImage>;
  readonly leastSure: Best<GalleryImage>;

  constructor(count: number) {
    this.surest = new Best(count);
    this.leastSure = new Best(count);
  }

  count(confidence: number): void {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(confidence * bins)));
    this.images += 1;
    this.sum += confidence;
    this.histogram[bin] = (this.histogram[bin] ?? 0) + 1;
  }
}

/**
 * Counts all labels by class, and picks the surest and the least sure of each, `perClass` each.
 * Images that a person has corrected are counted, but not shown again.
 */
export async function pickByClass(
  table: LabelTable,
  perClass: number,
  corrections: Corrections | undefined,
  onRows: ((rows: number) => void) | undefined,
): Promise<ClassImages[]> {
  const classes = table.origin.classes.map(() => new OneClass(perClass));
  const columns = table.kind === 'labels' ? labelColumns : withReason;
  let read = 0;
  for await (const rows of table.read(columns)) {
    pickRows(rows, classes, corrections);
    read += rows.id.length;
    onRows?.(read);
  }
  return classes.map(({ images, sum, histogram, surest, leastSure }, label) => {
    const best = new Set(surest.items);
    const worst = leastSure.items.filter((own) => !best.has(own));
    const meanConfidence = sum / images;
    return { label, images, meanConfidence, histogram, surest: [...best], leastSure: worst };
  });
}

function pickRows(
  rows: Rows<typeof labelColumns> & { readonly reason?: readonly string[] },
  classes: readonly OneClass[],
  corrections: Corrections | undefined,
): void {
  for (const [row, label] of rows.label.entries()) {
    const own = classes[label];
    if (!own) continue;
    const confidence = rows.confidence[row] ?? 0;
    own.count(confidence);
    if (!own.surest.wants(confidence) && !own.leastSure.wants(-confidence)) continue;
    const id = rows.id[row] ?? '';
    const reason = rows.reason?.[row];
    if (corrections?.labels.has(id) === true || settled.has(reason ?? '')) continue;
    const dropped = reason === undefined || kept.has(reason) ? undefined : reason;
    const image = { id, index: rows.index[row] ?? 0, label, confidence, dropped };
    own.surest.add(confidence, image);
    own.leastSure.add(-confidence, image);
  }
}

/** Where two teachers disagree. */
export interface Disagreements {
  readonly path: string;
  readonly teacher: string;
  /** Images that both have, and of those the ones with different labels. */
  readonly compared: number;
  readonly changed: number;
  /** Those of which even the less sure of the two is surest. */
  readonly shown: readonly GalleryImage[];
}

/** Picks disagreements; throws as joinLabels. */
export async function pickDisagreements(
  table: LabelTable,
  other: LabelTable,
  count: number,
  corrections: Corrections | undefined,
): Promise<Disagreements> {
  const best = new Best<GalleryImage>(count);
  let changed = 0;
  const compared = await joinLabels(other, table, {
    visit({ id, index, before, after, confidenceBefore, confidenceAfter }) {
      if (before === after) return;
      changed += 1;
      const surer = Math.min(confidenceBefore, confidenceAfter);
      if (!best.wants(surer) || corrections?.labels.has(id) === true) return;
      best.add(surer, {
        id,
        index,
        label: after,
        confidence: confidenceAfter,
        other: { label: before, confidence: confidenceBefore },
      });
    },
  });
  const teacher = other.origin.teacher.name;
  return { path: other.path, teacher, compared, changed, shown: best.items };
}
