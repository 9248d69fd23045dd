import type { OpsetVersion } from '../../generated/onnx/index.js';
import type { Graph } from '../../src/compiler/ir/graph.js';
import { GraphBuilder } from '../../src/compiler/onnx/builder.js';
import type { OnnxModel } from '../../src/compiler/onnx/model.js';
import { lower } from '../../src/compiler/targets/lower.js';
import { portable, type Target } from '../../src/compiler/targets/target.js';

/** One ONNX model of several graphs, whose inputs and outputs have different names. */
export function spell(
  name: string,
  opset: OpsetVersion,
  graphs: readonly Graph[],
  target: Target = portable,
): OnnxModel {
  const builder = new GraphBuilder({ opset, name });
  for (const graph of graphs) lower(graph, builder, { target });
  return builder.build();
}
