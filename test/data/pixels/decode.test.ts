import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../src/data/augment/image/image.js';
import {
  decodeFile,
  resizeRgb,
  UnreadableImage,
  type DecodeOptions,
  type Frame,
} from '../../../src/data/pixels/decode.js';
import { regionFraming } from '../../../src/data/pixels/framing.js';
import type { Size } from '../../../src/data/resample/resample.js';
import { temporaryFolder } from '../../support/folder.js';
import { busyJpeg, quarterColours, quartersImage, write } from '../fixtures.js';

const size = { width: 16, height: 12 };
const whole = ({ width, height }: Size) => ({ left: 0, top: 0, width, height });

/** Takes a region at the size. */
const framed =
  (take = whole): Frame =>
  (image) =>
    regionFraming(take(image), size);

async function decode(
  bytes: Uint8Array | string,
  take = whole,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  return decodeFile(write(temporaryFolder(), 'image', bytes), framed(take), options);
}

/** The middles of the four quarters. */
function middles({ data, width, height }: RgbImage): number[][] {
  return [0, 1, 2, 3].map((quarter) => {
    const x = Math.floor((quarter % 2 === 0 ? 0.25 : 0.75) * width);
    const y = Math.floor((quarter < 2 ? 0.25 : 0.75) * height);
    return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
  });
}

function expectColours(image: RgbImage, wanted: readonly (readonly number[])[], within: number) {
  expect(image).toMatchObject(size);
  expect(image.data).toHaveLength(3 * size.width * size.height);
  for (const [quarter, colour] of middles(image).entries())
    for (const [channel, value] of colour.entries())
      expect(Math.abs(value - (wanted[quarter]?.[channel] ?? NaN))).toBeLessThanOrEqual(within);
}

const greys = [10, 90, 170, 250].map((value) => [value, value, value]);
/** Inside what ink can show. */
const dull = [
  [150, 110, 110],
  [110, 140, 120],
  [110, 115, 150],
  [230, 230, 230],
];

describe('decoding gives 8-bit RGB', () => {
  it.each([
    ['JPEG', () => quartersImage().jpeg({ quality: 95 }), 3],
    ['PNG', () => quartersImage().png(), 0],
    ['PNG with a palette', () => quartersImage().png({ palette: true }), 3],
    ['PNG of 16 bits', () => quartersImage().toColourspace('rgb16').png(), 1],
    ['WebP', () => quartersImage().webp({ lossless: true }), 0],
    ['GIF', () => quartersImage().gif(), 3],
    ['TIFF', () => quartersImage().tiff({ compression: 'none' }), 0],
    ['AVIF', () => quartersImage().avif({ quality: 95 }), 6],
  ])('of %s', async (_, make, within) => {
    expectColours(await decode(await make().toBuffer()), quarterColours, within);
  });

  it.each([
    ['8 bits', 'b-w'],
    ['16 bits', 'grey16'],
  ])('of grey of %s', async (_, space) => {
    const png = await quartersImage(64, 48, greys).toColourspace(space).png().toBuffer();
    expect((await sharp(png).metadata()).channels).toBe(1);
    expectColours(await decode(png), greys, 1);
  });

  it('of CMYK, by the profile of the inks', async () => {
    const jpeg = await quartersImage(64, 48, dull)
      .toColourspace('cmyk')
      .jpeg({ quality: 95 })
      .toBuffer();
    expect(await sharp(jpeg).metadata()).toMatchObject({ space: 'cmyk', channels: 4 });
    expectColours(await decode(jpeg), dull, 12);
  });

  it('on white where the image is transparent', async () => {
    const png = await quartersImage().ensureAlpha(0.5).png().toBuffer();
    const half = quarterColours.map((colour) => colour.map((value) => (value + 255) / 2));
    expectColours(await decode(png), half, 2);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('upright, as the camera was held: %i', async (orientation) => {
    const [plain, formats] = [await quartersImage().png().toBuffer(), ['png', 'jpeg'] as const];
    const [turn, mirror] = [
      { 3: 180, 4: 180, 6: -90, 7: -90, 8: 90, 5: 90 }[orientation] ?? 0,
      [2, 4, 5, 7].includes(orientation),
    ];
    const turned = sharp(await sharp(plain).rotate(turn).png().toBuffer());
    const stored = mirror ? sharp(await turned.flop().png().toBuffer()) : turned;
    for (const format of formats) {
      const bytes = await stored
        .clone()
        .withMetadata({ orientation })
        .toFormat(format, format === 'jpeg' ? { quality: 98 } : {})
        .toBuffer();
      expect((await sharp(bytes).metadata()).orientation).toBe(orientation);
      const sizes: number[] = [];
      const image = await decode(bytes, (stored) => {
        sizes.push(stored.width, stored.height);
        return whole(stored);
      });
      expect(sizes).toEqual([64, 48]);
      expectColours(image, quarterColours, format === 'jpeg' ? 3 : 0);
    }
  });

  it.each(['webp', 'gif'] as const)('of the first frame of an animated %s', async (format) => {
    const first = await quartersImage().raw().toBuffer();
    const frames = Buffer.concat([first, Buffer.alloc(first.length, 128)]);
    const bytes = await sharp(frames, {
      raw: { width: 64, height: 96, channels: 3, pageHeight: 48 },
    })
      .toFormat(format, format === 'webp' ? { lossless: true } : {})
      .toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    expectColours(await decode(bytes), quarterColours, 3);
  });
});

describe('a region', () => {
  const lowerRight = ({ width, height }: Size) => ({
    left: width / 2,
    top: height / 2,
    width: width / 2,
    height: height / 2,
  });

  it('is taken before the image is resized, whatever the factor', async () => {
    const white = [240, 240, 240];
    for (const scale of [1, 4, 16, 64]) {
      const jpeg = await quartersImage(16 * scale, 12 * scale)
        .jpeg({ quality: 95 })
        .toBuffer();
      const image = await decode(jpeg, lowerRight);
      expectColours(image, [white, white, white, white], 4);
    }
  });

  it('of an image in memory is the same as that of its file', async () => {
    const [data, png] = [
      await quartersImage().raw().toBuffer(),
      await quartersImage().png().toBuffer(),
    ];
    const image = { data, width: 64, height: 48 };
    const [left, right] = [resizeRgb(image, framed(lowerRight)), await decode(png, lowerRight)];
    expect(left.data).toEqual(right.data);
  });
});

describe('a file that is no whole image is refused with the reason', () => {
  const reason = async (bytes: Uint8Array | string, take = whole): Promise<string> => {
    const error: unknown = await decode(bytes, take).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UnreadableImage);
    return (error as Error).message;
  };

  it('if it is missing, empty, or something else', async () => {
    const path = join(temporaryFolder(), 'none.jpg');
    await expect(decodeFile(path, framed())).rejects.toThrow('the file does not exist');
    expect(await reason('')).toBe('the file is empty');
    expect(await reason('text that was renamed .png')).toMatch(/unsupported image format/);
  });

  it.each(['jpeg', 'png', 'webp'] as const)('if a %s is cut short', async (format) => {
    const noise = sharp(await busyJpeg(200, 160));
    const bytes = await noise.toFormat(format).toBuffer();
    for (const share of [0.3, 0.6, 0.99]) await reason(bytes.subarray(0, share * bytes.length));
    await decode(bytes);
  });

  it('even if only its upper part is wanted', async () => {
    const jpeg = await busyJpeg(200, 160);
    const top = ({ width }: Size) => ({ left: 0, top: 0, width, height: 20 });
    expect(await reason(jpeg.subarray(0, 0.9 * jpeg.length), top)).toBe('the file is cut short');
    // The end of a thumbnail in the header is not that of the image.
    const exif = await sharp(jpeg)
      .withExif({ IFD0: { ImageDescription: '\u0001'.repeat(50) } })
      .toBuffer();
    const at = exif.indexOf(Buffer.alloc(20, 1));
    expect(at).toBeGreaterThan(0);
    exif.set([0xff, 0xd9], at);
    await decode(exif, top);
    expect(await reason(exif.subarray(0, 0.9 * exif.length), top)).toBe('the file is cut short');
  });

  it('if its pixels are corrupt', async () => {
    const jpeg = await busyJpeg(200, 160);
    const middle = jpeg.length >> 1;
    jpeg.fill(0xff, middle, middle + 40);
    expect(await reason(jpeg)).not.toContain('\n');
  });

  it('but not for what follows its end', async () => {
    await decode(Buffer.concat([await busyJpeg(), Buffer.from('more')]));
  });
});
