/** Stored form of the figures that files of labels keep about themselves. */
import { z } from 'zod';

/** The ends of an interval of 95 %. */
export const intervalSchema = z.tuple([z.number(), z.number()]).readonly();

/** The precision of kept labels by an audit whose images are weighted to their confidences. */
export const matchedSchema = z.object({
  precision: z.number(),
  /** Effective number of images: as many of equal weight as the weighted ones are worth (Kish). */
  n: z.number(),
  interval: intervalSchema,
  /** Share of the kept labels that are less sure than any audited image: nothing was measured there. */
  outside: z.number(),
});

/** Precision of the kept labels, by a person's look at a random sample of all labels. */
export const sampleSchema = z.object({
  /** Sampled images above the thresholds that were marked. */
  n: z.int().min(0),
  right: z.int().min(0),
  /** Null if none was marked. */
  precision: z.number().nullable(),
  /** Exact, of the binomial distribution. */
  interval: intervalSchema.nullable(),
  /** Images of the sample above the thresholds, marked or not, and those below. */
  of: z.int().min(0),
  below: z.int().min(0),
});

export type MatchedPrecision = z.output<typeof matchedSchema>;
export type SampleResult = z.output<typeof sampleSchema>;
