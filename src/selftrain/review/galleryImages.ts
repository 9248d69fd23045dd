/** Chooses the images of a gallery while the labels stream by. */
import type { Rows } from '../../runtime/storage/parquet/writer.js';
import { fnv1a32 } from '../../support/hash.js';
import { Best } from './best.js';
import type { Corrections } from '../labels/corrections.js';
import { drawOf } from '../choose/draw.js';
import { joinLabels } from '../labels/labelJoin.js';
import { labelColumns } from '../labels/labelStore.js';
import type { LabelTable } from '../labels/labelTable.js';

/** An image that is shown. */
export interface GalleryImage {
  readonly id: string;
  /** Its place in the data of the labels. */
  readonly index: number;
  readonly label: number;
  readonly confidence: number;
  /** Why it was dropped, if a ledger tells. */
  readonly dropped?: string | undefined;
  /** Answer of the other teacher, if the two disagree. */
  readonly other?: { readonly label: number; readonly confidence: number };
}

/** Images shown for a class. */
export interface ClassImages {
  readonly label: number;
  readonly images: number;
  /** NaN if it has no images. */
  readonly meanConfidence: number;
  /** Images by twentieths of confidence, [20]. */
  readonly histogram: Float64Array;
  /** From the surest down. */
  readonly surest: readonly GalleryImage[];
  /** From the least sure up; none of the surest. */
  readonly leastSure: readonly GalleryImage[];
}

/** A random sample of labels, for a person to mark. */
export interface Sample {
  /** Labels that it was drawn from, and how many images it has, marked or not. */
  readonly of: number;
  readonly images: number;
  /** Images that are not marked yet, in the order of their draws. */
  readonly shown: readonly GalleryImage[];
}

export interface SampleRequest {
  readonly images: number;
  readonly seed: number;
}

/** A sample while the labels stream by: the images of the smallest draws. */
class SampleDraw {
  of = 0;
  readonly #best: Best<GalleryImage>;

  constructor(
    private readonly request: SampleRequest,
    private readonly corrections: Corrections | undefined,
  ) {
    this.#best = new Best(request.images);
  }

  /**
   * Adds an image. A person's decision is not a label of the teacher, unless it was made in the
   * sample.
   */
  add(image: GalleryImage): void {
    const { id } = image;
    if (this.corrections?.labels.has(id) === true && !this.corrections.marks.has(id)) return;
    this.of += 1;
    this.#best.add(-drawOf(id, this.request.seed, sampleSite), image);
  }

  get sample(): Sample {
    const { items } = this.#best;
    const marked = (id: string): boolean =>
      this.corrections?.marks.get(id)?.verdict !== undefined ||
      this.corrections?.labels.has(id) === true;
    const shown = items.filter(({ id }) => !marked(id));
    return { of: this.of, images: items.length, shown };
  }
}

const sampleSite = fnv1a32('gallery.sample');
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

interface PickRequest {
  readonly perClass: number;
  readonly sample: SampleRequest | undefined;
  readonly corrections: Corrections | undefined;
  readonly onRows: (rows: number) => void;
}

/**
 * Counts all labels by class, and picks the surest and the least sure of each, `perClass` each, and a
 * random sample of those that are kept. Images that a person has corrected are counted, but not shown
 * again.
 */
export async function pickImages(
  table: LabelTable,
  { perClass, sample, corrections, onRows }: PickRequest,
): Promise<{ readonly all: ClassImages[]; readonly sample: Sample | undefined }> {
  const draw = sample && new SampleDraw(sample, corrections);
  const classes = table.origin.classes.map(() => new OneClass(perClass));
  const columns = table.kind === 'labels' ? labelColumns : withReason;
  let read = 0;
  for await (const rows of table.read(columns)) {
    pickRows(rows, classes, corrections, draw);
    read += rows.id.length;
    onRows(read);
  }
  const all = classes.map(({ images, sum, histogram, surest, leastSure }, label) => {
    const best = new Set(surest.items);
    const worst = leastSure.items.filter((own) => !best.has(own));
    const meanConfidence = sum / images;
    return { label, images, meanConfidence, histogram, surest: [...best], leastSure: worst };
  });
  return { all, sample: draw?.sample };
}

function pickRows(
  rows: Rows<typeof labelColumns> & { readonly reason?: readonly string[] },
  classes: readonly OneClass[],
  corrections: Corrections | undefined,
  draw: SampleDraw | undefined,
): void {
  for (const [row, label] of rows.label.entries()) {
    const own = classes[label];
    if (!own) continue;
    const confidence = rows.confidence[row] ?? 0;
    own.count(confidence);
    const id = rows.id[row] ?? '';
    const reason = rows.reason?.[row];
    if (reason === undefined || kept.has(reason))
      draw?.add({ id, index: rows.index[row] ?? 0, label, confidence });
    if (!own.surest.wants(confidence) && !own.leastSure.wants(-confidence)) continue;
    if (corrections?.labels.has(id) === true || settled.has(reason ?? '')) continue;
    const dropped = reason === undefined || kept.has(reason) ? undefined : reason;
    const image = { id, index: rows.index[row] ?? 0, label, confidence, dropped };
    own.surest.add(confidence, image);
    own.leastSure.add(-confidence, image);
  }
}

/** Disagreements between two teachers. */
export interface Disagreements {
  readonly path: string;
  readonly teacher: string;
  /** Images that both have, and of those the ones with different labels. */
  readonly compared: number;
  readonly changed: number;
  /** Disagreements to show, ranked by the less confident teacher. */
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
