import { describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../src/contract/manifest.js';
import { figuresOf } from '../../src/contract/results.js';

function scalar(name: string, role: 'loss' | 'metric', mean?: TensorInfo['mean']): TensorInfo {
  return { name, role, dtype: 'float32', shape: [], ...(mean && { mean }) };
}

describe('the figures of a step', () => {
  it('are the means that the manifest states, and other results as they are', () => {
    const outputs = [
      scalar('total', 'loss', { name: 'loss', over: 'count' }),
      scalar('count', 'metric'),
      scalar('hits', 'metric', { name: 'recall', over: 'count' }),
      scalar('grad_norm', 'metric'),
    ];
    const scalars = { total: 6, count: 4, hits: 3, grad_norm: 0.5 };
    expect(figuresOf(outputs, new Map(Object.entries(scalars)))).toEqual({
      loss: 1.5,
      metrics: { recall: 0.75, grad_norm: 0.5 },
    });
  });

  it('are 0 without any weight', () => {
    const outputs = [scalar('total', 'loss', { name: 'loss', over: 'n' }), scalar('n', 'metric')];
    const scalars = new Map([
      ['total', 0],
      ['n', 0],
    ]);
    expect(figuresOf(outputs, scalars).loss).toBe(0);
    scalars.delete('n');
    expect(() => figuresOf(outputs, scalars)).toThrow(/no output n/);
  });

  it('are the same for a manifest of an older version, which states no means', () => {
    const outputs = [
      scalar('loss_sum', 'loss'),
      scalar('weight_sum', 'metric'),
      scalar('correct_sum', 'metric'),
    ];
    const scalars = { loss_sum: 6, weight_sum: 4, correct_sum: 3 };
    expect(figuresOf(outputs, new Map(Object.entries(scalars)))).toEqual({
      loss: 1.5,
      metrics: { accuracy: 0.75 },
    });
  });
});
