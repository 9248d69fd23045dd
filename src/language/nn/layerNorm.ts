import type { Value } from '../../compiler/ir/graph.js';
import { add, mul } from '../../compiler/ops/elementwise.js';
import { standardise } from '../../compiler/ops/standardise.js';
import { formatShape, staticDim } from '../../support/shape.js';
import { checkPositive } from './checks.js';
import { scaleChannels } from './groupNorm.js';
import { addLayer, type NameOption } from './layer.js';
import { checkMap } from './window.js';

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
    return add(mul(standardise(x, x.rank - 1, epsilon), weight), bias);
  });
}

export interface LayerNorm2dOptions extends NameOption {
  /** Added to the variance (default: 1e-6, as in ConvNeXt). */
  readonly epsilon?: number;
}

/**
 * Layer normalisation over the channels of each pixel; x [N,C,H,W] -> same. Parameters `weight` and
 * `bias` [C]. Errors: an input that is not a map. Source: arXiv 2201.03545, timm and torchvision LayerNorm2d.
 *
 * @example x = layerNorm2d(x, { name: 'norm' })
 */
export function layerNorm2d(x: Value, options: LayerNorm2dOptions = {}): Value {
  const { name = 'layerNorm2d', epsilon = 1e-6 } = options;
  return addLayer({ kind: 'layerNorm2d', name, inputs: [x] }, (trace) => {
    checkPositive(trace, 'layerNorm2d', 'epsilon', epsilon);
    checkMap(trace, 'layerNorm2d', x);
    const weight = trace.param('weight', [x.channels], { kind: 'ones' });
    const bias = trace.param('bias', [x.channels], { kind: 'zeros' });
    return scaleChannels(standardise(x, 1, epsilon), weight, bias);
  });
}
