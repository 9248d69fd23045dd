import type { Value } from '../../compiler/ir/graph.js';
import { prelu as preluOp } from '../../compiler/ops/activations.js';
import { reshape } from '../../compiler/ops/shape.js';
import type { Initializer } from '../../compiler/trace/init.js';
import { formatShape } from '../../support/shape.js';
import { addLayer, type NameOption } from './layer.js';

export interface PreluOptions extends NameOption {
  /** One slope for all channels, PyTorch's `num_parameters=1` (default: false, one a channel). */
  readonly shared?: boolean;
  /** Initial value of `weight` (default: 0.25). */
  readonly init?: Initializer;
}

/**
 * x above 0, weight * x below; x [N,C,...] -> same. Parameter `weight` [C], or [1] if `shared`. Errors: an
 * input without channels. Source: arXiv 1502.01852, PyTorch PReLU.
 *
 * @example x = prelu(x, { name: 'act' })
 */
export function prelu(x: Value, options: PreluOptions = {}): Value {
  const { name = 'prelu', shared = false, init = { kind: 'constant', value: 0.25 } } = options;
  return addLayer({ kind: 'prelu', name, inputs: [x] }, (trace) => {
    if (x.rank < 2)
      throw trace.error(
        'rank',
        `prelu: ${formatShape(x.shape)} has no axis of channels`,
        'the input must be [N,C,...]',
      );
    const weight = trace.param('weight', [shared ? 1 : x.channels], init);
    const alike = x.shape.slice(2).map(() => 1);
    return preluOp(x, shared ? weight : reshape(weight, { shape: [1, x.channels, ...alike] }));
  });
}
