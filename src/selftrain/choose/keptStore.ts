/** Pseudo-labels that a student is trained on: one row an image, with the number of its copies. */
import { z } from 'zod';
import { classCaps, type LabelKind } from '../../contract/choices.js';
import type { Columns, Rows } from '../../runtime/storage/parquet/writer.js';
import { auditResultSchema } from '../labels/audit.js';
import { sampleSchema } from '../labels/figureSchemas.js';
import { readFacts } from '../labels/foreignLabels.js';
import { readLabelRows } from '../labels/labelRows.js';
import {
  boundsOf,
  labelColumns,
  originSchema,
  probabilityColumns,
  readInfo,
  readProbabilities,
  type LabelOrigin,
} from '../labels/labelStore.js';

const whole = z.int().min(0);

const classCountsSchema = z.object({
  /** Labels of this class. */
  images: whole,
  /** Labels at or above the threshold of the rule. */
  eligible: whole,
  /** Confidence threshold of the class: images at or above it were kept. */
  threshold: z.number(),
  /** Different images kept. */
  kept: whole,
  /** Rows for training: kept images with their copies. */
  copies: whole,
});

const keptSchema = originSchema.extend({
  format: z.literal('gradus-kept'),
  version: z.literal(1),
  generation: whole,
  /** Hash of everything that decided which labels were kept: labels, rule, seed, corrections. */
  inputs: z.string(),
  rule: z.object({
    threshold: z.number(),
    perClass: z.number().nullable(),
    cap: z.enum(classCaps),
    /** Null if there is no limit. */
    maxCopies: z.number().nullable(),
    seed: whole,
  }),
  classCounts: z.array(classCountsSchema),
  audit: auditResultSchema.nullable(),
  /** A person's marks of a random sample; older files lack them. */
  sample: sampleSchema.nullish(),
  /** Teacher that selected the images, if another one gave today's labels. */
  chosenBy: z.object({ name: z.string(), fingerprint: z.string() }).nullable(),
});

/** Metadata of a file of kept labels. */
export type KeptInfo = z.output<typeof keptSchema>;

/** Counts of one class of kept labels. */
export type ClassCounts = z.output<typeof classCountsSchema>;

/** Columns of kept labels: those of labels, the probabilities, `copies` and why an image was kept. */
export function keptColumns(origin: Pick<LabelOrigin, 'classes' | 'topK'>) {
  return {
    ...labelColumns,
    copies: 'int32',
    reason: 'category',
    ...probabilityColumns(origin),
  } as const;
}

/** Columns of kept labels with least and largest values in the footer: all but the probabilities. */
export const keptStatistics: readonly string[] = [...Object.keys(labelColumns), 'copies', 'reason'];

/** A file of kept labels. */
export class KeptSet {
  private constructor(
    readonly path: string,
    /** Different images. */
    readonly images: number,
    readonly info: KeptInfo,
  ) {}

  /** Throws an ArtifactError if the file is missing, damaged or of another kind. */
  static async open(path: string): Promise<KeptSet> {
    const facts = await readFacts(path);
    return new KeptSet(path, facts.rows, readInfo(facts, keptSchema, ['gradus-kept']));
  }

  /** Reads columns, the rows checked; throws as readLabelRows. */
  read<C extends Columns>(columns: C): AsyncGenerator<Rows<C>> {
    const { path, images, info } = this;
    return readLabelRows({ paths: [path], rows: images, bounds: boundsOf(info) }, columns);
  }
}

/** Pseudo-labels that a student learns from: images of the unlabelled set with their targets. */
export interface PseudoLabels {
  readonly info: KeptInfo;
  /** [images]: places in the unlabelled set. */
  readonly indices: Int32Array;
  /** [images]: how often each is seen in an epoch. */
  readonly copies: Int32Array;
  /** [images]: the class. */
  readonly labels: Int32Array;
  /** [images,classes]: the teacher's probabilities, or 1 for the class and 0 for the others. */
  readonly targets: Float32Array;
}

/** Reads kept labels into memory. A temperature T raises soft targets to 1/T, renormalised. */
export async function loadKept(
  path: string,
  { kind = 'soft', temperature = 1 }: { kind?: LabelKind; temperature?: number } = {},
): Promise<PseudoLabels> {
  const set = await KeptSet.open(path);
  const { info, images } = set;
  const classes = info.classes.length;
  const indices = new Int32Array(images);
  const copies = new Int32Array(images);
  const labels = new Int32Array(images);
  const targets = new Float32Array(images * classes);
  let first = 0;
  const { reason: _reason, ...columns } = keptColumns(info);
  for await (const rows of set.read(columns)) {
    indices.set(rows.index, first);
    copies.set(rows.copies, first);
    labels.set(rows.label, first);
    for (const [row, label] of rows.label.entries()) {
      const start = (first + row) * classes;
      const target = targets.subarray(start, start + classes);
      if (kind === 'hard') target[label] = 1;
      else {
        readProbabilities(rows, row, info, target);
        sharpen(target, temperature);
      }
    }
    first += rows.label.length;
  }
  return { info, indices, copies, labels, targets };
}

/** p^(1/T), renormalised, in place. */
function sharpen(target: Float32Array, temperature: number): void {
  if (temperature === 1) return;
  const largest = target.reduce((a, b) => Math.max(a, b), 0);
  let sum = 0;
  // Against the largest, so that a small temperature does not round all of them to 0.
  for (const [i, p] of target.entries()) sum += target[i] = (p / largest) ** (1 / temperature);
  for (const [i, p] of target.entries()) target[i] = p / sum;
}
