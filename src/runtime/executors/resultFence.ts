import { existsSync, readFileSync } from 'node:fs';
import { onnx } from '../../../generated/proto/onnx.js';
import type { OnnxSource } from '../engine/executor.js';
import { messageOf } from '../storage/fileErrors.js';

/*
 * onnxruntime-node 1.29 and 1.30 return a copy of every result, even of one that was written into a
 * tensor of ours. Of EfficientNet-B0's parameters, optimizer state and averages that is 85 MB: 45 ms
 * of a step, and as much memory until the next garbage collection. The copies are made after the run,
 * in the order of the model's outputs, up to the first result that the binding cannot convert, such
 * as a sequence. So a sequence is put before all outputs: the run ends with the binding's complaint
 * about it, and the results lie in our tensors.
 */

/** The output in front of all others that keeps them from being copied. */
export const fence = 'gradus.fence';

const item = 'gradus.fence.item';

/** Message of onnxruntime-node about the fence once a run is done. */
const complaint = 'Non tensor type is temporarily not supported.';

/** A graph of the fence alone. */
function fenceBytes(): Uint8Array {
  const { FLOAT } = onnx.AttributeProto.AttributeType;
  const one = { name: 'value_float', type: FLOAT, f: 1 };
  const sequence = { elemType: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } } };
  return onnx.ModelProto.encode({
    graph: {
      node: [
        { opType: 'Constant', name: item, output: [item], attribute: [one] },
        { opType: 'SequenceConstruct', name: fence, input: [item], output: [fence] },
      ],
      output: [{ name: fence, type: { sequenceType: sequence } }],
    },
  }).finish();
}

/**
 * A model with the fence as its first output, or undefined if its weights lie beside it, which are
 * found from a path only. Encoded messages one after another are the encoding of their union.
 */
export function withFence(source: OnnxSource): Uint8Array | undefined {
  if (typeof source === 'string' && existsSync(`${source}.data`)) return undefined;
  const model = typeof source === 'string' ? readFileSync(source) : source;
  return Buffer.concat([fenceBytes(), model]);
}

/** True if an error of a run is the binding's complaint about the fence: the run was done. */
export function isFence(error: unknown): boolean {
  return messageOf(error).includes(complaint);
}
