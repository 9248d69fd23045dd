import { fnv1a32 } from '../../../../src/support/hash.js';
import { fillBits, uniform } from '../../../../src/support/random.js';
import { staticSize } from '../../../../src/support/shape.js';

/** What test/goldens/models/draw.py draws, by the same rules. */
export const seed = 20260718;
export const step = 3;

function draw(name: string, count: number, sample = 0): Float64Array {
  return uniform(count, seed, { site: fnv1a32(name), step: 0, sample });
}

/** Kernels and matrices of variance gain / fan in, scales and variances around 1, small means and biases. */
export function initial(name: string, shape: readonly number[], gain: number): Float32Array {
  const size = staticSize(shape);
  const words = new Uint32Array(size);
  fillBits(words, seed, { site: fnv1a32(name), step: 0, sample: 0 });
  const fill = (valueOf: (u: number) => number): Float32Array => {
    const out = new Float32Array(size);
    // B7 has 66 million: `Float32Array.from` with a function takes several times as long.
    for (let i = 0; i < size; i++) out[i] = valueOf((words[i] ?? 0) / 2 ** 32);
    return out;
  };
  const bound = Math.sqrt((3 * gain) / staticSize(shape.slice(1)));
  if (shape.length > 1) return fill((u) => (2 * u - 1) * bound);
  if (name.endsWith('running_var')) return fill((u) => 0.5 + u);
  if (name.endsWith('weight')) return fill((u) => 0.75 + 0.5 * u);
  return fill((u) => 0.2 * (2 * u - 1));
}

/** Patches of 16 by 16 pixels within 1.5, and noise within 1 on each pixel; [N,3,size,size]. */
export function images(batch: number, size: number, first = 0): Float32Array {
  const side = Math.ceil(size / 16);
  const out = new Float32Array(batch * 3 * size * size);
  let at = 0;
  for (let sample = first; sample < first + batch; sample++) {
    const patch = draw('patch', 3 * side * side, sample);
    const pixel = draw('pixel', 3 * size * size, sample);
    for (const [i, u] of pixel.entries()) {
      const [x, y, channel] = [i % size, Math.floor(i / size) % size, Math.floor(i / size / size)];
      const inPatch = patch[(channel * side + (y >> 4)) * side + (x >> 4)] ?? NaN;
      out[at++] = 3 * inPatch + 2 * u - 2.5;
    }
  }
  return out;
}

/** One-hot targets [N,classes]. */
export function targets(batch: number, classes: number, first: number): Float32Array {
  const out = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) {
    const [u = NaN] = draw('label', 1, first + i);
    out[i * classes + Math.floor(u * classes)] = 1;
  }
  return out;
}
