import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';

/** Four plain quarters: red and green above, blue and white below. */
export const quarterColours = [
  [200, 40, 40],
  [40, 160, 60],
  [50, 60, 190],
  [240, 240, 240],
] as const;

/** An image of four plain quarters, as sharp takes it. */
export function quartersImage(
  width = 64,
  height = 48,
  colours: readonly (readonly number[])[] = quarterColours,
): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const quarter = (2 * y < height ? 0 : 2) + (2 * x < width ? 0 : 1);
      data.set(colours[quarter] ?? [], 3 * (y * width + x));
    }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** A JPEG that no decoder shortens: every pixel differs from its neighbours. */
export async function busyJpeg(width = 64, height = 48, seed = 1): Promise<Buffer> {
  const data = Buffer.from(
    Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919 * seed + (i >> 5)) & 255),
  );
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

/** Writes a file, with the folders above it; returns its path. */
export function write(folder: string, name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}
