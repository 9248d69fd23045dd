import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import type { CropRegion } from '../augment/cropRegion.js';
import type { RgbImage } from '../augment/image.js';
import { messageOf, systemCode } from '../runtime/fileErrors.js';
import { invariant } from '../support/errors.js';
import { jpegHeader } from './jpegHeader.js';
import { isCutShort } from './wholeFile.js';

/** Says what to take from an image of this size in pixels, upright. */
export type TakeRegion = (width: number, height: number) => CropRegion;

export interface Size {
  readonly width: number;
  readonly height: number;
}

// Images are decoded side by side, so one thread each; none is decoded twice in a row.
sharp.concurrency(1);
sharp.cache(false);

/** What shows through where an image is transparent. */
const paper = { r: 255, g: 255, b: 255 };

/** Why a file is no image that can be used; `message` is the reason, without the path. */
export class UnreadableImage extends Error {}

/**
 * Decodes a region of an image file, resized to `size` with cubic interpolation: RGB of 8 bits,
 * upright, the first frame, on white where it is transparent. Throws an UnreadableImage where the
 * file is missing, cut short, corrupt or no image.
 */
export async function decodeFile(path: string, take: TakeRegion, size: Size): Promise<RgbImage> {
  let bytes: Buffer;
  try {
    // A loader's thread has nothing else to do; an asynchronous read would wait behind the images being decoded.
    bytes = readFileSync(path);
  } catch (error) {
    throw new UnreadableImage(
      systemCode(error) === 'ENOENT' ? 'the file does not exist' : messageOf(error),
    );
  }
  if (bytes.length === 0) throw new UnreadableImage('the file is empty');
  const jpeg = jpegHeader(bytes);
  try {
    const { width, height, orientation = 1 } = jpeg ?? (await open(bytes).metadata());
    // Of a file that is no image the decoder says more than its missing end.
    if (isCutShort(bytes, jpeg)) throw new UnreadableImage('the file is cut short');
    const upright = orientation < 5 ? { width, height } : { width: height, height: width };
    const image = orientation > 1 ? open(bytes).autoOrient() : open(bytes);
    const region = take(upright.width, upright.height);
    return await toRgb(resized(image, upright, region, size), size);
  } catch (error) {
    if (error instanceof UnreadableImage) throw error;
    throw new UnreadableImage(reasonOf(error));
  }
}

/** A region of an image in memory, resized to `size` with cubic interpolation. */
export async function resizeRgb(image: RgbImage, take: TakeRegion, size: Size): Promise<RgbImage> {
  const { data, width, height } = image;
  const raw = sharp(data, { raw: { width, height, channels: 3 } });
  const region = take(width, height);
  return toRgb(resized(raw, image, region, size), size);
}

/** The default refuses half-decoded pixels and images of more than 268 million of them. */
function open(bytes: Buffer): Sharp {
  return sharp(bytes, { failOn: 'warning' });
}

/**
 * Where a region shrinks to half or less, the whole image is resized first: a JPEG is then decoded
 * at a half, a quarter or an eighth of its size, which is several times as fast.
 */
function resized(image: Sharp, { width, height }: Size, region: CropRegion, size: Size): Sharp {
  const [across, down] = [region.width / size.width, region.height / size.height];
  const cubic = { fit: 'fill', kernel: 'cubic' } as const;
  if (Math.min(across, down) < 2)
    return image.extract({ ...region }).resize(size.width, size.height, cubic);
  const whole = {
    width: Math.max(size.width, Math.round(width / across)),
    height: Math.max(size.height, Math.round(height / down)),
  };
  return image.resize(whole.width, whole.height, cubic).extract({
    left: Math.min(Math.round(region.left / across), whole.width - size.width),
    top: Math.min(Math.round(region.top / down), whole.height - size.height),
    ...{ width: size.width, height: size.height },
  });
}

async function toRgb(image: Sharp, { width, height }: Size): Promise<RgbImage> {
  const data = await image
    .flatten({ background: paper })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer();
  invariant(data.length === 3 * width * height, 'a decoded image has three channels');
  return { width, height, data };
}

/** One line of the decoder's message, which repeats itself. */
function reasonOf(error: unknown): string {
  const [first = ''] = messageOf(error).split('\n');
  return first.replace(/^Input buffer /, 'the file ').replace(/^(?:VipsJpeg|vipspng): /, '');
}
