import { describe, expect, it } from 'vitest';
import { isFiniteTensor, notFinite, someOf } from '../../src/support/finite.js';
import { tensorData } from '../../src/support/tensor.js';

describe('a tensor', () => {
  it.each(['float64', 'float32', 'float16', 'bfloat16'] as const)(
    'of %s is finite but for a NaN or an infinity anywhere',
    (dtype) => {
      const values = [0, -0, 1, -65504, 6e-8];
      expect(isFiniteTensor(tensorData(dtype, [5], values))).toBe(true);
      for (const bad of [NaN, Infinity, -Infinity])
        for (const at of [0, 2, 4])
          expect(isFiniteTensor(tensorData(dtype, [5], values.with(at, bad)))).toBe(false);
    },
  );

  it('of integers always is', () => {
    expect(isFiniteTensor(tensorData('int64', [1], [2 ** 40]))).toBe(true);
    expect(isFiniteTensor(tensorData('uint8', [0], []))).toBe(true);
  });

  it('that is not is named', () => {
    const good = tensorData('float32', [1], [1]);
    const tensors = new Map([
      ['a', good],
      ['b', tensorData('float32', [2], [1, NaN])],
    ]);
    expect(notFinite(tensors)).toEqual(['b']);
    expect(someOf(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
    expect(someOf(['a', 'b'], 2)).toBe('a, b');
  });
});
