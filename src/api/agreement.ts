import type { ImageSource } from '../data/imageSource.js';
import { evenly } from '../data/imageSource.js';
import type { Labeller } from './labeller.js';

/** How far what one teacher says of images is from what another says. */
export interface Agreement {
  readonly images: number;
  /** Share of images that both take for the same class. */
  readonly sameClass: number;
  /** By how much a confidence, the probability of the class that is taken, differs at most. */
  readonly largestChange: number;
}

/** What of a labeller says something of images. */
type Predictor = Pick<Labeller, 'predict'>;

/** Images that are compared: enough to see one class in some hundreds change. */
const compared = 512;

/**
 * Compares two labellers of the same classes on images of a source, evenly spread; undefined where it has
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
  return images === 0 ? undefined : { images, sameClass: same / images, largestChange };
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
      const values = probabilities.subarray(row * classes, (row + 1) * classes);
      const confidence = Math.max(...values);
      all.set(index, { label: values.indexOf(confidence), confidence });
    }
  }
  return all;
}
