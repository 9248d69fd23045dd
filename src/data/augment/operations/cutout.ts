import type { RgbImage } from '../image/image.js';
import { checkSameSize } from '../image/sameSize.js';

/** Square to cut out, in pixels. */
export interface CutoutSquare {
  /** The square covers x - half .. x + half - 1 and the same of y, as far as it lies inside. */
  readonly half: number;
  readonly x: number;
  readonly y: number;
}

/** Paints a square grey 128; `out` may be `image`. Source: arXiv 1708.04552. */
export function cutout(image: RgbImage, { half, x, y }: CutoutSquare, out: RgbImage): void {
  checkSameSize(image, out);
  const { width, height } = image;
  const to = out.data;
  if (to !== image.data) to.set(image.data);
  const left = Math.max(0, x - half);
  const right = Math.min(width, x + half);
  const bottom = Math.min(height, y + half);
  for (let row = Math.max(0, y - half); row < bottom; row++)
    to.fill(128, 3 * (row * width + left), 3 * (row * width + right));
}
