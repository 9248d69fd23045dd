import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';

/** An image that is to be perturbed, with what lies around it if that is known. */
export interface Canvas {
  /** The image in the middle of its surroundings, or the image alone. */
  readonly whole: RgbImage;
  /** Visible part, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** Frames in which an image changes a little from one to the next; each is an image of its own. */
export type Frames<Setting> = (
  canvas: Canvas,
  setting: Setting,
  random: RandomStream,
) => Iterable<RgbImage>;

/** Visible part of a canvas, or of another image of its size. */
export function middleOf(canvas: Canvas, image: RgbImage = canvas.whole): RgbImage {
  const { width, height } = canvas;
  const left = Math.round((image.width - width) / 2);
  const top = Math.round((image.height - height) / 2);
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const start = 3 * ((top + y) * image.width + left);
    data.set(image.data.subarray(start, start + 3 * width), 3 * y * width);
  }
  return { width, height, data };
}

/** An image of the same size to write to. */
export function blankLike({ width, height, data }: RgbImage): RgbImage {
  return { width, height, data: new Uint8Array(data.length) };
}
