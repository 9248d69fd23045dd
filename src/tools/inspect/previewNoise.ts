import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { corruptionSheet } from '../../data/augment/corruptions/sheet.js';
import type { RgbImage } from '../../data/augment/image/image.js';
import { encodePng } from '../../data/augment/image/png.js';
import { previewSheet } from '../../data/augment/sheets/preview.js';
import type { RandAugmentOptions } from '../../data/augment/randAugment.js';
import { decodeFile, UnreadableImage } from '../../data/pixels/decode.js';
import { regionFraming } from '../../data/pixels/framing.js';
import type { Framing, Size } from '../../data/resample/resample.js';
import { decodedFormats } from '../../data/pixels/formats.js';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { DataError } from '../../support/errors.js';
import { smallBelow } from '../../support/imageView.js';

/** Picture and destination of a contact sheet. */
export interface SheetRequest {
  /** An image file. */
  readonly image: string;
  /** The PNG file to write. */
  readonly out: string;
  /** Side of the square that is shown, in pixels; 224, or the image's own below 128, unless given. */
  readonly size?: number | undefined;
  readonly seed?: number | undefined;
}

export interface PreviewRequest extends SheetRequest, Omit<RandAugmentOptions, 'n' | 'm'> {
  /** Numbers of operations; 1, 2, 3 unless given. */
  readonly n?: readonly number[] | undefined;
  /** Magnitudes; 5, 10, 15, 20, 27 unless given. */
  readonly m?: readonly number[] | undefined;
  /** Rows of each number of operations; 2 unless given. */
  readonly samples?: number | undefined;
}

export interface SheetSummary {
  readonly image: string;
  readonly out: string;
  /** Side of the square that is shown, in pixels. */
  readonly size: number;
  /** Width of the sheet, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

/** Writes a contact sheet of an image under a grid of RandAugment's N and M. Throws a DataError. */
export async function previewNoise(request: PreviewRequest): Promise<SheetSummary> {
  const { n = [1, 2, 3], m = [5, 10, 15, 20, 27], samples = 2, seed = 1 } = request;
  const image = await middleSquare(request);
  const title = `randaugment of ${basename(request.image)}, ${image.width} px, seed ${seed}`;
  return writeSheet(
    request,
    image,
    previewSheet(image, { ...request, n, m, samples, seed, title }),
  );
}

/** Writes a contact sheet of an image under all corruptions and severities. Throws a DataError. */
export async function showCorruptions(request: SheetRequest): Promise<SheetSummary> {
  const { seed = 1 } = request;
  const image = await middleSquare(request);
  const title = `corruptions of ${basename(request.image)}, ${image.width} px, seed ${seed}`;
  return writeSheet(request, image, await corruptionSheet(image, { seed, title }));
}

async function writeSheet(
  { image, out }: SheetRequest,
  { width: size }: RgbImage,
  sheet: RgbImage,
): Promise<SheetSummary> {
  const png = await encodePng(sheet);
  makeFolder(dirname(out));
  writeFileAtomic(out, png);
  return { image, out, size, width: sheet.width, height: sheet.height, bytes: png.length };
}

const usualSize = 224;

async function middleSquare({ image: path, size }: SheetRequest): Promise<RgbImage> {
  try {
    const side = size ?? (await usualSide(path));
    return await decodeFile(path, (image) => squareOf(image, side));
  } catch (error) {
    if (!(error instanceof UnreadableImage)) throw error;
    throw new DataError(`the image cannot be read: ${error.message}`, {
      code: 'unreadable-image',
      where: path,
      hint: existsSync(path) ? `give a ${decodedFormats} file` : undefined,
      cause: error,
    });
  }
}

/** Small images are noised as they are: RandAugment's pixels depend on the size. */
async function usualSide(path: string): Promise<number> {
  let shortSide = 0;
  await decodeFile(path, (image) => {
    shortSide = Math.min(image.width, image.height);
    return squareOf(image, 8);
  });
  return shortSide < smallBelow ? shortSide : usualSize;
}

/** The middle of an image, `size` pixels each way. */
function squareOf({ width, height }: Size, size: number): Framing {
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  return regionFraming({ left, top, width: side, height: side }, { width: size, height: size });
}
