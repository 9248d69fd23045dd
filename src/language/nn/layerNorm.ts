import type { Value } from '../../compiler/ir/graph.js';
import { scalarLike } from '../../compiler/ops/constant.js';
import { add, div, mul, sqrt, sub } from '../../compiler/ops/elementwise.js';
import { reduceMean } from '../../compiler/ops/reduce.js';
import { formatShape, staticDim } from '../../support/shape.js';
import { checkPositive } from './checks.js';
import { addLayer, type NameOption } from './layer.js';

export interface LayerNormOptions extends NameOption {
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Layer normalisation over the last axis; x [N,...,F] -> same. Parameters `weight` and `bias` [F].
 * Errors: an input without a feature axis. Source: arXiv 1607.06450, PyTorch LayerNorm.
 *
 * @example y = linear(layerNorm(tokens, { name: 'norm' }), { name: 'fc', out: 64 })
 */
export function layerNorm(x: Value, options: LayerNormOptions = {}): Value {
  const { name = 'layerNorm', epsilon = 1e-5 } = options;
  return addLayer({ kind: 'layerNorm', name, inputs: [x] }, (trace) => {
    checkPositive(trace, 'layerNorm', 'epsilon', epsilon);
    if (x.rank < 2)
      throw trace.error(
        'rank',
        `layerNorm: ${formatShape(x.shape)} has no feature axis`,
        'the input is [N,...,F]',
      );
    const features = [staticDim(x.shape.at(-1))];
    const weight = trace.param('weight', features, { kind: 'ones' });
    const bias = trace.param('bias', features, { kind: 'zeros' });
    const last = { axes: [x.rank - 1], keepDims: true };
    const centred = sub(x, reduceMean(x, last));
    const variance = reduceMean(mul(centred, centred), last);
    const unit = div(centred, sqrt(add(variance, scalarLike(variance, epsilon))));
    return add(mul(unit, weight), bias);
  });
}
