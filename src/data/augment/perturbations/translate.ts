import type { RgbImage } from '../image/image.js';
import { blankLike, middleOf, type Canvas } from './frames.js';
import type { Steps } from './motionBlur.js';

/** Moves to the right; steps in whole pixels, black beside the canvas. */
export function* translateFrames(
  canvas: Canvas,
  { frames, first, step }: Steps,
): Generator<RgbImage> {
  for (let i = 0; i < frames; i++) yield middleOf(canvas, moved(canvas.whole, first + i * step));
}

function moved(image: RgbImage, right: number): RgbImage {
  const out = blankLike(image);
  const row = 3 * image.width;
  const [from, to] = [3 * Math.max(0, -right), 3 * Math.max(0, right)];
  const length = row - 3 * Math.abs(right);
  if (length <= 0) return out;
  for (let start = 0; start < image.data.length; start += row)
    out.data.set(image.data.subarray(start + from, start + from + length), start + to);
  return out;
}
