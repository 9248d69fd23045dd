import type { Value } from '../../compiler/ir/graph.js';
import { scalarLike } from '../../compiler/ops/constant.js';
import { add, div, mul, sqrt, sub } from '../../compiler/ops/elementwise.js';
import { reduceMean } from '../../compiler/ops/reduce.js';
import { reshape } from '../../compiler/ops/shape.js';
import { formatShape } from '../../support/shape.js';
import { checkPositive } from './checks.js';
import { addLayer, type NameOption } from './layer.js';

export interface GroupNormOptions extends NameOption {
  /** Groups that the channels are divided into; 1 is layer normalisation over a map, C instance normalisation. */
  readonly groups: number;
  /** Added to the variance (default: 1e-5). */
  readonly epsilon?: number;
}

/**
 * Group normalisation; x [N,C,H,W] -> same. Parameters `weight` and `bias` [C]. Errors: an input
 * that is not a map, channels that `groups` does not divide. Source: arXiv 1803.08494, PyTorch GroupNorm.
 *
 * @example x = groupNorm(x, { name: 'norm', groups: 8 })
 */
export function groupNorm(x: Value, options: GroupNormOptions): Value {
  const { name = 'groupNorm', groups, epsilon = 1e-5 } = options;
  return addLayer({ kind: 'groupNorm', name, inputs: [x] }, (trace) => {
    checkPositive(trace, 'groupNorm', 'epsilon', epsilon);
    if (x.rank !== 4)
      throw trace.error(
        'rank',
        `groupNorm: ${formatShape(x.shape)} is not a feature map`,
        'the input is [N,C,H,W]; layerNorm normalises vectors',
      );
    const { channels, height, width } = x;
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
      throw trace.error(
        'option',
        `groupNorm: ${groups} groups of ${channels} channels`,
        `\`groups\` divides ${channels}`,
      );
    const affine = [1, channels, 1, 1];
    const weight = trace.param('weight', [channels], { kind: 'ones' });
    const bias = trace.param('bias', [channels], { kind: 'zeros' });
    const [batch = 1] = x.shape;
    const size = (channels / groups) * height * width;
    const grouped = reshape(x, { shape: [batch, groups, size] });
    const last = { axes: [2], keepDims: true };
    const centred = sub(grouped, reduceMean(grouped, last));
    const variance = reduceMean(mul(centred, centred), last);
    const unit = div(centred, sqrt(add(variance, scalarLike(variance, epsilon))));
    const map = reshape(unit, { shape: [...x.shape] });
    return add(mul(map, reshape(weight, { shape: affine })), reshape(bias, { shape: affine }));
  });
}
