import type { Value } from '../../compiler/ir/graph.js';
import { axisWeights, separable, type AxisWeights } from '../../compiler/ops/separable.js';
import type { Trace } from '../../compiler/trace/trace.js';
import { formatShape } from '../../support/shape.js';
import { addLayer } from './layer.js';
import { checkMap, pair, type Pair } from './window.js';

/** Where a pixel of the result lies in the map, by the names of ONNX's Resize. */
export type ResizeCoordinates =
  'half_pixel' | 'pytorch_half_pixel' | 'half_pixel_symmetric' | 'align_corners' | 'asymmetric';

/** Which of two pixels is the nearest, by the names of ONNX's Resize. */
export type NearestRounding = 'floor' | 'ceil' | 'round_prefer_floor' | 'round_prefer_ceil';

export interface InterpolateOptions {
  /** Rows and columns of the result; this or `scale`. */
  readonly size?: Pair;
  /** Factor of rows and columns, rounded down to whole pixels; places go by the factor as given. */
  readonly scale?: Pair;
  /** Default 'nearest'. */
  readonly mode?: 'nearest' | 'nearest-exact' | 'bilinear' | 'bicubic';
  /** Puts the corner pixels of both maps in one place, for bilinear and bicubic (default: false). */
  readonly alignCorners?: boolean;
  /** Places, where they are not PyTorch's (default: 'asymmetric' for nearest, otherwise 'half_pixel'). */
  readonly coordinates?: ResizeCoordinates;
  /** Rounding of places, for nearest (default: 'floor'). */
  readonly rounding?: NearestRounding;
  /** Coefficient a of the cubic kernel, for bicubic (default: -0.75). */
  readonly cubicCoefficient?: number;
  /** Leaves out what bicubic would read beyond the border, instead of repeating it (default: false). */
  readonly excludeOutside?: boolean;
}

/**
 * Another height and width; x [N,C,H,W] -> [N,C,H',W']. By default as PyTorch's interpolate without
 * antialiasing; `coordinates`, `rounding`, `cubicCoefficient` and `excludeOutside` have the meaning
 * that ONNX's Resize gives them. Errors: neither or both of size and scale, a size below 1, an option
 * that the mode has no use for. Source: PyTorch interpolate, ONNX Resize.
 *
 * @example x = interpolate(x, { scale: 2, mode: 'bilinear' })
 */
export function interpolate(x: Value, options: InterpolateOptions): Value {
  return addLayer({ kind: 'interpolate', inputs: [x] }, (trace) => {
    checkMap(trace, 'interpolate', x);
    checkOptions(trace, x, options);
    const rows = resized(x.height, 0, options);
    const columns = resized(x.width, 1, options);
    if (rows.size < 1 || columns.size < 1)
      throw trace.error(
        'option',
        `interpolate: ${formatShape(x.shape)} to ${rows.size}x${columns.size}`,
        'at least one pixel must be left: use a larger `size` or `scale`',
      );
    return separable(x, weightsOf(rows, options), weightsOf(columns, options));
  });
}

function checkOptions(trace: Trace, x: Value, options: InterpolateOptions): void {
  const { size, scale, mode = 'nearest', alignCorners, coordinates, cubicCoefficient } = options;
  const refuse = (what: string, hint: string): never => {
    throw trace.error('option', `interpolate: ${what} over ${formatShape(x.shape)}`, hint);
  };
  if ((size === undefined) === (scale === undefined))
    refuse(size ? 'size and scale' : 'neither size nor scale', 'give `size` or `scale`, not both');
  if (size !== undefined && !pair(size).every((v) => Number.isInteger(v) && v >= 1))
    refuse(`size ${pair(size).join('x')}`, '`size` is whole numbers of at least 1');
  if (scale !== undefined && !pair(scale).every((v) => Number.isFinite(v) && v > 0))
    refuse(`scale ${pair(scale).join('x')}`, '`scale` is numbers above 0');
  if (cubicCoefficient !== undefined && !Number.isFinite(cubicCoefficient))
    refuse(`cubicCoefficient ${cubicCoefficient}`, '`cubicCoefficient` is a number, such as -0.75');
  const useless = Object.entries(uses).find(
    ([name, modes]) => options[name as keyof typeof uses] !== undefined && !modes.includes(mode),
  );
  if (useless)
    refuse(
      `${useless[0]} with mode ${mode}`,
      `\`${useless[0]}\` is for ${useless[1].join(' and ')}`,
    );
  if (alignCorners !== undefined && coordinates !== undefined)
    refuse(
      'alignCorners and coordinates',
      "`coordinates: 'align_corners'` says the same as the one",
    );
}

/** Modes that read an option which not all read. */
const uses: Readonly<
  Record<
    'alignCorners' | 'coordinates' | 'rounding' | 'cubicCoefficient' | 'excludeOutside',
    readonly string[]
  >
> = {
  alignCorners: ['bilinear', 'bicubic'],
  coordinates: ['nearest', 'bilinear', 'bicubic'],
  rounding: ['nearest'],
  cubicCoefficient: ['bicubic'],
  excludeOutside: ['bicubic'],
};

/** An axis before and after. */
interface Resized {
  readonly from: number;
  readonly size: number;
  /** Pixels of the result for one of the map. */
  readonly scale: number;
}

/** Other programs compute in float32, where 0.7 times 10 is 7 and rounds down to it. */
function resized(from: number, axis: 0 | 1, { size, scale }: InterpolateOptions): Resized {
  if (size !== undefined) return { from, size: pair(size)[axis], scale: pair(size)[axis] / from };
  const factor = pair(scale ?? 1)[axis];
  return { from, size: Math.floor(Math.fround(from * factor)), scale: factor };
}

/** A place in the map, each step rounded by `f`. */
type Place = (i: number, axis: Resized, f: (v: number) => number) => number;

const halfPixel: Place = (i, { scale }, f) => f(f((i + 0.5) / f(scale)) - 0.5);

const places: Readonly<Record<ResizeCoordinates, Place>> = {
  half_pixel: halfPixel,
  pytorch_half_pixel: (i, axis, f) => (axis.size > 1 ? halfPixel(i, axis, f) : 0),
  half_pixel_symmetric: (i, { from, size, scale }, f) => {
    const offset = f((from / 2) * f(1 - f(size / f(f(scale) * from))));
    return f(f(offset + f((i + 0.5) / f(scale))) - 0.5);
  },
  align_corners: (i, { from, size }, f) => (size > 1 ? f((i * (from - 1)) / (size - 1)) : 0),
  asymmetric: (i, { scale }, f) => f(i / f(scale)),
};

const roundings: Readonly<Record<NearestRounding, (place: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (place) => Math.ceil(place - 0.5),
  round_prefer_ceil: (place) => Math.floor(place + 0.5),
};

function weightsOf(axis: Resized, options: InterpolateOptions): AxisWeights {
  const { mode = 'nearest', alignCorners = false } = options;
  const usual = mode === 'nearest' ? 'asymmetric' : alignCorners ? 'align_corners' : 'half_pixel';
  const placeOf = places[options.coordinates ?? usual];
  const last = axis.from - 1;
  const within = (at: number): number => Math.min(Math.max(at, 0), last);
  return axisWeights(axis.from, axis.size, (i) => {
    // Which of two pixels is the nearest hangs on the last bit of what onnxruntime computes in float32.
    const place = placeOf(i, axis, mode === 'nearest' ? Math.fround : (v) => v);
    if (mode === 'nearest' || mode === 'nearest-exact') {
      const round =
        roundings[mode === 'nearest' ? (options.rounding ?? 'floor') : 'round_prefer_ceil'];
      return [[within(round(Math.fround(place))), 1]];
    }
    const [first, share] = [Math.floor(place), place - Math.floor(place)];
    if (mode === 'bilinear')
      return [
        [within(first), 1 - share],
        [within(first + 1), share],
      ];
    const { cubicCoefficient = -0.75, excludeOutside = false } = options;
    const taps = cubic(share, cubicCoefficient).map(
      (weight, k) => [first - 1 + k, weight] as const,
    );
    if (!excludeOutside) return taps.map(([at, weight]) => [within(at), weight]);
    const inside = taps.filter(([at]) => at === within(at));
    const total = inside.reduce((sum, [, weight]) => sum + weight, 0);
    return inside.map(([at, weight]) => [at, weight / total]);
  });
}

/** Weights of the pixels at -1, 0, 1 and 2 for a place between 0 and 1. Source: Keys, IEEE TASSP 29 (1981) 1153. */
function cubic(share: number, a: number): readonly number[] {
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(1 + share), near(share), near(1 - share), far(2 - share)];
}
