import type { Sharp } from 'sharp';
import type { JpegHeader } from './jpegHeader.js';

/** Facts about an image that are needed before it is decoded. */
export interface ImageFacts {
  /** As stored, in pixels. */
  readonly width: number;
  readonly height: number;
  /** EXIF's: 1 to 8, of which 5 to 8 swap width and height. */
  readonly orientation: number;
  /** The decoder's names: of a channel's type, such as `uchar`, and of the colours, such as `srgb`. */
  readonly depth: string;
  readonly space: string;
  readonly channels: number;
  /** True if the decoder can return it smaller for less work. */
  readonly shrinks: boolean;
}

/** Reads the facts from a JPEG's header if that tells all, which is faster, else by the decoder. */
export async function factsOf(
  image: () => Sharp,
  jpeg: JpegHeader | undefined,
): Promise<ImageFacts> {
  if (jpeg?.orientation !== undefined) {
    const { width, height, orientation, channels } = jpeg;
    const space = channels === 4 ? 'cmyk' : channels === 1 ? 'b-w' : 'srgb';
    return { width, height, orientation, channels, space, depth: 'uchar', shrinks: true };
  }
  const {
    width,
    height,
    orientation = 1,
    format,
    depth,
    space,
    channels,
  } = await image().metadata();
  const shrinks = format === 'jpeg' || format === 'webp';
  return { width, height, orientation, depth, space, channels, shrinks };
}

const types: Readonly<Record<string, string>> = {
  char: 'signed numbers of 8 bits',
  short: 'signed numbers of 16 bits',
  int: 'signed numbers of 32 bits',
  uint: 'numbers of 32 bits',
  float: 'floating-point numbers of 32 bits',
  double: 'floating-point numbers of 64 bits',
  complex: 'complex numbers',
  dpcomplex: 'complex numbers',
};

/** Why pixels of some types cannot be used: nothing tells which number is black and which white. */
export function typeProblem({ depth }: ImageFacts): string | undefined {
  if (depth === 'uchar' || depth === 'ushort') return undefined;
  const type = types[depth] ?? `of type ${depth}`;
  return `its pixels are ${type}, whose range is unknown: save it with 8 bits per channel`;
}
