import type { Interval } from '../../support/statistics/interval.js';
import { formatShare } from '../../support/statistics/share.js';

/** How far what one teacher says of images is from what another says. */
export interface Agreement {
  readonly images: number;
  /** Share of images that both take for the same class. */
  readonly sameClass: number;
  /** Interval of that share, of all images. */
  readonly interval: Interval | null;
  /** By how much a confidence, the probability of the class that is taken, differs at most. */
  readonly largestChange: number;
}

/** What people are told of an agreement with float32. */
export function agreementNote({ images, sameClass, largestChange }: Agreement): string {
  const share = formatShare(sameClass, images);
  return `in 16 bits, ${share} of ${images} images are of the class of float32; confidence changed by ${largestChange.toFixed(4)} at most`;
}
