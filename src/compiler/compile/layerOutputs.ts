import type { Shape } from '../../support/shape.js';
import type { TensorData } from '../../support/tensor.js';
import type { Value } from '../ir/graph.js';
import { GraphBuilder } from '../onnx/builder.js';
import { writeModel } from '../onnx/writer.js';
import { lower } from '../targets/lower.js';
import { portable } from '../targets/target.js';
import type { Model } from '../trace/defineModel.js';
import { traceModel, type TraceOptions } from '../trace/traceModel.js';

export interface LayerOutputs {
  /** The inference graph, with its weights inside; it gives `logits` and the results of the layers. */
  readonly bytes: Uint8Array;
  /** Names of the results by the dotted name of the layer that makes each. */
  readonly outputs: ReadonlyMap<string, LayerOutput>;
}

export interface LayerOutput {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * A network in evaluation as it is written, nothing folded, which also gives what its named layers make: for
 * comparing it with another layer by layer, for any batch.
 */
export function compileLayerOutputs(
  model: Model,
  weights: ReadonlyMap<string, TensorData>,
  trace: Omit<TraceOptions, 'mode' | 'batch'>,
): LayerOutputs {
  const { graph } = traceModel(model, { ...trace, mode: 'eval', batch: 'dynamic' });
  const last = new Map<string, Value>();
  for (const node of graph.nodes)
    for (const value of node.outputs)
      if (node.origin.scope !== '') last.set(node.origin.scope, value);
  const outputs = new Map<string, LayerOutput>();
  for (const [layer, value] of last) {
    const name = `layer.${layer}`;
    graph.output(name, value);
    outputs.set(layer, { name, shape: value.shape });
  }
  const builder = new GraphBuilder({ opset: 21, name: model.name });
  lower(graph, builder, { target: portable, weights });
  return { bytes: writeModel(builder.build({})).bytes, outputs };
}
