import { refsOf, type LayerCall, type Network } from '../network.js';

/**
 * Joins what is joined already: concat([a, b, c]) after concat([a, b]) takes that and c, as dense networks are
 * written. It then belongs to the module around its own, whose layers it lies between.
 */
export function growingConcats(network: Network): Network {
  const results = new Map<string, string>();
  const calls = network.calls.map((call): LayerCall => {
    if (call.layer !== 'concat') return call;
    const refs = refsOf(call);
    const key = (count: number): string => JSON.stringify([call.options, refs.slice(0, count)]);
    results.set(key(refs.length), call.result);
    for (let count = refs.length - 1; count >= 2; count--) {
      const joined = results.get(key(count));
      if (joined !== undefined)
        return { ...call, args: [{ refs: [joined, ...refs.slice(count)] }] };
    }
    return call;
  });
  const grown = new Set(
    calls.flatMap((call, i) => (call === network.calls[i] ? [] : refsOf(call).slice(0, 1))),
  );
  const isPart = ({ layer, result }: LayerCall, i: number): boolean =>
    layer === 'concat' && (grown.has(result) || calls[i] !== network.calls[i]);
  return {
    ...network,
    calls: calls.map((call, i) =>
      isPart(call, i) ? { ...call, path: call.path.slice(0, -1) } : call,
    ),
  };
}
