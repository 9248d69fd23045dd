import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NdArray } from '../../../src/compiler/ir/ndarray.js';
import {
  adafactor,
  adamw,
  lamb,
  lion,
  nadam,
  optimizerNames,
  rmspropTf,
  sgd,
  type Optimizer,
} from '../../../src/compiler/optim/index.js';
import { repositoryRoot } from '../../support/paths.js';
import { relativeError } from '../../support/tolerances.js';
import { runSteps, stepProgram } from './trajectory.js';

interface Golden {
  readonly emaDecay: number;
  readonly cases: Readonly<
    Record<
      string,
      Record<'weight' | 'bias' | 'ema', number[]> & { readonly normAndSum: number[][] }
    >
  >;
}

const golden = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/optim/trajectories.json'), 'utf8'),
) as Golden;

/** Rounding only: 20 steps of a few sums each, in another order than PyTorch's. */
const tolerance = 1e-10;

interface Case {
  readonly optimizer: Optimizer;
  readonly maxNorm?: number;
}

const cases: Readonly<Record<string, Case>> = {
  sgd: { optimizer: sgd({ learningRate: 0.5, momentum: 0 }) },
  'sgd momentum': { optimizer: sgd({ learningRate: 0.2 }) },
  'sgd nesterov l2': {
    optimizer: sgd({ learningRate: 0.2, nesterov: true, weightDecay: 0.02 }),
  },
  'sgd clip': { optimizer: sgd({ learningRate: 0.5, momentum: 0.8 }), maxNorm: 0.15 },
  rmspropTf: { optimizer: rmspropTf({ learningRate: 0.05 }) },
  'rmspropTf l2': {
    optimizer: rmspropTf({
      learningRate: 0.05,
      weightDecay: 0.03,
      decay: 0.8,
      momentum: 0.7,
      epsilon: 1e-2,
    }),
  },
  'rmspropTf decoupled clip': {
    optimizer: rmspropTf({ learningRate: 0.05, weightDecay: 0.1, decoupledDecay: true }),
    maxNorm: 0.14,
  },
  adamw: { optimizer: adamw({ learningRate: 0.1, weightDecay: 0 }) },
  'adamw decoupled': {
    optimizer: adamw({ learningRate: 0.1, weightDecay: 0.2, beta1: 0.8, beta2: 0.95 }),
  },
  'adamw l2': {
    optimizer: adamw({ learningRate: 0.1, weightDecay: 0.05, decoupledDecay: false }),
  },
  lion: { optimizer: lion({ learningRate: 0.02 }) },
  'lion decoupled clip': {
    optimizer: lion({ learningRate: 0.02, weightDecay: 0.3, beta1: 0.8, beta2: 0.95 }),
    maxNorm: 0.15,
  },
  nadam: { optimizer: nadam({ learningRate: 0.1 }) },
  'nadam l2': {
    optimizer: nadam({
      learningRate: 0.1,
      weightDecay: 0.05,
      beta1: 0.8,
      beta2: 0.95,
      momentumDecay: 0.5,
    }),
  },
  lamb: { optimizer: lamb({ learningRate: 0.05, weightDecay: 0.1 }) },
  'lamb always': {
    optimizer: lamb({
      learningRate: 0.05,
      weightDecay: 0,
      alwaysAdapt: true,
      trustClip: true,
      beta1: 0.8,
      beta2: 0.95,
    }),
  },
  adafactor: { optimizer: adafactor({ learningRate: 0.4 }) },
  'adafactor decoupled': {
    optimizer: adafactor({
      learningRate: 0.2,
      weightDecay: 0.2,
      beta2Decay: -0.5,
      clipThreshold: 0.5,
    }),
  },
};

function dataOf(step: ReadonlyMap<string, NdArray> | undefined, name: string): Float64Array {
  return step?.get(name)?.data ?? new Float64Array();
}

describe('20 steps with a falling learning rate follow PyTorch', () => {
  it('in every case of the goldens', () => {
    expect(Object.keys(cases)).toEqual(Object.keys(golden.cases));
  });

  it('with a case for every optimizer', () => {
    const kinds = new Set(Object.values(cases).map(({ optimizer }) => optimizer.kind));
    expect([...kinds].sort()).toEqual([...optimizerNames].sort());
  });

  for (const [name, { optimizer, maxNorm }] of Object.entries(cases))
    it(name, () => {
      const program = stepProgram(optimizer, { clip: maxNorm !== undefined, ema: true });
      const defaults = new Map(program.update.hyperSpecs.map((spec) => [spec.name, spec.default]));
      const steps = runSteps(program, 20, (hyper, step) => {
        if (hyper === 'max_norm') return maxNorm ?? NaN;
        if (hyper === 'ema_decay') return golden.emaDecay;
        const value = defaults.get(hyper) ?? NaN;
        return hyper === 'learning_rate' ? value * 0.95 ** step : value;
      });
      const wanted = golden.cases[name];
      const made = steps.map((step) =>
        ['fc.weight', 'fc.bias'].flatMap((param) => {
          const data = dataOf(step, param);
          return [Math.hypot(...data), data.reduce((sum, v) => sum + v, 0)];
        }),
      );
      expect(relativeError(made.flat(), wanted?.normAndSum.flat() ?? [])).toBeLessThan(tolerance);
      const last = steps.at(-1);
      expect(relativeError(dataOf(last, 'fc.weight'), wanted?.weight ?? [])).toBeLessThan(
        tolerance,
      );
      expect(relativeError(dataOf(last, 'fc.bias'), wanted?.bias ?? [])).toBeLessThan(tolerance);
      expect(relativeError(dataOf(last, 'ema.fc.weight'), wanted?.ema ?? [])).toBeLessThan(
        tolerance,
      );
    });

  it('and clipping changed its course', () => {
    const free = runSteps(
      stepProgram(sgd({ learningRate: 0.5, momentum: 0.8 })),
      20,
      (hyper, step) => (hyper === 'momentum' ? 0.8 : 0.5 * 0.95 ** step),
    );
    const clipped = golden.cases['sgd clip']?.weight ?? [];
    expect(relativeError(dataOf(free.at(-1), 'fc.weight'), clipped)).toBeGreaterThan(1e-3);
  });
});

describe('adafactor', () => {
  const { slots, slotShape } = adafactor();
  const shapesOf = (shape: readonly number[]) =>
    Object.fromEntries(slots.map(({ name }) => [name, slotShape?.(name, shape)]));

  it("keeps a row and a column of a matrix, PyTorch's of the last two axes", () => {
    expect(shapesOf([3, 4])).toEqual({ row_var: [3, 1], col_var: [1, 4], variance: undefined });
  });

  it('takes the two longest axes of a kernel, and none where one has a single element', () => {
    const none = { row_var: undefined, col_var: undefined };
    expect(shapesOf([16, 8, 1, 1])).toEqual({
      row_var: [1, 8, 1, 1],
      col_var: [16, 1, 1, 1],
      variance: undefined,
    });
    expect(shapesOf([16, 1, 5, 3])).toMatchObject({
      row_var: [1, 1, 5, 3],
      col_var: [16, 1, 1, 3],
    });
    expect(shapesOf([8, 1, 1, 1])).toEqual({ ...none, variance: [8, 1, 1, 1] });
    expect(shapesOf([7])).toEqual({ ...none, variance: [7] });
  });
});
