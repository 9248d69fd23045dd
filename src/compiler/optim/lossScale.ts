import { tensorNames } from '../../contract/names.js';
import type { Graph, Value } from '../ir/graph.js';
import { isFinite, select } from '../ops/choose.js';
import { scalarLike } from '../ops/constant.js';
import { add, div, minimum, mul, sub, tanh } from '../ops/elementwise.js';
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
  /** Name of the graph's input. */
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

/** Factor by which the loss is multiplied. */
export const lossScaleState = scalarState('lossScale', initialScale);

const goodSteps = scalarState('goodSteps', 0);
const skippedSteps = scalarState('skippedSteps', 0);

function scalarState(slot: string, initial: number): ScalarState {
  return { name: tensorNames.state(slot), slot, initial };
}

/** Good steps in a row after which the scale doubles. */
export const growthHyper: HyperSpec = {
  name: 'loss_scale_growth',
  meaning: 'good steps in a row after which the loss scale doubles',
  default: 2000,
};

/** Takes the place of what an optimizer wants to know of the step's number; see hypersOfGoodSteps. */
export const stepNumberHyper: HyperSpec = {
  name: 'step_number',
  meaning: 'number of the step, counted from 1; skipped steps are taken off inside',
  default: 1,
  formula: { kind: 'stepNumber' },
};

/** Adds an input for a number that training carries. */
export function declareScalar(graph: Graph, { name }: ScalarState): Value {
  return graph.input(name, 'float32', []);
}

/** True if every element of the gradients is finite: their sum of squares is. */
export function allFinite(grads: readonly Value[]): Value | undefined {
  const [first, ...rest] = grads;
  return first && isFinite(globalNorm([first, ...rest]));
}

/** Steps before this one, scalars. */
export interface StepCounts {
  /** Steps in a row that changed something since the scale last changed. */
  readonly good: Value;
  /** Steps that overflowed in the whole run. */
  readonly skipped: Value;
}

/** Adds the inputs for the counts that go with a scale. */
export function declareCounts(graph: Graph): StepCounts {
  return {
    good: declareScalar(graph, goodSteps),
    skipped: declareScalar(graph, skippedSteps),
  };
}

/**
 * Hypers that follow from the step's number, by the steps that changed something alone: torch.optim.AdamW
 * is not told of a step that GradScaler skips, and its moments have not seen it.
 */
export function hypersOfGoodSteps(
  specs: readonly HyperSpec[],
  stepNumber: Value,
  { skipped }: StepCounts,
): Readonly<Record<string, Value>> {
  const counted = sub(stepNumber, skipped);
  return Object.fromEntries(
    specs.flatMap(({ name, formula }) => {
      if (formula === undefined) return [];
      const value = formula.kind === 'stepNumber' ? counted : untilStep(counted, formula.base);
      return [[name, value]];
    }),
  );
}

/**
 * 1 - base^t for a scalar t of at least 1. With x = -t ln(base) it is 1 - e^-x = 2h / (1 + h), h = tanh(x / 2):
 * in float32 the difference itself would lose four digits of 0.001.
 */
function untilStep(t: Value, base: number): Value {
  const one = scalarLike(t, 1);
  if (base === 0) return one;
  const h = tanh(mul(t, scalarLike(t, -Math.log(base) / 2)));
  return div(mul(h, scalarLike(h, 2)), add(h, one));
}

/** The scale and its counts after a step whose gradients were finite or not; `growth` a scalar. */
export function nextLossScale(
  scale: Value,
  finite: Value,
  growth: Value,
  { good, skipped }: StepCounts,
): UpdatedScalar[] {
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
