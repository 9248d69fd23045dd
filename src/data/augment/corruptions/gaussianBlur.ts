import { repeatEdge, type Border } from './border.js';
import { type Field, zerosLike } from './field.js';

/**
 * Blurs by a Gaussian of deviation `sigma` pixels, cut at `truncate` deviations; rows, then columns.
 * SciPy's gaussian_filter; the defaults are scikit-image's. A `sigma` of 0 changes nothing.
 */
export function gaussianBlur(
  field: Field,
  sigma: number,
  { truncate = 4, border = repeatEdge }: { truncate?: number; border?: Border } = {},
): Field {
  const radius = Math.floor(truncate * sigma + 0.5);
  if (radius === 0) return field;
  const kernel = gaussianKernel(radius, sigma);
  return blurLines(blurLines(field, kernel, border, 'rows'), kernel, border, 'columns');
}

/** Weights at -radius..radius that sum to 1. */
export function gaussianKernel(radius: number, sigma: number): Float64Array {
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp((-0.5 * (i - radius) ** 2) / sigma ** 2),
  );
  const sum = kernel.reduce((a, b) => a + b, 0);
  return kernel.map((weight) => weight / sum);
}

function blurLines(
  field: Field,
  kernel: Float64Array,
  border: Border,
  along: 'rows' | 'columns',
): Field {
  const { width, height, channels, data } = field;
  const out = zerosLike(field);
  const row = width * channels;
  const rows = along === 'rows';
  const [length, step] = rows ? [width, channels] : [height, row];
  const lines = data.length / length;
  const radius = (kernel.length - 1) / 2;
  const places = Int32Array.from(
    { length: length + 2 * radius },
    (_, i) => step * border(i - radius, length),
  );
  const line = new Float64Array(places.length);
  for (let l = 0; l < lines; l++) {
    // Lines of columns start in the first row, those of rows at its channels.
    const start = rows ? Math.floor(l / channels) * row + (l % channels) : l;
    for (let i = 0; i < line.length; i++) line[i] = data[start + (places[i] ?? 0)] ?? 0;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += (kernel[k] ?? 0) * (line[i + k] ?? 0);
      out.data[start + step * i] = sum;
    }
  }
  return out;
}
