import { describe, expect, it } from 'vitest';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from '../../src/support/halfFloats.js';
import { halveMatrices } from '../../src/support/halveMatrices.js';
import { fnv1a32 } from '../../src/support/hash.js';
import { uniform } from '../../src/support/random.js';
import { numbersOf, tensorData } from '../../src/support/tensor.js';

describe('float16', () => {
  it('reads the numbers of the format', () => {
    const bits = [0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00];
    const numbers = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -2, 65504, Infinity, -Infinity];
    expect([...fromFloat16(Uint16Array.from(bits))]).toEqual(numbers);
    expect(fromFloat16(Uint16Array.of(0x7e00))[0]).toBeNaN();
  });

  it('gives every number of the format its own bits back', () => {
    const all = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i).filter(
      (bits) => (bits & 0x7fff) <= 0x7c00,
    );
    expect(toFloat16(fromFloat16(all))).toEqual(all);
  });

  it('rounds to the nearest, ties to even', () => {
    // Between 1 and 2 the step is 2^-10, below 2^-14 it is 2^-24.
    const numbers = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20, 2.5 * 2 ** -24];
    expect([...toFloat16(Float32Array.from(numbers))]).toEqual([0x3c00, 0x3c02, 0x3c01, 2]);
    expect([...toFloat16(Float32Array.of(2 ** -25, 1.01 * 2 ** -25, 65519, 65520))]).toEqual([
      0, 1, 0x7bff, 0x7c00,
    ]);
  });

  it('is never further away than half a step', () => {
    const id = { site: fnv1a32('halves'), step: 0, sample: 0 };
    const numbers = Float32Array.from(uniform(4096, 1, id), (u) => (0.5 - u) * 2 ** (40 * u - 26));
    const rounded = fromFloat16(toFloat16(numbers));
    const errors = numbers.map((x, i) => {
      const step = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(x)))) - 10);
      return Math.abs((rounded[i] ?? NaN) - x) / step;
    });
    expect(Math.max(...errors)).toBeLessThanOrEqual(0.5);
    expect(Math.max(...errors)).toBeGreaterThan(0.4);
  });
});

it('reads bfloat16 as the upper half of float32', () => {
  const numbers = fromBfloat16(Uint16Array.of(0x3f80, 0xc040, 0x0000, 0x7f80, 0x4049));
  expect([...numbers]).toEqual([1, -3, 0, Infinity, 3.140625]);
});

it('rounds to the nearest bfloat16, ties to even', () => {
  const numbers = [1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -Infinity, 3.4e38];
  expect([...toBfloat16(numbers)]).toEqual([0x3f80, 0x3f80, 0x3f82, 0x3f81, 0xff80, 0x7f80]);
  expect(fromBfloat16(toBfloat16([NaN]))[0]).toBeNaN();
});

it.each(['float16', 'bfloat16'] as const)('tensors of %s hold rounded numbers', (dtype) => {
  const tensor = tensorData(dtype, [3], [1, -0.5, 1 / 3]);
  expect(tensor.data).toBeInstanceOf(Uint16Array);
  const third = dtype === 'float16' ? 0.333251953125 : 0.333984375;
  expect([...numbersOf(tensor)]).toEqual([1, -0.5, third]);
});

it('halves matrices, and neither vectors nor what is beyond the range', () => {
  const { tensors, tooLarge } = halveMatrices(
    new Map([
      ['kernel', tensorData('float32', [1, 2], [1, -2])],
      ['bias', tensorData('float32', [2], [1, 2])],
      ['huge', tensorData('float32', [1, 1], [1e6])],
    ]),
  );
  expect([...tensors].map(([name, { dtype }]) => `${name} ${dtype}`)).toEqual([
    'kernel float16',
    'bias float32',
    'huge float32',
  ]);
  expect(tensors.get('kernel')?.data).toEqual(Uint16Array.of(0x3c00, 0xc000));
  expect(tooLarge).toEqual(['huge']);
});
