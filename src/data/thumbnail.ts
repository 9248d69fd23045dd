import sharp, { type Sharp } from 'sharp';
import type { Images } from './images.js';
import { unpackImage } from './unpackImage.js';

export interface Thumbnail {
  /** A WebP file as a data URI. */
  readonly uri: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** Images with both sides up to this are stored without loss, pixel by pixel. */
const small = 64;

/**
 * A small picture of image i of a set, which fits into a square of `side` pixels and is never larger
 * than the image; undefined where it cannot be read.
 */
export async function thumbnail(
  images: Images,
  i: number,
  side: number,
): Promise<Thumbnail | undefined> {
  const where = images.where(i);
  try {
    if (typeof where === 'string') return await encode(sharp(where).autoOrient(), side);
    if (!images.packed) return undefined;
    const { data, width, height } = unpackImage(images.packed, where);
    return await encode(sharp(data, { raw: { width, height, channels: 3 } }), side);
  } catch {
    // Whoever shows it says that it is missing; why, training and labelling tell.
    return undefined;
  }
}

async function encode(image: Sharp, side: number): Promise<Thumbnail> {
  const { width, height } = await image.metadata();
  const lossless = Math.max(width, height) <= small;
  const { data, info } = await image
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: { r: 255, g: 255, b: 255 } })
    .toColourspace('srgb')
    .webp(lossless ? { lossless } : { quality: 72 })
    .toBuffer({ resolveWithObject: true });
  return {
    uri: `data:image/webp;base64,${data.toString('base64')}`,
    width: info.width,
    height: info.height,
  };
}
