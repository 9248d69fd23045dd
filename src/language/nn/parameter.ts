import type { Value } from '../../compiler/ir/graph.js';
import type { Initializer } from '../../compiler/trace/init.js';
import { currentSite } from '../../compiler/trace/callSites.js';
import { traceOf } from '../../compiler/trace/trace.js';

export interface ParameterOptions {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Initializer;
  /** Applies weight decay (default: true if it has more than one axis). */
  readonly decay?: boolean;
}

/**
 * A parameter for a layer of one's own, in the current scope; `x` is any value of the network.
 * Returns a value of `shape`, which broadcasts against others. Errors: a name taken twice.
 *
 * @example x = mul(x, parameter(x, { name: 'gamma', shape: [64], init: { kind: 'constant', value: 1e-6 } }))
 */
export function parameter(x: Value, { name, shape, init, decay }: ParameterOptions): Value {
  const trace = traceOf('parameter', [x]);
  if (!shape.every((size) => Number.isInteger(size) && size >= 1))
    throw trace.error(
      'option',
      `parameter: ${trace.join(name)} has the invalid shape [${shape.join(',')}]`,
      '`shape` must hold whole numbers of at least 1',
    );
  const value = trace.param(name, shape, init, decay);
  const full = trace.join(name);
  trace.layers.push({
    name: full,
    kind: 'parameter',
    inputShapes: [],
    outputShape: shape,
    params: [full],
    multiplyAdds: 0,
    site: currentSite(),
  });
  return value;
}
