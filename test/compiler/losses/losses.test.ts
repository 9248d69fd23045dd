import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { grad } from '../../../src/compiler/autodiff/grad.js';
import { buildLoss } from '../../../src/compiler/compile/loss.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { ndarray, type NdArray } from '../../../src/compiler/ir/ndarray.js';
import {
  createLoss,
  isLinear,
  lossNames,
  type LossChoice,
} from '../../../src/compiler/losses/index.js';
import { repositoryRoot } from '../../support/paths.js';
import { openSession, runSession } from '../../support/runOnnx.js';
import { spell } from '../../support/spell.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

interface Golden {
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly smoothing: number;
        readonly rows: readonly number[];
        readonly gradient: readonly number[];
      }
    >
  >;
}

const golden = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/losses/losses.json'), 'utf8'),
) as Golden;

const cases: Readonly<Record<string, LossChoice>> = {
  crossEntropy: 'crossEntropy',
  'crossEntropy smoothed': { kind: 'crossEntropy' },
  focal: 'focal',
  'focal smoothed': { kind: 'focal', gamma: 1.5, alpha: 0.25 },
  'focal of 0': { kind: 'focal', gamma: 0 },
  binaryCrossEntropy: 'binaryCrossEntropy',
  'binaryCrossEntropy smoothed': 'binaryCrossEntropy',
  'binaryCrossEntropy sum': {
    kind: 'binaryCrossEntropy',
    sumClasses: true,
    targetThreshold: 0.2,
  },
};

/** The batch of test/goldens/losses/make.py. */
const [rows, classes] = [6, 4];
const table = (f: (i: number, k: number) => number): number[] =>
  Array.from({ length: rows * classes }, (_, at) => f(Math.floor(at / classes), at % classes));
const logits = table((i, k) => (i === 3 ? 0 : 3 * Math.sin(1 + 3 * i + 5 * k)));
const shared = [0.7, 0.3, 0, 0];
const target = table((i, k) => (i === 4 ? (shared[k] ?? NaN) : Number(k === i % classes)));
const weights = Array.from({ length: rows }, (_, i) => 1 + (i % 2));
const total = weights.reduce((a, b) => a + b, 0);

/** The sums of a loss and the gradient of the logits as a graph. */
function lossGraph(choice: LossChoice, dtype: 'float64' | 'float32' = 'float64'): Graph {
  const graph = new Graph('loss');
  const x = graph.input('logits', dtype, [rows, classes]);
  const { lossSum } = buildLoss(graph, x, classes, createLoss(choice));
  const [gradient] = grad(graph, lossSum, [x]);
  graph.output('loss', lossSum);
  if (gradient) graph.output('gradient', gradient);
  return graph;
}

const feeds = (smoothing: number, weight = weights): [string, NdArray][] => [
  ['logits', ndarray([rows, classes], logits)],
  ['target', ndarray([rows, classes], target)],
  ['weight', ndarray([rows], weight)],
  ['label_smoothing', ndarray([], [smoothing])],
];

describe('a loss and its gradient follow PyTorch', () => {
  it('with a case for every loss', () => {
    const kinds = Object.values(cases).map((c) => (typeof c === 'string' ? c : c.kind));
    expect([...new Set(kinds)].sort()).toEqual([...lossNames].sort());
    expect(Object.keys(cases)).toEqual(Object.keys(golden.cases));
  });

  it.each(Object.entries(cases))('%s', (name, choice) => {
    const { smoothing = NaN, rows: each = [], gradient = [] } = golden.cases[name] ?? {};
    const graph = lossGraph(choice);
    const found = each.map((_, row) => {
      const alone = weights.map((__, i) => Number(i === row));
      return evaluate(graph, new Map(feeds(smoothing, alone))).get('loss')?.data[0] ?? NaN;
    });
    expect(relativeError(found, each)).toBeLessThan(tolerances.float64);
    const whole = evaluate(graph, new Map(feeds(smoothing)));
    const made = (whole.get('gradient')?.data ?? new Float64Array()).map((v) => v / total);
    expect(relativeError(made, gradient)).toBeLessThan(tolerances.float64);
  });
});

describe('a loss in onnxruntime', () => {
  it.each(Object.entries(cases))(
    '%s keeps its value and gradient in float32',
    async (_, choice) => {
      const session = await openSession(spell('loss', 17, [lossGraph(choice, 'float32')]));
      const given = feeds(0.1).map(([name, value]) => [name, { dtype: 'float32', value }] as const);
      const made = await runSession(session, new Map(given));
      const wanted = evaluate(lossGraph(choice), new Map(feeds(0.1)));
      for (const name of ['loss', 'gradient']) {
        const [found, right] = [made.get(name)?.data ?? [], wanted.get(name)?.data ?? []];
        expect(relativeError(found, right), name).toBeLessThan(tolerances.float32);
      }
    },
  );
});

describe('the mark that a loss is linear in its target', () => {
  it.each(Object.entries(cases))('tells the truth of %s', (_, choice) => {
    const graph = lossGraph(choice);
    const lossOf = (factor: number): number => {
      const scaled = ndarray(
        [rows, classes],
        target.map((t) => factor * t),
      );
      return (
        evaluate(graph, new Map([...feeds(0), ['target', scaled]])).get('loss')?.data[0] ?? NaN
      );
    };
    expect(Math.abs(lossOf(3) / (3 * lossOf(1)) - 1) < 1e-12).toBe(isLinear(choice));
  });
});

describe('a choice of loss', () => {
  it('names what is allowed where a kind or an option is not known', () => {
    // @ts-expect-error no such loss
    expect(() => createLoss('hinge')).toThrow('unknown loss hinge');
    // @ts-expect-error no such option
    expect(() => createLoss({ kind: 'focal', gama: 1 })).toThrow(
      'unknown option gama of the loss focal',
    );
    expect(() => createLoss({ kind: 'focal', gamma: -1 })).toThrow('gamma');
  });
});
