import type { CropRegion } from '../augment/image/cropRegion.js';
import type { RgbImage } from '../augment/image/image.js';
import { axisOf, type Axis } from './axis.js';
import { neededBy, resample, type Resizing } from './resample.js';

/** Pixels of one band, 3 bytes each: few beside what a decoder takes of an image that needs several. */
const bandPixels = 64_000_000;

/** The bands, one below the other, in which the part of an image that a resize needs is decoded. */
export function bandsOf(resizing: Resizing, most = bandPixels): CropRegion[] {
  const { left, top, width, height } = neededBy(resizing);
  const count = Math.ceil((width * height) / most);
  const rows = Math.ceil(height / count);
  return Array.from({ length: Math.ceil(height / rows) }, (_, i) => ({
    ...{ left, top: top + i * rows, width },
    height: Math.min(rows, height - i * rows),
  }));
}

/** Resizes as `resample` does, to the same bits, what `get` gives band by band. */
export async function resampleBands(
  bands: readonly CropRegion[],
  resizing: Resizing,
  get: (band: CropRegion) => Promise<RgbImage>,
  fill: readonly number[] = [],
): Promise<RgbImage> {
  const [first, ...more] = bands;
  if (first && more.length === 0) return resample(await get(first), resizing, fill);
  const { across, down, inside } = resizing;
  const { width } = inside;
  const height = down.end - down.first;
  const data = new Uint8Array(3 * width * height);
  for (const band of bands) {
    const window = { width, height: band.height };
    const narrow = { across, down: unchanged(band.height), inside: whole(window), window };
    const rows = resample(await get(band), narrow);
    data.set(rows.data, 3 * width * (band.top - down.first));
  }
  return resample({ width, height, data }, { ...resizing, across: unchanged(width) }, fill);
}

function whole(size: { readonly width: number; readonly height: number }): CropRegion {
  return { left: 0, top: 0, ...size };
}

/** Each pixel as it is. */
function unchanged(size: number): Axis {
  return axisOf({
    ...{ low: 0, high: size, from: 0, to: size, size },
    ...{ offset: 0, length: size, interpolation: 'nearest' },
  });
}
