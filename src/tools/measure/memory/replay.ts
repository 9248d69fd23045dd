import type { OnnxModel, OnnxNode } from '../../../compiler/onnx/model.js';
import { Arena, type Allocation } from './arena.js';
import { planBuffers, type PlannedNode, type ValueSize } from './bufferPlan.js';
import { executionOrder } from './executionOrder.js';
import { valueSizes } from './valueSizes.js';

/** A value that lies in memory while a node runs. */
interface LiveValue {
  readonly name: string;
  readonly bytes: number;
  /** The node that makes it. */
  readonly maker: OnnxNode;
}

/** Contents of onnxruntime's arena during a run. */
export interface Replay {
  /** Most bytes of values at one time. */
  readonly peakBytes: number;
  /** The node that runs then. */
  readonly peakNode: OnnxNode | undefined;
  /** The values that lie in memory then, largest first. */
  readonly live: readonly LiveValue[];
  /** Bytes of the arena that were ever written to. */
  readonly residentBytes: number;
  /** Bytes that the arena needs to keep account of its chunks. */
  readonly indexBytes: number;
  /** Nodes whose results have a shape that does not follow from the model; they count as nothing. */
  readonly unknown: number;
}

const nothing: ValueSize = { key: undefined, bytes: 0 };

/** Follows the buffers of a run of a model on onnxruntime's CPU provider, without a memory pattern. */
export function replayRun(model: OnnxModel, block: number): Replay {
  const sizes = valueSizes(model, block);
  const sizeOf = (name: string): ValueSize => sizes.get(name) ?? nothing;
  const order = executionOrder(model.graph.nodes);
  const plan = planBuffers(model.graph, order, sizeOf);
  const arena = new Arena();
  const peak = { bytes: 0, index: 0 };
  const made = new Map<string, Allocation>();
  let bytes = 0;
  plan.forEach(({ allocates, frees }, index) => {
    for (const name of allocates) {
      const size = sizeOf(name).bytes;
      if (size === 0) continue;
      made.set(name, arena.allocate(size));
      bytes += size;
    }
    if (bytes > peak.bytes) Object.assign(peak, { bytes, index });
    for (const name of frees) {
      const allocation = made.get(name);
      if (!allocation) continue;
      arena.free(allocation);
      bytes -= sizeOf(name).bytes;
    }
  });
  return {
    peakBytes: peak.bytes,
    peakNode: order[peak.index],
    live: liveAt(plan, peak.index, sizeOf),
    residentBytes: arena.resident,
    indexBytes: arena.indexBytes,
    unknown: order.filter(({ outputs }) => outputs.some((name) => name !== '' && !sizes.has(name)))
      .length,
  };
}

/** The values for which a buffer was made before a node ends, and not yet given back. */
function liveAt(
  plan: readonly PlannedNode[],
  index: number,
  sizeOf: (name: string) => ValueSize,
): LiveValue[] {
  const live = new Map<string, LiveValue>();
  plan.slice(0, index + 1).forEach(({ node, allocates, frees }, i) => {
    for (const name of allocates) live.set(name, { name, bytes: sizeOf(name).bytes, maker: node });
    if (i < index) for (const name of frees) live.delete(name);
  });
  return [...live.values()].sort((a, b) => b.bytes - a.bytes);
}
