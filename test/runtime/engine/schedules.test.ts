import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule } from '../../../src/runtime/engine/schedules.js';

const totals = { steps: 1000, stepsPerEpoch: 100 };

describe('a schedule', () => {
  it('that is constant stays', () => {
    expect(learningRateAt({ kind: 'constant', rate: 0.3 }, 999, totals)).toBe(0.3);
  });

  it('of cosine falls from the rate to its final share', () => {
    const schedule: Schedule = { kind: 'cosine', rate: 0.2, final: 0.1 };
    const at = (step: number) => learningRateAt(schedule, step, totals);
    expect(at(0)).toBe(0.2);
    expect(at(500)).toBeCloseTo(0.2 * 0.55, 12);
    expect(at(250)).toBeCloseTo(0.2 * (0.1 + 0.45 * (1 + Math.SQRT1_2)), 12);
    expect(at(1000)).toBeCloseTo(0.02, 12);
    expect(at(5000)).toBeCloseTo(0.02, 12);
  });

  it('of EfficientNet falls by 0.97 every 2.4 epochs, in stairs', () => {
    const schedule: Schedule = {
      kind: 'exponential',
      rate: 0.016,
      decay: 0.97,
      every: { epochs: 2.4 },
    };
    const at = (step: number) => learningRateAt(schedule, step, totals);
    expect([0, 239].map(at)).toEqual([0.016, 0.016]);
    expect(at(240)).toBeCloseTo(0.016 * 0.97, 15);
    expect(at(999)).toBeCloseTo(0.016 * 0.97 ** 4, 15);
  });

  it('falls smoothly where it is told so', () => {
    const schedule: Schedule = {
      kind: 'exponential',
      rate: 1,
      decay: 0.5,
      every: { steps: 10 },
      staircase: false,
    };
    expect(learningRateAt(schedule, 5, totals)).toBeCloseTo(Math.SQRT1_2, 12);
  });

  it('with warm-up rises to the first rate, then goes on as if it had run from the start', () => {
    const then: Schedule = { kind: 'cosine', rate: 0.4 };
    const schedule: Schedule = { kind: 'warmup', length: { epochs: 0.5 }, then };
    const at = (step: number) => learningRateAt(schedule, step, totals);
    expect(at(0)).toBe(0);
    expect(at(25)).toBeCloseTo(0.2, 12);
    expect(at(50)).toBe(learningRateAt(then, 50, totals));
    expect(learningRateAt({ kind: 'warmup', length: { steps: 0 }, then }, 0, totals)).toBe(0.4);
  });
});
