import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule } from '../../../src/runtime/engine/schedules.js';
import { repositoryRoot } from '../../support/paths.js';
import { relativeError } from '../../support/tolerances.js';

interface Golden {
  readonly steps: number;
  readonly rate: number;
  readonly cases: Readonly<Record<string, readonly number[]>>;
}

const golden = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/schedules/schedules.json'), 'utf8'),
) as Golden;
const { steps, rate } = golden;
const torch = {
  kind: 'oneCycle',
  rate,
  pctStart: 0.3,
  divFactor: 25,
  finalDivFactor: 1e4,
} as const;

const cases: Readonly<Record<string, Schedule>> = {
  polynomial: { kind: 'polynomial', rate, power: 1 },
  'polynomial cubed': { kind: 'polynomial', rate, power: 3 },
  oneCycle: { ...torch, anneal: 'cosine' },
  'oneCycle linear': {
    ...torch,
    ...{ pctStart: 0.21, divFactor: 10, finalDivFactor: 100, anneal: 'linear' },
  },
  cosineRestarts: { kind: 'cosineRestarts', rate, period: { epochs: 2 }, factor: 1, final: 0.1 },
  'cosineRestarts doubled': {
    kind: 'cosineRestarts',
    rate,
    ...{ period: { steps: 5 }, factor: 2, final: 0 },
  },
};

describe('rates of every step are those of torch.optim.lr_scheduler', () => {
  it('in every case of the goldens', () => {
    expect(Object.keys(cases)).toEqual(Object.keys(golden.cases));
  });

  it.each(Object.entries(cases))('%s', (name, schedule) => {
    const totals = { steps, stepsPerEpoch: 5 };
    const found = Array.from({ length: steps }, (_, step) =>
      learningRateAt(schedule, step, totals),
    );
    // torch multiplies the rate of one step into that of the next, which rounds each time.
    expect(relativeError(found, golden.cases[name] ?? [])).toBeLessThan(1e-12);
  });
});

describe('a one-cycle schedule', () => {
  const schedule: Schedule = { ...torch, anneal: 'cosine' };

  it('is finite and at most its highest rate in runs of a step or two', () => {
    for (const short of [1, 2, 3])
      for (let step = 0; step < short; step++) {
        const found = learningRateAt(schedule, step, { steps: short, stepsPerEpoch: 1 });
        expect(found).toBeGreaterThan(0);
        expect(found).toBeLessThanOrEqual(rate);
      }
  });

  it('stays at its lowest rate where a run goes on', () => {
    const lowest = rate / 25 / 1e4;
    expect(learningRateAt(schedule, 99, { steps, stepsPerEpoch: 5 })).toBeCloseTo(lowest, 15);
  });
});
