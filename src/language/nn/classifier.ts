import type { Value } from '../../compiler/ir/graph.js';
import type { NameOption } from './layer.js';
import { linear, type LinearOptions } from './linear.js';
import { dropout } from './noise.js';
import { globalAvgPool } from './pool.js';

export interface ClassifierOptions extends NameOption, Pick<LinearOptions, 'init' | 'biasInit'> {
  readonly classes: number;
  /** Rate of the dropout before the linear layer, in [0, 1); default 0. */
  readonly dropout?: number;
}

/**
 * Global average pool, dropout and a linear layer; x [N,C,H,W] -> logits [N,classes]. Parameters
 * `weight` [classes,C] and `bias` [classes] under its name, `classifier` by default. Errors: an
 * input that is not a map, a rate outside [0, 1).
 *
 * @example return classifier(x, { classes, dropout: 0.2 })
 */
export function classifier(x: Value, options: ClassifierOptions): Value {
  const { name = 'classifier', classes, dropout: rate = 0, ...inits } = options;
  const features = dropout(globalAvgPool(x), { name: `${name}.dropout`, rate });
  return linear(features, { ...inits, name, out: classes });
}
