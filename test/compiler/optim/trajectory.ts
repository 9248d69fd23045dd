import type { HyperFormula } from '../../../src/contract/manifest.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph, type Value } from '../../../src/compiler/ir/graph.js';
import { ndarray, type NdArray } from '../../../src/compiler/ir/ndarray.js';
import { reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { add } from '../../../src/compiler/ops/elementwise.js';
import { softmaxCrossEntropyGrad } from '../../../src/compiler/ops/loss.js';
import { matmul } from '../../../src/compiler/ops/matmul.js';
import {
  buildUpdate,
  type Optimizer,
  type UpdateResult,
} from '../../../src/compiler/optim/index.js';

/** The problem of test/goldens/optim/make.py: softmax regression with sample weights. */
const [rows, features, classes] = [6, 4, 3];

const table = (height: number, width: number, f: (i: number, j: number) => number): NdArray =>
  ndarray(
    [height, width],
    Array.from({ length: height * width }, (_, at) => f(Math.floor(at / width), at % width)),
  );

const image = table(rows, features, (i, j) => Math.sin(1 + 3 * i + 7 * j));
const target = table(rows, classes, (i, k) => (i % classes === k ? 1 : 0));
const sampleWeight = ndarray(
  [rows],
  Array.from({ length: rows }, (_, i) => 1 + (i % 2)),
);

interface Program {
  readonly graph: Graph;
  readonly update: UpdateResult;
}

export interface Transforms {
  readonly clip?: boolean;
  readonly ema?: boolean;
}

/** One training step as a graph in float64, with every new value as an output of its own name. */
export function stepProgram(optimizer: Optimizer, transforms: Transforms = {}): Program {
  const graph = new Graph('step');
  const input = (name: string, shape: readonly number[]): Value =>
    graph.input(name, 'float64', shape);
  const [x, y, weights] = [
    input('image', [rows, features]),
    input('target', [rows, classes]),
    input('weights', [rows]),
  ];
  const [w, b] = [input('fc.weight', [classes, features]), input('fc.bias', [classes])];
  const logits = add(matmul(x, w, { transB: true }), b);
  const dlogits = softmaxCrossEntropyGrad(logits, y, weights);
  const update = buildUpdate(graph, {
    params: [
      {
        name: 'fc.weight',
        value: w,
        grad: matmul(dlogits, x, { transA: true }),
        decay: true,
      },
      {
        name: 'fc.bias',
        value: b,
        grad: reduceSum(dlogits, { axes: [0], keepDims: false }),
        decay: false,
      },
    ],
    optimizer,
    weightSum: reduceSum(weights, { axes: [0], keepDims: false }),
    ...transforms,
  });
  const { newParams, newStates, newEma, newScalars } = update;
  for (const { name, value } of [...newParams, ...newStates, ...newEma, ...newScalars])
    graph.output(name, value);
  return { graph, update };
}

/** A hyper that follows from the number of the step, counted from 1. */
function followed(formula: HyperFormula, step: number): number {
  return formula.kind === 'stepNumber' ? step : 1 - formula.base ** step;
}

/** Runs steps as a driver would: feeds hypers by name and each new value back. */
export function runSteps(
  { graph, update }: Program,
  steps: number,
  hyperAt: (name: string, step: number) => number,
): Map<string, NdArray>[] {
  const state = new Map<string, NdArray>([
    ['image', image],
    ['target', target],
    ['weights', sampleWeight],
    ['fc.weight', table(classes, features, (k, j) => Math.cos(1 + 5 * k + 2 * j))],
    ['fc.bias', ndarray([classes], [0.1, 0.2, 0.30000000000000004])],
  ]);
  for (const { name, input, slot } of update.newStates) {
    const initial = ndarray(input.shape as readonly number[]);
    initial.data.fill(slot.initial === 'ones' ? 1 : 0);
    state.set(name, initial);
  }
  for (const { name, initial } of update.newScalars) state.set(name, ndarray([], [initial]));
  for (const { name, param } of update.newEma) state.set(name, state.get(param) ?? ndarray([0]));
  return Array.from({ length: steps }, (_, step) => {
    for (const { name, formula } of update.hyperSpecs)
      state.set(name, ndarray([], [formula ? followed(formula, step + 1) : hyperAt(name, step)]));
    const result = evaluate(graph, state);
    for (const [name, value] of result) state.set(name, value);
    return result;
  });
}
