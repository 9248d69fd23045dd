import type { RgbImage } from '../image/image.js';
import { sampleNearest } from '../image/sampleNearest.js';

/**
 * Turns the image counter-clockwise about its centre, as PIL's rotate and the published code do; at
 * pixels whose source lies halfway between two they may differ.
 */
export function rotate(image: RgbImage, degrees: number, out: RgbImage): void {
  const angle = (-degrees * Math.PI) / 180;
  const cos = rounded(Math.cos(angle));
  const sin = rounded(Math.sin(angle));
  const cx = image.width / 2;
  const cy = image.height / 2;
  const c = -cos * cx - sin * cy + cx;
  const f = sin * cx - cos * cy + cy;
  sampleNearest(image, [cos, sin, c, -sin, cos, f], out);
}

/** Without the last digit, so that a quarter turn has no rest such as 6e-17; PIL does the same. */
function rounded(value: number): number {
  return Math.round(value * 1e15) / 1e15;
}
