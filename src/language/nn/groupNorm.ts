import type { Value } from '../../compiler/ir/graph.js';
import { add, mul } from '../../compiler/ops/elementwise.js';
import { standardise } from '../../compiler/ops/standardise.js';
import { reshape } from '../../compiler/ops/shape.js';
import { formatShape } from '../../support/shape.js';
import { checkPositive } from './checks.js';
import { addLayer, type NameOption } from './layer.js';
import { checkMap } from './window.js';

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
    const { channels } = x;
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
      throw trace.error(
        'option',
        `groupNorm: ${groups} groups of ${channels} channels`,
        `\`groups\` divides ${channels}`,
      );
    const weight = trace.param('weight', [channels], { kind: 'ones' });
    const bias = trace.param('bias', [channels], { kind: 'zeros' });
    return scaleChannels(standardiseGroups(x, groups, epsilon), weight, bias);
  });
}

export interface InstanceNormOptions extends NameOption {
  /** Added to the variance (default: 1e-5). */
  readonly epsilon?: number;
  /** Learns a factor and a term for each channel (default: false). */
  readonly affine?: boolean;
}

/**
 * Instance normalisation: each channel of each sample by its own mean and variance, in training and
 * afterwards; x [N,C,H,W] -> same. Parameters `weight` and `bias` [C] if `affine`. Errors: an input
 * that is not a map, one of a single pixel. Source: arXiv 1607.08022, PyTorch InstanceNorm2d.
 *
 * @example x = relu(instanceNorm(x, { name: 'norm1', affine: true }))
 */
export function instanceNorm(x: Value, options: InstanceNormOptions = {}): Value {
  const { name = 'instanceNorm', epsilon = 1e-5, affine = false } = options;
  return addLayer({ kind: 'instanceNorm', name, inputs: [x] }, (trace) => {
    checkPositive(trace, 'instanceNorm', 'epsilon', epsilon);
    checkMap(trace, 'instanceNorm', x);
    if (x.height * x.width === 1)
      throw trace.error(
        'instance-statistics',
        `instanceNorm: ${formatShape(x.shape)} has one pixel a channel, of which nothing is left`,
        'normalise before the map shrinks to 1x1',
      );
    const unit = standardiseGroups(x, x.channels, epsilon);
    if (!affine) return unit;
    const weight = trace.param('weight', [x.channels], { kind: 'ones' });
    return scaleChannels(unit, weight, trace.param('bias', [x.channels], { kind: 'zeros' }));
  });
}

/** Groups of the channels of each sample with mean 0 and variance 1. */
function standardiseGroups(x: Value, groups: number, epsilon: number): Value {
  const [batch = 1] = x.shape;
  const size = (x.channels / groups) * x.height * x.width;
  const grouped = reshape(x, { shape: [batch, groups, size] });
  return reshape(standardise(grouped, 2, epsilon), { shape: [...x.shape] });
}

/** A map times a factor plus a term for each channel, both [C]. */
export function scaleChannels(x: Value, weight: Value, bias: Value): Value {
  const shape = [1, x.channels, 1, 1];
  return add(mul(x, reshape(weight, { shape })), reshape(bias, { shape }));
}
