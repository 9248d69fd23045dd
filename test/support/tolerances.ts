/**
 * Every tolerance of the tests, with its reason. An error is max|a-b| / max|b| over a tensor, with
 * b the trusted side.
 */
export const tolerances = {
  /** A gradient rule against central differences in float64: h^2 * f'''/6 and rounding/h are both near 1e-10. */
  finiteDifferences: 1e-6,
  /** A spelling run in float32 (24 bits, 6e-8) against the float64 reference: sums of up to a few hundred terms. */
  float32: 1e-5,
  /** Our float64 reference against PyTorch's float64: rounding only, over sums in another order. */
  float64: 1e-11,
  /** Logits of a whole network in float32 against PyTorch's float64, whose own float32 is off by up to 2e-6. */
  logits: 1e-4,
  /** Norm of the difference over the norm, of a gradient of a whole network; PyTorch's own float32 is off by up to 3e-5. */
  gradients: 1e-3,
  /** The same through a network, whose batch statistics of a few values enlarge what came before. */
  float64Network: 1e-9,
  /** Logits by weights stored as float16 (11 bits, 5e-4 each, of either sign) against float32 ones. */
  float16Weights: 2e-3,
  /** Twenty steps in float32 on two devices: what rounds differently is enlarged by statistics of a few values. */
  devices: 1e-3,
  /** Norm of the difference over the norm, of all gradients of a small network whose maps are rounded to float16 (11 bits). */
  float16: 1e-2,
  /** The same in bfloat16 (8 bits). */
  bfloat16: 1e-1,
} as const;

/** Step of central differences. */
export const differenceStep = 1e-5;

/** Inputs stay this far from points where a function has no derivative. */
export const kinkDistance = 1e-2;

/** max|a-b| / max|b|; where b is all zeros, max|a|. NaN in either is an infinite error. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] ?? NaN, b[i] ?? NaN];
    if (!Number.isFinite(x - y)) return Infinity;
    difference = Math.max(difference, Math.abs(x - y));
    size = Math.max(size, Math.abs(y));
  }
  return size === 0 ? difference : difference / size;
}

/** Norm of a - b over the norm of b. */
export function relativeNorm(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] ?? NaN, b[i] ?? NaN];
    difference += (x - y) ** 2;
    size += y * y;
  }
  return Math.sqrt(size === 0 ? difference : difference / size);
}
