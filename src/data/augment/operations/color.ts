import { blendLevel } from '../image/blend.js';
import { greyLevel } from '../image/grey.js';
import type { RgbImage } from '../image/image.js';
import { checkSameSize } from '../image/sameSize.js';

/** From the grey image (factor 0) over the image (1) to stronger colours. Source: PIL's Color. */
export function color(image: RgbImage, factor: number, out: RgbImage): void {
  checkSameSize(image, out);
  const share = Math.fround(factor);
  const from = image.data;
  const to = out.data;
  for (let i = 0; i < from.length; i += 3) {
    const red = from[i] ?? 0;
    const green = from[i + 1] ?? 0;
    const blue = from[i + 2] ?? 0;
    const grey = greyLevel(red, green, blue);
    to[i] = blendLevel(grey, red, share);
    to[i + 1] = blendLevel(grey, green, share);
    to[i + 2] = blendLevel(grey, blue, share);
  }
}
