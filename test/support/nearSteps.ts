import { expect } from 'vitest';
import type { Compiled } from '../../src/compiler/compile/compile.js';
import type { TensorData } from '../../src/support/tensor.js';
import { batchOfStep, stateOf, trainRunner } from './tinySteps.js';
import { relativeNorm, tolerances } from './tolerances.js';

/** Every tensor of `wanted` is in `found`, and all of them together are near. */
export function expectNear(
  found: ReadonlyMap<string, TensorData>,
  wanted: ReadonlyMap<string, TensorData>,
  tolerance: number,
): void {
  const joined = (state: ReadonlyMap<string, TensorData>): number[] =>
    [...wanted.keys()].flatMap((key) => Array.from(state.get(key)?.data ?? [NaN], Number));
  expect(relativeNorm(joined(found), joined(wanted))).toBeLessThan(tolerance);
}

/** Four steps in float16, none skipped, have the losses and the state of another graph but for rounding. */
export async function expectStepsOfFloat16(half: Compiled, other: Compiled): Promise<void> {
  const [wanted, runner] = [await trainRunner(other), await trainRunner(half)];
  for (let step = 0; step < 4; step++) {
    const { loss } = await wanted.run(batchOfStep(other, step), { step });
    const result = await runner.run(batchOfStep(half, step), { step });
    expect(relativeNorm([result.loss], [loss])).toBeLessThan(tolerances.float16);
    expect(result.metrics['skipped']).toBe(0);
  }
  expectNear(await stateOf(runner), await stateOf(wanted), tolerances.float16);
}
