import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile/compile.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { adafactor, adamw, lamb, nadam } from '../../../src/compiler/optim/index.js';
import { hypersOfGoodSteps } from '../../../src/compiler/optim/lossScale.js';
import type { DType } from '../../../src/support/dtype.js';
import { tensorData } from '../../../src/support/tensor.js';
import { openSession, runSession } from '../../support/runOnnx.js';
import { spell } from '../../support/spell.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { batchOfStep, stateOf, trainRunner } from '../../support/tinySteps.js';
import { relativeError } from '../../support/tolerances.js';

const bases = [0.9, 0.95, 0.999, 0];
const scaling = ['optim.lossScale', 'optim.goodSteps', 'optim.skippedSteps'];

/** Bias corrections of a step's number and the count of skipped steps. */
function corrections(dtype: DType): Graph {
  const graph = new Graph('corrections');
  const t = graph.input('t', dtype, []);
  const [good, skipped] = [graph.input('good', dtype, []), graph.input('skipped', dtype, [])];
  const specs = bases.map((base) => {
    const formula = { kind: 'biasCorrection', base } as const;
    return { name: String(base), meaning: '', default: 1, formula };
  });
  const made = hypersOfGoodSteps(specs, t, { good, skipped });
  for (const [name, value] of Object.entries(made)) graph.output(name, value);
  return graph;
}

const numbers = { t: 0, good: 0, skipped: 3 };
const stepsDone = [1, 2, 7, 100, 3000, 1e6];
/** Of float32. */
const fourRoundings = 4 * 2 ** -23;
const exact = (t: number): number[] => bases.map((base) => 1 - base ** t);

describe('the bias correction of steps that changed something', () => {
  it('is 1 - base^t, t without the skipped steps', () => {
    const graph = corrections('float64');
    for (const t of stepsDone) {
      const given = Object.entries({ ...numbers, t: t + 3 });
      const made = evaluate(graph, new Map(given.map(([name, v]) => [name, ndarray([], [v])])));
      const found = bases.map((base) => made.get(String(base))?.data[0] ?? NaN);
      expect(relativeError(found, exact(t))).toBeLessThan(1e-12);
    }
  });

  it('keeps its digits in float32, where 1 - 0.999 itself would lose four', async () => {
    const session = await openSession(spell('corrections', 17, [corrections('float32')]));
    for (const t of stepsDone) {
      const given = Object.entries({ ...numbers, t: t + 3 });
      const feeds = given.map(([name, v]) => {
        return [name, { dtype: 'float32', value: ndarray([], [v]) }] as const;
      });
      const made = await runSession(session, new Map(feeds));
      for (const [i, base] of bases.entries()) {
        const found = made.get(String(base))?.data[0] ?? NaN;
        expect(Math.abs(found / (exact(t)[i] ?? NaN) - 1)).toBeLessThan(fourRoundings);
      }
    }
  });
});

/** Those that count steps. */
const counting = { adamw, nadam, lamb, adafactor };

describe.each(Object.entries(counting))('%s in float16', (_, make) => {
  const options = { batch: 8, artifacts: ['train'], emaDecay: 0.9 } as const;
  const half = compile(tinyNet(), {
    ...options,
    precision: 'float16',
    optimizer: make(),
  });

  it('is given the number of the step', () => {
    const hypers = half.manifest.artifacts.train?.inputs.filter(({ role }) => role === 'hyper');
    expect(hypers?.map(({ name }) => name)).not.toContain('bias_correction1');
    expect(hypers?.find(({ name }) => name === 'step_number')?.formula).toEqual({
      kind: 'stepNumber',
    });
  });

  it('goes on from a skipped step as though there had been none, as in PyTorch', async () => {
    const [runner, wanted] = [await trainRunner(half), await trainRunner(half)];
    const first = { step: 0 };
    for (const each of [runner, wanted]) await each.run(batchOfStep(half, 0), first);
    const overflowing = tensorData('float32', [], [2 ** 127]);
    await runner.buffers.load((await stateOf(runner)).set('optim.lossScale', overflowing));
    const { metrics } = await runner.run(batchOfStep(half, 1), { step: 1 });
    expect(metrics['skipped']).toBe(1);
    const usual = tensorData('float32', [], [1024]);
    await runner.buffers.load((await stateOf(runner)).set('optim.lossScale', usual));

    await runner.run(batchOfStep(half, 2), { step: 2 });
    // The same masks, but the optimizer's second step.
    await wanted.run(batchOfStep(half, 2), { step: 2, hypers: { step_number: 2 } });
    const [found, same] = [await stateOf(runner), await stateOf(wanted)];
    for (const [key, tensor] of same)
      if (!scaling.includes(key)) expect(found.get(key), key).toEqual(tensor);
    expect(found.get('optim.skippedSteps')?.data[0]).toBe(1);
  });
});
