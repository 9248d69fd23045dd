import type { RandomStream } from '../../../support/random.js';

/** `count` normal numbers by Box and Muller's method, from pairs of words of the stream. */
export function drawNormal(
  count: number,
  random: RandomStream,
  { mean, std }: { readonly mean: number; readonly std: number },
): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    // (word + 0.5) / 2^32 lies strictly inside (0, 1), so the logarithm is finite.
    const radius = std * Math.sqrt(-2 * Math.log((random.bits() + 0.5) / 2 ** 32));
    const angle = random.uniform(0, 2 * Math.PI);
    out[i] = mean + radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = mean + radius * Math.sin(angle);
  }
  return out;
}
