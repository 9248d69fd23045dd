import { evenly, type ImageSource } from '../../data/loader/imageSource.js';
import { argmaxRow } from '../../support/statistics/scores.js';
import { shareFacts } from '../../support/statistics/share.js';
import type { Agreement } from './agreementNote.js';
import { Labeller, type LabellerOptions } from './labeller.js';
import type { TeacherSource } from './teacher.js';

/** Part of a Labeller used here: prediction. */
type Predictor = Pick<Labeller, 'predict'>;

/** Images that are compared: enough to see one class in some hundreds change. */
const compared = 512;

/**
 * Compares two labellers of the same classes on images of a source, evenly spread; undefined if it has
 * none. Throws as they do.
 */
export async function agreementOf(
  labeller: Predictor,
  exact: Predictor,
  source: ImageSource,
): Promise<Agreement | undefined> {
  const indices = [...evenly(source.count, Math.min(source.count, compared))];
  const wanted = await likeliest(exact, source, indices);
  const found = await likeliest(labeller, source, indices);
  let [images, same, largestChange] = [0, 0, 0];
  for (const [index, { label, confidence }] of wanted) {
    const own = found.get(index);
    if (own === undefined) continue;
    images += 1;
    if (own.label === label) same += 1;
    largestChange = Math.max(largestChange, Math.abs(own.confidence - confidence));
  }
  if (images === 0) return undefined;
  const sameClass = same / images;
  const { interval } = shareFacts(sameClass, images);
  return { images, sameClass, interval, largestChange };
}

/**
 * Holds a teacher in 16 bits against itself in float32, with all else that it was made with; undefined if it
 * is in float32 anyhow, or no image can be read.
 */
export async function agreementWithFloat32(
  labeller: Labeller,
  source: TeacherSource,
  { precision = 'float32', sessions: _sessions, ...options }: LabellerOptions,
  images: ImageSource,
): Promise<Agreement | undefined> {
  if (precision === 'float32') return undefined;
  const exact = await Labeller.create(source, options);
  try {
    return await agreementOf(labeller, exact, images);
  } finally {
    await exact.close();
  }
}

/** The likeliest class of each image that can be read, and its probability. */
async function likeliest(
  labeller: Predictor,
  source: ImageSource,
  indices: readonly number[],
): Promise<Map<number, { readonly label: number; readonly confidence: number }>> {
  const all = new Map<number, { label: number; confidence: number }>();
  for await (const { indices: own, probabilities } of labeller.predict(source, indices)) {
    const classes = probabilities.length / own.length;
    for (const [row, index] of own.entries()) {
      const label = argmaxRow(probabilities, row * classes, classes);
      all.set(index, { label, confidence: probabilities[row * classes + label] ?? NaN });
    }
  }
  return all;
}
