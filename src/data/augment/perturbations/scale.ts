import type { RgbImage } from '../image/image.js';
import { sampleLinear, type ProjectiveMap } from '../image/sampleLinear.js';
import { blankLike, middleOf, type Canvas } from './frames.js';
import type { Steps } from './motionBlur.js';

/** Grows about the middle; steps are added to the factor, black beside the canvas. */
export function* scaleFrames(canvas: Canvas, { frames, first, step }: Steps): Generator<RgbImage> {
  const { whole } = canvas;
  const scaled = blankLike(whole);
  for (let i = 0; i < frames; i++) {
    sampleLinear(whole, enlargedBy(whole, first + i * step), scaled);
    yield middleOf(canvas, scaled);
  }
}

/** Enlarges about the middle. */
export function enlargedBy({ width, height }: RgbImage, factor: number): ProjectiveMap {
  const [cx, cy] = [width / 2, height / 2];
  return [1 / factor, 0, cx - cx / factor, 0, 1 / factor, cy - cy / factor, 0, 0, 1];
}
