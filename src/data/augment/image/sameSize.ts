import { invariant } from '../../../support/errors.js';
import type { RgbImage } from './image.js';

/** Every operation writes to an image of the size of its input; a short array would lose pixels. */
export function checkSameSize(image: RgbImage, out: RgbImage): void {
  invariant(
    image.width === out.width &&
      image.height === out.height &&
      image.data.length === out.data.length &&
      image.data.length === 3 * image.width * image.height,
    `the images of an operation differ in size: ${describe(image)} and ${describe(out)}`,
  );
}

function describe({ width, height, data }: RgbImage): string {
  return `${width}x${height} with ${data.length} bytes`;
}
