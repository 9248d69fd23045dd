import { messageOf } from '../../runtime/storage/fileErrors.js';
import { DataError } from '../../support/errors.js';
import { isCutShort } from '../pixels/wholeFile.js';
import { brokenPackage, type NpmPackage } from './npmPackage.js';

/** The pixels of a picture, 8 bits a channel. */
export interface Picture {
  /** [height,width,channels] */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Decodes a picture of a package. Throws a DataError if it is missing, cut short, damaged or of another size. */
export async function readPicture(
  spec: string,
  source: NpmPackage,
  file: string,
  wanted: Omit<Picture, 'data'>,
): Promise<Picture> {
  const bytes = Buffer.from(source.read(file));
  const broken = (problem: string, cause?: unknown): DataError =>
    brokenPackage(spec, source, `${file} ${problem}`, cause);
  // The decoder fills up with black if the end is missing.
  if (isCutShort(bytes, undefined)) throw broken('is cut short');
  // Loaded when it is needed: the command line knows each data set by name.
  const { default: sharp } = await import('sharp');
  try {
    const { data, info } = await sharp(bytes, { failOn: 'warning' })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    if (width === wanted.width && height === wanted.height && channels === wanted.channels)
      return { data, width, height, channels };
    const found = `${width} x ${height} pixels of ${channels} channels`;
    throw broken(`has ${found}, not ${wanted.width} x ${wanted.height} of ${wanted.channels}`);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw broken(`cannot be decoded: ${messageOf(cause)}`, cause);
  }
}
