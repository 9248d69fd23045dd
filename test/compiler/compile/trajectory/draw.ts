import type { TensorInfo } from '../../../../src/contract/manifest.js';
import { ndarray, type NdArray } from '../../../../src/compiler/ir/ndarray.js';
import { NoiseSource } from '../../../../src/runtime/engine/noise.js';
import { fnv1a32 } from '../../../../src/support/hash.js';
import { uniform } from '../../../../src/support/random.js';

/** What test/goldens/trajectory/make.py draws, by the same rules. */
export const seed = 20260711;
export const batchSize = 8;
const classes = 10;

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function draw(name: string, count: number, step = 0, sample = 0): Float64Array {
  return uniform(count, seed, { site: fnv1a32(name), step, sample });
}

/** Matrices and kernels within 1/sqrt(fan in), scales in [0.75, 1.25), biases within 0.1. */
export function initialParam(name: string, shape: readonly number[]): NdArray {
  const bound = 1 / Math.sqrt(sizeOf(shape.slice(1)));
  const scale = (u: number): number => {
    if (shape.length > 1) return (2 * u - 1) * bound;
    return name.endsWith('weight') ? 0.75 + 0.5 * u : 0.1 * (2 * u - 1);
  };
  return ndarray(shape, draw(name, sizeOf(shape)).map(scale));
}

/** Running means start at 0, running variances at 1. */
export function initialBuffer(name: string, shape: readonly number[]): NdArray {
  return ndarray(shape, new Float64Array(sizeOf(shape)).fill(name.endsWith('running_var') ? 1 : 0));
}

/** Images [N,C,H,W] whose brightness tells the class, soft targets of two classes, unequal weights. */
export function drawBatch(
  step: number,
  image: readonly number[],
): Record<'image' | 'target' | 'weight', NdArray> {
  const images = ndarray([batchSize, ...image]);
  const target = ndarray([batchSize, classes]);
  const weight = ndarray([batchSize]);
  for (let sample = 0; sample < batchSize; sample++) {
    const [first = 0, second = 0, share = 0] = draw('label', 3, step, sample);
    const labels = [Math.floor(first * classes), Math.floor(second * classes)] as const;
    for (const [i, part] of [0.75, 0.25].entries()) {
      const at = sample * classes + (labels[i] ?? 0);
      target.data[at] = (target.data[at] ?? 0) + part;
    }
    weight.data[sample] = 0.5 + share;
    const pixels = draw('image', sizeOf(image), step, sample);
    const brightness = 0.25 * (labels[0] + 1);
    images.data.set(
      pixels.map((u) => u * brightness),
      sample * pixels.length,
    );
  }
  return { image: images, target, weight };
}

/** A mask input of an artifact, as the runtime draws it. */
export function drawMask(info: TensorInfo, shape: readonly number[], step: number): NdArray {
  const source = new NoiseSource(info, new Float32Array(sizeOf(shape)), batchSize);
  source.fill({ seed, step, sampleOffset: 0 });
  return ndarray(shape, source.mask);
}
