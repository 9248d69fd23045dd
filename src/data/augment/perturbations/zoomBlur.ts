import type { RgbImage } from '../image/image.js';
import { sampleLinear } from '../image/sampleLinear.js';
import { blankLike, middleOf, type Canvas } from './frames.js';
import { enlargedBy } from './scale.js';

export interface ZoomFrames {
  readonly frames: number;
  /** Step by which the factor grows. */
  readonly step: number;
}

/** The clean image, then the mean of ever more copies, each enlarged a step more than the one before. */
export function* zoomBlurFrames(canvas: Canvas, { frames, step }: ZoomFrames): Generator<RgbImage> {
  const { whole } = canvas;
  const clean = middleOf(canvas);
  const sum = Uint32Array.from(clean.data);
  const zoomed = blankLike(whole);
  yield clean;
  for (let i = 1; i < frames; i++) {
    sampleLinear(whole, enlargedBy(whole, 1 + i * step), zoomed);
    const { data } = middleOf(canvas, zoomed);
    for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + (data[at] ?? 0);
    const mean = blankLike(clean);
    for (let at = 0; at < sum.length; at++) mean.data[at] = (sum[at] ?? 0) / (i + 1);
    yield mean;
  }
}
