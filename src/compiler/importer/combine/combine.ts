import type { LayerCall, Network } from '../network.js';
import { imageRef, refsOf } from '../network.js';

/** A call that stands for several: the last of them is at `index`. */
export interface Combined {
  readonly call: LayerCall;
  /** The calls that it stands for, the last included. */
  readonly instead: readonly LayerCall[];
}

/** Looks whether a call is the last of a group that one layer stands for. */
export type Combination = (last: LayerCall, calls: CallTable) => Combined | undefined;

/** Finds the call that makes a value, and how often values are read. */
export class CallTable {
  private readonly makers = new Map<string, LayerCall>();
  private readonly reads = new Map<string, number>();

  constructor(readonly network: Network) {
    for (const call of network.calls) {
      this.makers.set(call.result, call);
      for (const ref of refsOf(call)) this.reads.set(ref, (this.reads.get(ref) ?? 0) + 1);
    }
    this.reads.set(network.output, (this.reads.get(network.output) ?? 0) + 1);
  }

  /** The call of one of some layers that makes an argument, if nothing else reads it. */
  only(
    call: LayerCall | undefined,
    index: number,
    ...layers: readonly string[]
  ): LayerCall | undefined {
    const arg = call?.args[index];
    if (arg === undefined || !('ref' in arg) || arg.ref === imageRef) return undefined;
    const maker = this.makers.get(arg.ref);
    const found = maker !== undefined && layers.includes(maker.layer);
    return found && this.reads.get(arg.ref) === 1 ? maker : undefined;
  }

  isOutput({ result }: LayerCall): boolean {
    return result === this.network.output;
  }
}

/** A network in which each known group is one call. */
export function combined(network: Network, combinations: readonly Combination[]): Network {
  return combinations.reduce(combinedBy, network);
}

function combinedBy(network: Network, combination: Combination): Network {
  const table = new CallTable(network);
  const gone = new Set<LayerCall>();
  const instead = new Map<LayerCall, LayerCall>();
  for (const call of network.calls) {
    const found = combination(call, table);
    if (found === undefined || found.instead.some((one) => gone.has(one) || instead.has(one)))
      continue;
    for (const one of found.instead) gone.add(one);
    const nodes = found.instead.flatMap((one) => one.nodes);
    instead.set(call, { ...found.call, nodes });
  }
  if (instead.size === 0) return network;
  const calls = network.calls.flatMap((call) => instead.get(call) ?? (gone.has(call) ? [] : call));
  return { ...network, calls };
}
