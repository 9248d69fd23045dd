import { describe, expect, it } from 'vitest';
import { efficientnet } from '../../../src/language/models/index.js';
import { initialize, traceModel, type Initializer } from '../../../src/language/nn/index.js';

const moments = (data: ArrayLike<number | bigint>): { mean: number; std: number; top: number } => {
  const values = Array.from(data, Number);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(square), top: Math.max(...values.map(Math.abs)) };
};

const drawn = (init: Initializer, shape: readonly number[], seed = 1) =>
  moments(initialize(init, 'w', shape, seed).data);

describe('initial values', () => {
  it('depend on the name and the seed alone', () => {
    const make = (name: string, seed: number): number[] =>
      Array.from(initialize({ kind: 'normal', std: 1 }, name, [4], seed).data, Number);
    expect(make('a.weight', 1)).toEqual(make('a.weight', 1));
    expect(make('a.weight', 1)).not.toEqual(make('b.weight', 1));
    expect(make('a.weight', 1)).not.toEqual(make('a.weight', 2));
  });

  it('of convolutions have the deviation sqrt(2 / fan_out), fan_out counted in one group', () => {
    expect(drawn({ kind: 'fanOutNormal' }, [64, 32, 3, 3]).std).toBeCloseTo(
      Math.sqrt(2 / (64 * 9)),
      3,
    );
    const depthwise = drawn({ kind: 'fanOutNormal', groups: 512 }, [512, 1, 5, 5]);
    expect(depthwise.std).toBeCloseTo(Math.sqrt(2 / 25), 2);
    expect(drawn({ kind: 'fanInNormal' }, [64, 32, 3, 3]).std).toBeCloseTo(
      Math.sqrt(2 / (32 * 9)),
      3,
    );
  });

  it('of linear layers fill the range 1 / sqrt(out)', () => {
    const { top, mean, std } = drawn({ kind: 'fanOutUniform' }, [100, 300]);
    expect(top).toBeGreaterThan(0.0999);
    expect(top).toBeLessThanOrEqual(0.1);
    expect(mean).toBeCloseTo(0, 3);
    expect(std).toBeCloseTo(0.1 / Math.sqrt(3), 3);
    expect(drawn({ kind: 'fanInUniform' }, [100, 400]).top).toBeCloseTo(0.05, 3);
  });

  it('of statistics, biases and scales are constants', () => {
    const values = (init: Initializer): number[] =>
      Array.from(initialize(init, 'b', [2], 3).data, Number);
    expect(values({ kind: 'zeros' })).toEqual([0, 0]);
    expect(values({ kind: 'ones' })).toEqual([1, 1]);
    expect(values({ kind: 'constant', value: 0.25 })).toEqual([0.25, 0.25]);
    expect(values({ kind: 'uniform', low: 2, high: 2 })).toEqual([2, 2]);
    expect(values({ kind: 'normal', mean: 4, std: 0 })).toEqual([4, 4]);
  });

  it("are timm's in EfficientNet", () => {
    const { params, buffers } = traceModel(efficientnet({ name: 'b0' }), {
      mode: 'eval',
      batch: 1,
    });
    const kinds = new Set(
      [...params, ...buffers].map(({ name, shape, init }) => {
        const last = name.split('.').at(-1) ?? '';
        return `${last} of ${shape.length} axes: ${init.kind}`;
      }),
    );
    expect([...kinds].sort()).toMatchInlineSnapshot(`
      [
        "bias of 1 axes: zeros",
        "running_mean of 1 axes: zeros",
        "running_var of 1 axes: ones",
        "weight of 1 axes: ones",
        "weight of 2 axes: fanOutUniform",
        "weight of 4 axes: fanOutNormal",
      ]
    `);
    for (const { name, init } of params)
      if (name.endsWith('conv_dw.weight')) expect(init).toHaveProperty('groups');
  });
});
