import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import type { Decoding } from '../../contract/choices.js';
import type { CropRegion } from '../augment/image/cropRegion.js';
import type { RgbImage } from '../augment/image/image.js';
import { messageOf, systemCode } from '../../runtime/storage/fileErrors.js';
import type { Interpolation, PixelReading } from '../../support/imageView.js';
import { factsOf, typeProblem, type ImageFacts } from './imageFacts.js';
import { decodable } from './decodable.js';
import { jpegHeader } from './jpegHeader.js';
import { largestImage, ownBudget, type PixelBudget } from './pixelBudget.js';
import { bandsOf, resampleBands } from '../resample/bands.js';
import { cutOut } from '../resample/cutOut.js';
import { neededBy, planResize, resample, type Framing, type Size } from '../resample/resample.js';
import { seenPixels, storedPixels } from './regionPixels.js';
import { isCutShort } from './wholeFile.js';

/** Says what to take from an image of this size in pixels, upright. */
export type Frame = (image: Size) => Framing;

export interface ResizeOptions {
  /** Default bicubic. */
  readonly interpolation?: Interpolation | undefined;
  /** Colour of what is beside the image, default black. */
  readonly fill?: readonly number[] | undefined;
}

export interface DecodeOptions extends ResizeOptions {
  /** Default seen. */
  readonly pixels?: PixelReading | undefined;
  readonly decode?: Decoding | undefined;
  /** Budget that the decoders of all threads share (default: the thread's own). */
  readonly budget?: PixelBudget | undefined;
}

// Images are decoded side by side, so one thread each; none is decoded twice in a row.
sharp.concurrency(1);
sharp.cache(false);
// A drawing is a program of another kind; formats.ts knows it by its first bytes, the decoder further on.
sharp.block({ operation: ['VipsForeignLoadSvg'] });

/** Why a file is not an image that can be used; `message` is the reason, without the path. */
export class UnreadableImage extends Error {}

/**
 * Decodes what a frame takes of an image file, resized: RGB of 8 bits of the first frame. Throws an
 * UnreadableImage if the file is missing, cut short, corrupt, too large or not an image.
 */
export async function decodeFile(
  path: string,
  frame: Frame,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  const bytes = read(path);
  const jpeg = jpegHeader(bytes);
  try {
    const facts = await factsOf(() => open(bytes, 'seen'), jpeg);
    // If a file is not an image, the decoder's message says more than its missing end.
    if (isCutShort(bytes, jpeg)) throw new UnreadableImage('the file is cut short');
    const problem = sizeProblem(facts) ?? typeProblem(facts);
    if (problem !== undefined) throw new UnreadableImage(problem);
    const { budget = ownBudget } = options;
    const decode = (): Promise<RgbImage> => decodeBytes(bytes, facts, frame, options);
    return await budget.with(facts.width * facts.height, decode);
  } catch (error) {
    if (error instanceof UnreadableImage) throw error;
    throw new UnreadableImage(reasonOf(error));
  }
}

/** Cuts a frame from an image in memory, resized. */
export function resizeRgb(image: RgbImage, frame: Frame, options: ResizeOptions = {}): RgbImage {
  const resizing = planResize(frame(image), options.interpolation ?? 'bicubic', image);
  return resample(cutOut(image, neededBy(resizing)), resizing, options.fill);
}

function read(path: string): Buffer {
  let bytes: Buffer;
  try {
    // A loader's thread has nothing else to do; an asynchronous read would wait behind the images being decoded.
    bytes = decodable(readFileSync(path));
  } catch (error) {
    throw new UnreadableImage(
      systemCode(error) === 'ENOENT' ? 'the file does not exist' : messageOf(error),
    );
  }
  if (bytes.length === 0) throw new UnreadableImage('the file is empty');
  return bytes;
}

/** Half-decoded pixels are refused; sizeProblem tells of those that are too many. */
function open(bytes: Buffer, pixels: PixelReading): Sharp {
  return sharp(bytes, {
    failOn: 'warning',
    limitInputPixels: false,
    ignoreIcc: pixels === 'stored',
  });
}

function sizeProblem({ width, height }: Size): string | undefined {
  if (width * height <= largestImage) return undefined;
  return `it has ${width} x ${height} pixels, and at most ${largestImage} are decoded`;
}

async function decodeBytes(
  bytes: Buffer,
  facts: ImageFacts,
  frame: Frame,
  { interpolation = 'bicubic', pixels = 'seen', decode = 'exact', fill }: DecodeOptions,
): Promise<RgbImage> {
  const { width, height } = facts;
  const orientation = pixels === 'seen' ? facts.orientation : 1;
  const upright = orientation < 5 ? { width, height } : { width: height, height: width };
  const framing = frame(upright);
  const factor = decode === 'fast' && facts.shrinks ? shrinkFactor(framing) : 1;
  const size = {
    width: Math.max(1, Math.floor(upright.width / factor)),
    height: Math.max(1, Math.floor(upright.height / factor)),
  };
  const resizing = planResize(framing, interpolation, size, {
    width: upright.width / size.width,
    height: upright.height / size.height,
  });
  const partOf = async (region: CropRegion): Promise<RgbImage> => {
    const image = orientation > 1 ? open(bytes, pixels).autoOrient() : open(bytes, pixels);
    const smaller =
      factor === 1
        ? image
        : image.resize(size.width, size.height, { fit: 'fill', kernel: 'cubic' });
    const part = smaller.extract({ ...region });
    const { data, info } = await (pixels === 'seen' ? seenPixels(part) : storedPixels(part, facts));
    if (info.channels === 3) return { width: info.width, height: info.height, data };
    throw new UnreadableImage(`its pixels have ${info.channels} channels, not red, green and blue`);
  };
  return resampleBands(bandsOf(resizing), resizing, partOf, fill);
}

/**
 * Factor by which the decoder may shrink an image that a framing then resizes, as long as the
 * framing still shrinks it. sharp decodes a JPEG at a half, a quarter or an eighth if it is to be
 * shrunk by more than that, rounded down: at 2, 4 and 8 themselves it decodes at twice the size, at
 * 2 all of it.
 */
function shrinkFactor({ box, whole }: Framing): number {
  const least = Math.min(box.width / whole.width, box.height / whole.height);
  return [9, 5, 3].find((factor) => factor <= least) ?? 1;
}

/** One line of the decoder's message, which repeats itself. */
function reasonOf(error: unknown): string {
  const [first = ''] = messageOf(error).split('\n');
  return first.replace(/^Input buffer /, 'the file ').replace(/^(?:VipsJpeg|vipspng): /, '');
}
