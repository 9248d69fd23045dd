import type { Value } from '../../compiler/ir/graph.js';
import { scalarLike } from '../../compiler/ops/constant.js';
import { add, div, mul, sub } from '../../compiler/ops/elementwise.js';
import { batchNormInference, batchNormTrain } from '../../compiler/ops/norm.js';
import { countOf } from '../../compiler/ops/reduce.js';
import { formatShape, sizeOf } from '../../support/shape.js';
import { checkPositive } from './checks.js';
import { addLayer, type NameOption } from './layer.js';

/** Settings that all batch normalisations of a network share. */
export interface BatchNormStyle {
  /** Added to the variance; default 1e-5 (TensorFlow's models: 1e-3). */
  readonly epsilon?: number;
  /** Share of this batch in the new running statistics; default 0.1 (TensorFlow's models: 0.01). */
  readonly momentum?: number;
}

export type BatchNormOptions = BatchNormStyle & NameOption;

/**
 * Batch normalisation; x [N,C,...] -> same. Parameters `weight` and `bias` [C], buffers
 * `running_mean` and `running_var` [C]; running_var takes the unbiased variance. Where both
 * parameters are frozen, training uses the running statistics and keeps them. Errors: a training
 * batch with one value a channel. Source: arXiv 1502.03167, PyTorch BatchNorm2d.
 *
 * @example x = silu(batchNorm(x, { name: 'bn1' }))
 */
export function batchNorm(x: Value, options: BatchNormOptions = {}): Value {
  const { name = 'batchNorm', epsilon = 1e-5, momentum = 0.1 } = options;
  return addLayer({ kind: 'batchNorm', name, inputs: [x] }, (trace) => {
    checkPositive(trace, 'batchNorm', 'epsilon', epsilon);
    if (!(momentum >= 0 && momentum <= 1))
      throw trace.error(
        'option',
        `batchNorm: momentum ${momentum} is outside [0, 1]`,
        "`momentum` is the weight of the new batch in the running statistics; it is 1 minus TensorFlow's",
      );
    const channels = [x.channels];
    const weight = trace.param('weight', channels, { kind: 'ones' });
    const bias = trace.param('bias', channels, { kind: 'zeros' });
    const frozen = trace.isFrozen('weight') && trace.isFrozen('bias');
    const mean = trace.buffer('running_mean', channels, { kind: 'zeros' }, frozen);
    const variance = trace.buffer('running_var', channels, { kind: 'ones' }, frozen);
    if (!trace.training || frozen)
      return batchNormInference(x, weight, bias, mean, variance, { epsilon });
    const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const values = sizeOf(axes.map((axis) => x.shape[axis] ?? 1));
    if (values === 1)
      throw trace.error(
        'batch-statistics',
        `batchNorm: ${formatShape(x.shape)} has one value per channel, so its variance is not defined in training`,
        'train with a larger batch, or normalise before the map shrinks to 1x1',
      );
    if (typeof values !== 'number' && values.factor === 1) trace.leastBatch = 2;
    const batch = batchNormTrain(x, weight, bias, { epsilon });
    const count = countOf(x, { axes });
    const unbiased = mul(batch.variance, div(count, sub(count, scalarLike(count, 1))));
    trace.renew('running_mean', average(mean, batch.mean, momentum));
    trace.renew('running_var', average(variance, unbiased, momentum));
    return batch.y;
  });
}

/** (1 - momentum) * running + momentum * statistic */
function average(running: Value, statistic: Value, momentum: number): Value {
  const kept = mul(running, scalarLike(running, 1 - momentum));
  return add(kept, mul(statistic, scalarLike(statistic, momentum)));
}
