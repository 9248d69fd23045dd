import { literalEquals } from '../literals.js';
import type { LayerCall } from '../network.js';
import type { Combination } from './combine.js';

/** A layer normalisation between the transposes to channels last and back is that of a map's channels. */
export const channelNorm: Combination = (last, calls) => {
  const norm = turns(last, [0, 3, 1, 2]) ? calls.only(last, 0, 'layerNorm') : undefined;
  const first = calls.only(norm, 0, 'transpose');
  if (!norm || !first || !turns(first, [0, 2, 3, 1])) return undefined;
  const { epsilon = 1e-5 } = norm.options;
  const options: LayerCall['options'] = epsilon === 1e-6 ? {} : { epsilon };
  const { weights, path } = norm;
  const call = {
    ...last,
    layer: 'layerNorm2d',
    args: first.args.slice(0, 1),
    options,
    weights,
    path,
  };
  return { call, instead: [first, norm, last] };
};

function turns({ layer, args: [, order] }: LayerCall, wanted: readonly number[]): boolean {
  return (
    layer === 'transpose' &&
    order !== undefined &&
    'literal' in order &&
    literalEquals(order.literal, wanted)
  );
}
