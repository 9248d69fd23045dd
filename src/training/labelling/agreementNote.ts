import type { Interval } from '../../support/statistics/interval.js';
import { formatShare } from '../../support/statistics/share.js';

/** Agreement between two teachers' predictions. */
export interface Agreement {
  readonly images: number;
  /** Share of images that both take for the same class. */
  readonly sameClass: number;
  /** Interval of that share, of all images. */
  readonly interval: Interval | null;
  /** Largest difference in confidence, the probability of the predicted class. */
  readonly largestChange: number;
}

/** Note for people about an agreement with float32. */
export function agreementNote({ images, sameClass, largestChange }: Agreement): string {
  const share = formatShare(sameClass, images);
  return `in 16 bits, ${share} of ${images} images have the same class as in float32; confidence changes by at most ${largestChange.toFixed(4)}`;
}
