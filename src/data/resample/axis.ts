import type { Interpolation } from '../../support/imageView.js';
import { filters, type Filter } from './filters.js';

/** Mapping of the pixels along one axis of an image to those of another. */
export interface Axis {
  /** First source pixel of each result, and how many have a weight. */
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `taps` weights for each result, in fixed point; those behind the count are 0. */
  readonly weights: Int32Array;
  readonly taps: number;
  /** The source pixels that some result needs: from `first` to below `end`. */
  readonly first: number;
  readonly end: number;
}

export interface AxisRequest {
  /** Source pixels that may be used: from `low` to below `high`. */
  readonly low: number;
  readonly high: number;
  /** The stretch of the source that becomes `size` pixels; need not be whole numbers. */
  readonly from: number;
  readonly to: number;
  readonly size: number;
  /** The results wanted: `length` of them from `offset`, all between 0 and `size`. */
  readonly offset: number;
  readonly length: number;
  readonly interpolation: Interpolation;
}

/** Weights have as many bits behind the point as leave room for 8 bits and a filter's overshoot. */
export const fractionBits = 22;
const one = 1 << fractionBits;

/**
 * The weights of one axis as Pillow computes them: the filter is stretched when the image shrinks,
 * weights beyond the border are dropped and the rest made to sum to 1, then rounded to 22 bits. Their
 * number is padded to a multiple of 4, which the kernels take at once.
 */
export function axisOf(request: AxisRequest): Axis {
  const { low, high, length, interpolation } = request;
  const filter = interpolation === 'nearest' ? nearest : filters[interpolation];
  const scale = (request.to - request.from) / request.size;
  const stretch = interpolation === 'nearest' ? 1 : Math.max(1, scale);
  const reach = filter.support * stretch;
  const taps = 4 * Math.ceil(Math.min(high - low, 2 * Math.ceil(reach) + 1) / 4);
  const [starts, counts] = [new Int32Array(length), new Int32Array(length)];
  const weights = new Int32Array(taps * length);
  const own = new Float64Array(taps);
  let [first, end] = [high, low];
  for (let i = 0; i < length; i++) {
    // Counted from `low`, so that a region is resized to the same bits as an image cut out before.
    const centre = request.from - low + (request.offset + i + 0.5) * scale;
    const last = high - low - 1;
    const start =
      interpolation === 'nearest'
        ? Math.floor(centre)
        : Math.max(0, Math.trunc(centre - reach + 0.5));
    const from = Math.min(last, Math.max(0, start));
    const to =
      interpolation === 'nearest'
        ? from + 1
        : Math.max(from + 1, Math.min(last + 1, Math.trunc(centre + reach + 0.5)));
    let sum = 0;
    for (let k = 0; k < to - from; k++)
      sum += own[k] = filter.weight((from + k - centre + 0.5) * (1 / stretch));
    for (let k = 0; k < to - from; k++)
      weights[i * taps + k] = fixed(sum === 0 ? 1 / (to - from) : (own[k] ?? 0) / sum);
    starts[i] = low + from;
    counts[i] = to - from;
    first = Math.min(first, low + from);
    end = Math.max(end, low + to);
  }
  return { starts, counts, weights, taps, first, end };
}

/** One pixel, whatever its distance. */
const nearest: Filter = { support: 0, weight: () => 1 };

/** Rounded half away from zero. */
function fixed(weight: number): number {
  return Math.trunc(weight * one + (weight < 0 ? -0.5 : 0.5));
}
