import type { RgbImage } from '../image/image.js';
import { sampleLinear, type ProjectiveMap } from '../image/sampleLinear.js';
import { blankLike, middleOf, type Canvas } from './frames.js';
import type { Steps } from './motionBlur.js';

/** Turns clockwise about the middle; steps in degrees, black beside the canvas. */
export function* rotateFrames(canvas: Canvas, { frames, first, step }: Steps): Generator<RgbImage> {
  const { whole } = canvas;
  const turned = blankLike(whole);
  for (let i = 0; i < frames; i++) {
    sampleLinear(whole, turnedBy(whole, first + i * step), turned);
    yield middleOf(canvas, turned);
  }
}

function turnedBy({ width, height }: RgbImage, degrees: number): ProjectiveMap {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [cx, cy] = [width / 2, height / 2];
  return [cos, sin, cx - cos * cx - sin * cy, -sin, cos, cy + sin * cx - cos * cy, 0, 0, 1];
}
