import type { Value } from '../../compiler/ir/graph.js';
import { add } from '../../compiler/ops/elementwise.js';
import { matmul } from '../../compiler/ops/matmul.js';
import { reshape } from '../../compiler/ops/shape.js';
import { formatShape, sizeOf, staticDim, staticSize } from '../../support/shape.js';
import { checkCount } from './checks.js';
import type { Initializer } from '../../compiler/trace/init.js';
import { addLayer, type NameOption } from './layer.js';

export interface LinearOptions extends NameOption {
  /** Output features. */
  readonly out: number;
  /** Adds a bias (default: true). */
  readonly bias?: boolean;
  /**
   * Initial value of `weight` (default: uniform within 1 / sqrt(out), as in timm's EfficientNet).
   */
  readonly init?: Initializer;
  /** Initial value of `bias` (default: zeros). */
  readonly biasInit?: Initializer;
}

/**
 * x times the transpose of `weight` [out,I], plus `bias` [out]; x [N,...,I] -> [N,...,out].
 * Errors: an input without an axis of features. Source: PyTorch Linear.
 *
 * @example logits = linear(flatten(x), { name: 'fc', out: classes })
 */
export function linear(x: Value, options: LinearOptions): Value {
  const { name = 'linear', out, bias = true, init = { kind: 'fanOutUniform' } } = options;
  const { biasInit = { kind: 'zeros' } } = options;
  return addLayer({ kind: 'linear', name, inputs: [x] }, (trace) => {
    if (x.rank < 2)
      throw trace.error(
        'rank',
        `linear: the input ${formatShape(x.shape)} has no axis of features`,
        'the input is [N,...,I]',
      );
    checkCount(trace, 'linear', 'out', out);
    const lead = x.shape.slice(0, -1);
    const features = staticDim(x.shape.at(-1));
    const weight = trace.param('weight', [out, features], init);
    const rows = x.rank === 2 ? x : reshape(x, { shape: [sizeOf(lead), features] });
    const product = matmul(rows, weight, { transB: true });
    const y = bias ? add(product, trace.param('bias', [out], biasInit)) : product;
    trace.multiplyAdds += staticSize(lead.slice(1)) * features * out;
    return x.rank === 2 ? y : reshape(y, { shape: [...lead, out] });
  });
}
