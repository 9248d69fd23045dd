import type { RgbImage } from '../image/image.js';

/** Numbers on the pixels of an image, [height,width,channels]; levels are 0..1. */
export interface Field {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float64Array;
}

/** The image's levels, 255 as 1. */
export function toField({ width, height, data }: RgbImage): Field {
  return { width, height, channels: 3, data: Float64Array.from(data, (level) => level / 255) };
}

/** Levels clipped to 0..1, as bytes; cut, not rounded, as the published code writes its images. */
export function toImage({ width, height, data }: Field): RgbImage {
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const level = data[i] ?? 0;
    bytes[i] = level >= 1 ? 255 : level <= 0 ? 0 : level * 255;
  }
  return { width, height, data: bytes };
}

/** A field of the same size, of zeros. */
export function zerosLike({ width, height, channels, data }: Field): Field {
  return { width, height, channels, data: new Float64Array(data.length) };
}
