import { movedImage, type Motion } from '../corruptions/motionBlur.js';
import type { RgbImage } from '../image/image.js';
import { middleOf, type Canvas } from './frames.js';

/** Values that grow by the same step from frame to frame. */
export interface Steps {
  readonly frames: number;
  readonly first: number;
  readonly step: number;
}

/** Blurs along a line that turns; steps in degrees. */
export function* motionBlurFrames(
  canvas: Canvas,
  { frames, first, step, ...motion }: Steps & Motion,
): Generator<RgbImage> {
  const clean = middleOf(canvas);
  for (let i = 0; i < frames; i++) yield movedImage(clean, motion, first + i * step);
}
