import type { Value } from '../ir/graph.js';
import type { Shape } from '../../support/shape.js';
import { scalarLike } from '../ops/constant.js';
import { add, div, maximum, minimum, mul, pow, sqrt, sub } from '../ops/elementwise.js';
import { reduceMean } from '../ops/reduce.js';
import { invariant } from '../../support/errors.js';
import {
  defineOptimizer,
  learningRate,
  rate,
  weightDecay,
  type CheckedRule,
  type HyperSpec,
} from './optimizer.js';

/**
 * Adafactor without momentum, as torch.optim.Adafactor (arXiv 1804.04235), whose state is a row and a column in
 * place of a matrix: the mean of squared gradients is taken as row * column / mean(row). At step t the means
 * forget as 1 - t^beta2Decay; the step, of root mean square at most `clipThreshold`, is
 * max(epsilon2, rms(param)) * min(lr, 1 / sqrt(t)) long. PyTorch takes the last two axes for rows and columns,
 * which of a kernel [out,in,1,1] would be 1 x 1 and save nothing; here they are the two longest ones, as in
 * big_vision, Optax and timm's adafactorbv, and the same for a matrix.
 */
export const adafactor = defineOptimizer({
  kind: 'adafactor',
  meaning: 'Adam-like steps whose state is a row and a column in place of each matrix.',
  options: {
    learningRate: learningRate(1e-2),
    beta2Decay: {
      type: 'number',
      least: -1,
      most: 0,
      open: 'most',
      meaning: 'Exponent of the step by which the mean of squared gradients forgets less and less.',
      default: -0.8,
    },
    epsilon1: rate('Smallest root of the mean of squared gradients.', 2 ** -23),
    epsilon2: rate('Smallest root mean square of a parameter that its steps are scaled by.', 1e-3),
    clipThreshold: rate('Largest root mean square of a step before it is scaled.', 1),
    weightDecay: weightDecay(0),
  },
  rule: ({ beta2Decay, epsilon1, epsilon2, clipThreshold }): CheckedRule => ({
    hypers: [stepNumber],
    slots: [
      { name: 'row_var', initial: 'zeros' },
      { name: 'col_var', initial: 'zeros' },
      { name: 'variance', initial: 'zeros' },
    ],
    slotShape,
    seesWhole: () => true,
    ownDecay: 'weight decay, taken from the parameter as learning_rate * weight_decay * param',
    update: ({ param, grad, slots, hypers, weightDecay: decay }) => {
      const { learning_rate: most, step_number: t } = hypers;
      invariant(most && t, 'the update of adafactor lacks a hyper');
      const share = pow(t, { exponent: beta2Decay });
      const one = scalarLike(t, 1);
      const size = atLeast(rootMeanSquare(param), epsilon2);
      const alpha = mul(size, minimum(most, div(one, sqrt(t))));
      const { mean, slots: next } = nextMean(mul(grad, grad), slots, share, epsilon1);
      const step = div(grad, sqrt(atLeast(mean, epsilon1 * epsilon1)));
      const excess = atLeast(div(rootMeanSquare(step), scalarLike(t, clipThreshold)), 1);
      const kept = decay ? mul(param, sub(one, mul(most, decay))) : param;
      return { param: sub(kept, mul(step, div(alpha, excess))), slots: next };
    },
  }),
});

const stepNumber: HyperSpec = {
  name: 'step_number',
  meaning: 'number of the step, counted from 1',
  default: 1,
  formula: { kind: 'stepNumber' },
};

/** The two longest axes, the shorter first, of equals the later one; undefined if one of them has one element. */
function factoredAxes(shape: Shape): readonly [column: number, row: number] | undefined {
  const sizes = shape.map((size, axis) => ({ axis, size: typeof size === 'number' ? size : 1 }));
  sizes.sort((a, b) => a.size - b.size || a.axis - b.axis);
  const [second, first] = sizes.slice(-2);
  if (!first || !second || second.size < 2) return undefined;
  return [second.axis, first.axis];
}

/** A row lacks the longest axis, a column the second longest; what has no two axes has its variance whole. */
function slotShape(slot: string, shape: Shape): Shape | undefined {
  const axes = factoredAxes(shape);
  if (axes === undefined) return slot === 'variance' ? shape : undefined;
  if (slot === 'variance') return undefined;
  const gone = slot === 'row_var' ? axes[1] : axes[0];
  return shape.map((size, axis) => (axis === gone ? 1 : size));
}

/** The mean of squared gradients after a step of which `share` counts, and the state that stands for it. */
function nextMean(
  squares: Value,
  { row_var: row, col_var: column, variance }: Readonly<Record<string, Value>>,
  share: Value,
  least: number,
): { readonly mean: Value; readonly slots: Readonly<Record<string, Value>> } {
  const towards = (old: Value, now: Value): Value => add(old, mul(sub(now, old), share));
  const axes = factoredAxes(squares.shape);
  if (!axes || !row || !column) {
    invariant(variance, 'adafactor has neither a row nor a whole variance');
    const next = towards(variance, squares);
    return { mean: next, slots: { variance: next } };
  }
  const [short, long] = axes;
  const over = (x: Value, axis: number): Value => reduceMean(x, { axes: [axis], keepDims: true });
  const rows = towards(row, over(squares, long));
  const columns = towards(column, over(squares, short));
  const portions = div(rows, atLeast(over(rows, short), least));
  return { mean: mul(portions, columns), slots: { row_var: rows, col_var: columns } };
}

function rootMeanSquare(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return sqrt(reduceMean(mul(x, x), { axes, keepDims: false }));
}

function atLeast(x: Value, least: number): Value {
  return maximum(x, scalarLike(x, least));
}
