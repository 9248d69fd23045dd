import type { Graph, Value } from '../ir/graph.js';
import { isFinite, select } from '../ops/choose.js';
import { scalarLike } from '../ops/constant.js';
import { add, minimum, mul } from '../ops/elementwise.js';
import { equal } from '../ops/shape.js';
import { globalNorm } from './clip.js';
import type { HyperSpec } from './optimizer.js';

/*
 * Dynamic loss scaling (arXiv 1710.03740, section 3.2; torch.cuda.amp.GradScaler): gradients are
 * computed of loss * scale, so that small ones do not vanish in float16. Where one overflows, the step
 * changes nothing but the scale, which halves; after so many good steps in a row it doubles.
 */

/** A number that training carries, not a parameter's. */
export interface ScalarState {
  /** Of the graph's input. */
  readonly name: string;
  readonly slot: string;
  readonly initial: number;
}

/** An input that the step replaces by `value`. */
export interface UpdatedScalar extends ScalarState {
  readonly value: Value;
}

/**
 * Gradients here are of sums over the batch, so this is the usual 2^16 for means at a batch of 64; the
 * scale finds its place by itself within the first steps.
 */
const initialScale = 2 ** 10;
const largestScale = 2 ** 24;

/** What the loss is multiplied by. */
export const lossScaleState: ScalarState = {
  name: 'optim.lossScale',
  slot: 'lossScale',
  initial: initialScale,
};

const goodSteps: ScalarState = { name: 'optim.goodSteps', slot: 'goodSteps', initial: 0 };
const skippedSteps: ScalarState = { name: 'optim.skippedSteps', slot: 'skippedSteps', initial: 0 };

/** Good steps in a row after which the scale doubles. */
export const growthHyper: HyperSpec = {
  name: 'loss_scale_growth',
  meaning: 'good steps in a row after which the loss scale doubles',
  default: 2000,
};

/** Adds an input for a number that training carries. */
export function declareScalar(graph: Graph, { name }: ScalarState): Value {
  return graph.input(name, 'float32', []);
}

/** Whether every element of the gradients is finite: their sum of squares is. */
export function allFinite(grads: readonly Value[]): Value | undefined {
  const [first, ...rest] = grads;
  return first && isFinite(globalNorm([first, ...rest]));
}

/** The scale and its counts after a step whose gradients were finite or not; `growth` a scalar. */
export function nextLossScale(scale: Value, finite: Value, growth: Value): UpdatedScalar[] {
  const { graph } = scale;
  const good = declareScalar(graph, goodSteps);
  const skipped = declareScalar(graph, skippedSteps);
  const [zero, one] = [scalarLike(good, 0), scalarLike(good, 1)];
  const counted = add(good, one);
  const isDue = equal(minimum(counted, growth), growth);
  const doubled = minimum(mul(scale, scalarLike(scale, 2)), scalarLike(scale, largestScale));
  const grown = select(isDue, doubled, scale);
  const halved = mul(scale, scalarLike(scale, 0.5));
  return [
    { ...lossScaleState, value: select(finite, grown, halved) },
    { ...goodSteps, value: select(finite, select(isDue, zero, counted), zero) },
    { ...skippedSteps, value: select(finite, skipped, add(skipped, one)) },
  ];
}
