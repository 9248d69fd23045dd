import sharp from 'sharp';
import type { RgbImage } from '../augment/image/image.js';
import { decodeFile, resizeRgb, type Frame } from '../pixels/decode.js';
import { regionFraming } from '../pixels/framing.js';
import type { Images } from '../sets/images.js';
import { unpackImage } from './unpackImage.js';

export interface Thumbnail {
  /** A WebP file as a data URI. */
  readonly uri: string;
  /** Width in pixels. */
  readonly width: number;
  readonly height: number;
}

/** Images with both sides up to this are stored without loss, pixel by pixel. */
const small = 64;

/**
 * A small picture of image i of a set, which fits into a square of `side` pixels and is never larger
 * than the image; undefined if it cannot be read. It is decoded as images are for training, within
 * the same budget of pixels.
 */
export async function thumbnail(
  images: Images,
  i: number,
  side: number,
): Promise<Thumbnail | undefined> {
  const where = images.where(i);
  const frame = insideOf(side);
  try {
    if (typeof where === 'string')
      return await encode(await decodeFile(where, frame, { decode: 'fast' }));
    if (!images.packed) return undefined;
    return await encode(resizeRgb(unpackImage(images.packed, where), frame));
  } catch {
    // Whoever shows it says that it is missing; why, training and labelling tell.
    return undefined;
  }
}

/** Takes all of an image with its proportions, no larger than a square nor than it is. */
function insideOf(side: number): Frame {
  return ({ width, height }) => {
    const scale = Math.min(1, side / Math.max(width, height));
    const sized = (length: number): number => Math.max(1, Math.round(scale * length));
    const whole = { width: sized(width), height: sized(height) };
    return regionFraming({ left: 0, top: 0, width, height }, whole);
  };
}

async function encode({ data, width, height }: RgbImage): Promise<Thumbnail> {
  const lossless = Math.max(width, height) <= small;
  const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
    .webp(lossless ? { lossless } : { quality: 72 })
    .toBuffer();
  return { uri: `data:image/webp;base64,${bytes.toString('base64')}`, width, height };
}
