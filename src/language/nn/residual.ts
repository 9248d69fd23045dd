import type { Value } from '../../compiler/ir/graph.js';
import { formatShape, shapeEquals } from '../../support/shape.js';
import { add } from './arithmetic.js';
import type { NameOption } from './layer.js';
import { stochasticDepth } from './noise.js';
import { traceOf } from '../../compiler/trace/trace.js';

export interface ResidualOptions extends NameOption {
  /** Probability that a sample's branch survives, in (0, 1]; without it the branch always does. */
  readonly survival?: number;
}

/**
 * x + stochasticDepth(branch(x)); x [N,...] -> same. With `name`, the branch's parameters get it as
 * prefix. Errors: a branch of another shape, a survival outside (0, 1]. Source: arXiv 1512.03385.
 *
 * @example x = residual(x, (x) => linear(gelu(linear(x, { name: 'fc1', out: 256 })), { name: 'fc2', out: 64 }), { name: 'mlp' })
 */
export function residual(
  x: Value,
  branch: (x: Value) => Value,
  { name, survival }: ResidualOptions = {},
): Value {
  const trace = traceOf('residual', [x]);
  const build = (): Value => {
    const y = branch(x);
    traceOf('residual', [x, y]);
    if (!shapeEquals(y.shape, x.shape))
      throw trace.error(
        'shape-mismatch',
        `residual: the branch turns ${formatShape(x.shape)} into ${formatShape(y.shape)}`,
        'make the branch return the shape of its input, or write add(shortcut, branch) with a projected shortcut: conv2d(x, { name, out, kernel: 1, stride })',
      );
    return add(x, survival === undefined ? y : stochasticDepth(y, { survival }));
  };
  return name === undefined ? build() : trace.within(name, build);
}
