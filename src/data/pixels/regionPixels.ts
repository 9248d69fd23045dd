import type { Sharp } from 'sharp';
import type { ImageFacts } from './imageFacts.js';

/** Pixels [height,width,channels] of 8 bits. */
export interface RawPixels {
  readonly data: Uint8Array;
  readonly info: { readonly width: number; readonly height: number; readonly channels: number };
}

/** Background that shows through transparent parts. */
const paper = { r: 255, g: 255, b: 255 };

/** The pixels of an image as a viewer shows them: on white, in sRGB. */
export function seenPixels(image: Sharp): Promise<RawPixels> {
  return rawOf(image.flatten({ background: paper }).toColourspace('srgb'));
}

/**
 * The pixels of an image that was opened without its profile, as Pillow's `convert('RGB')` gives
 * them: transparency dropped, CMYK as what its ink leaves of white, grey of 16 bits cut at 255.
 */
export async function storedPixels(
  image: Sharp,
  { space, depth, channels }: ImageFacts,
): Promise<RawPixels> {
  if (space === 'cmyk') {
    const { data, info } = await rawOf(image.pipelineColourspace('cmyk').toColourspace('cmyk'));
    return { data: withoutInk(data), info: { ...info, channels: 3 } };
  }
  if (depth === 'ushort' && channels === 1) {
    const { data, info } = await image
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    return { data: cutAt255(data), info: { ...info, channels: 3 } };
  }
  return rawOf(image.removeAlpha().toColourspace('srgb'));
}

function rawOf(image: Sharp): Promise<RawPixels> {
  return image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
}

function withoutInk(inks: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((inks.length / 4) * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4, to += 3) {
    const light = 255 - (inks[from + 3] ?? 0);
    for (let c = 0; c < 3; c++)
      rgb[to + c] = Math.max(0, light - Math.round(((inks[from + c] ?? 0) * light) / 255));
  }
  return rgb;
}

function cutAt255(values: Buffer): Uint8Array {
  const rgb = new Uint8Array((values.length / 2) * 3);
  for (let i = 0; i < values.length / 2; i++)
    rgb.fill(Math.min(255, values.readUInt16LE(2 * i)), 3 * i, 3 * i + 3);
  return rgb;
}
