import type { RgbImage } from '../image/image.js';
import { type Field, toField, toImage, zerosLike } from './field.js';

export interface ZoomRange {
  /** Zoom factors go from 1 to this one. */
  readonly last: number;
  readonly step: number;
}

/** The mean of the image and its zoomed copies; the copy of factor 1 is one of them. */
export function zoomBlur(image: RgbImage, { last, step }: ZoomRange): RgbImage {
  const field = toField(image);
  const mean = zerosLike(field);
  const copies = Math.round((last - 1) / step) + 1;
  const add = ({ data }: Field): void => {
    for (let i = 0; i < data.length; i++)
      mean.data[i] = (mean.data[i] ?? 0) + (data[i] ?? 0) / (copies + 1);
  };
  add(field);
  for (let i = 0; i < copies; i++) add(zoomed(field, 1 + i * step));
  return toImage(mean);
}

/**
 * The middle of a field, enlarged linearly to the size of the whole. SciPy's zoom: the outer pixels'
 * centres stay, and the last pixel may lie past the part that is kept.
 */
export function zoomed(field: Field, factor: number): Field {
  const { width, height, channels, data } = field;
  const across = zoomPlaces(width, factor);
  const down = zoomPlaces(height, factor);
  const out = zerosLike(field);
  let to = 0;
  for (const y of down)
    for (const x of across) {
      const top = Math.floor(y) * width;
      const bottom = Math.min(height - 1, Math.floor(y) + 1) * width;
      const left = Math.floor(x);
      const right = Math.min(width - 1, left + 1);
      const [fx, fy] = [x - left, y - Math.floor(y)];
      for (let c = 0; c < channels; c++) {
        const at = (pixel: number): number => data[pixel * channels + c] ?? 0;
        const upper = at(top + left) * (1 - fx) + at(top + right) * fx;
        const lower = at(bottom + left) * (1 - fx) + at(bottom + right) * fx;
        out.data[to++] = upper * (1 - fy) + lower * fy;
      }
    }
  return out;
}

/** Source of each of `size` pixels of an enlarged line, as positions in the line. */
function zoomPlaces(size: number, factor: number): Float64Array {
  const kept = Math.ceil(size / factor);
  const enlarged = roundHalfEven(kept * factor);
  const start = Math.floor((size - kept) / 2);
  const trimmed = Math.floor((enlarged - size) / 2);
  const step = enlarged > 1 ? (kept - 1) / (enlarged - 1) : 0;
  return Float64Array.from({ length: size }, (_, i) => start + (i + trimmed) * step);
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
