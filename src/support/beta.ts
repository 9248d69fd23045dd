import type { RandomStream } from './random.js';

/** A number of 0 to 1 from the beta distribution with both parameters `alpha`, above 0. */
export function drawBeta(stream: RandomStream, alpha: number): number {
  // The share of one gamma variable in two; as logarithms, which a small alpha does not make 0 / 0.
  const [x, y] = [logGamma(stream, alpha), logGamma(stream, alpha)];
  return 1 / (1 + Math.exp(y - x));
}

/**
 * The logarithm of a gamma variable of shape `alpha`, by G. Marsaglia and W. W. Tsang, ACM Trans. Math. Softw. 26
 * (2000) 363; below 1 from one of shape alpha + 1 and a power of a uniform number.
 */
function logGamma(stream: RandomStream, alpha: number): number {
  if (alpha < 1) return logGamma(stream, alpha + 1) + Math.log(positive(stream)) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = normal(stream);
    const cube = (1 + c * z) ** 3;
    const u = positive(stream);
    if (cube > 0 && Math.log(u) < 0.5 * z * z + d - d * cube + d * Math.log(cube))
      return Math.log(d * cube);
  }
}

/** A number above 0 and below 1. */
function positive(stream: RandomStream): number {
  return (stream.bits() + 0.5) / 2 ** 32;
}

/** A standard normal number, by Box and Muller. */
function normal(stream: RandomStream): number {
  return Math.sqrt(-2 * Math.log(positive(stream))) * Math.cos(2 * Math.PI * stream.uniform());
}
