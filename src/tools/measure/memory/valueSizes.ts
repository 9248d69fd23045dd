import { findOperator } from '../../../compiler/onnx/schema.js';
import { schemaName } from '../../../compiler/onnx/elementTypes.js';
import { inferTypes, type KnownType } from '../../../compiler/onnx/inferTypes.js';
import type { OnnxModel } from '../../../compiler/onnx/model.js';
import { dtypes, type DType } from '../../../support/dtype.js';
import { inferShapes } from '../../../compiler/onnx/shapes/inferShapes.js';
import type { ValueSize } from './bufferPlan.js';

/** Bytes of an element by the name that operator schemas use. */
const bytesOf: ReadonlyMap<string, number> = new Map(
  Object.entries(dtypes).map(([name, { bytes }]) => [schemaName(name as DType), bytes]),
);

/** Sizes of a graph's values; those whose shape is not known are missing. */
export function valueSizes(model: OnnxModel, block: number): Map<string, ValueSize> {
  const table = inferShapes(model);
  const types = elementTypes(model);
  const reordered = new Set(
    model.graph.nodes.flatMap(({ opType, outputs }) => (opType === 'ReorderInput' ? outputs : [])),
  );
  const sizes = new Map<string, ValueSize>();
  for (const [name, shape] of table.shapes) {
    const width = bytesOf.get(types.get(name) ?? '');
    if (width === undefined || !shape.every((dim) => typeof dim === 'number')) continue;
    // The operator pads channels to whole blocks, and does not say so.
    const padded = reordered.has(name)
      ? shape.map((dim, axis) => (axis === 1 && block > 0 ? Math.ceil(dim / block) * block : dim))
      : shape;
    const bytes = padded.reduce((product, dim) => product * dim, width);
    sizes.set(name, { key: shape.length === 0 ? '' : `${width}:${shape.join()}`, bytes });
  }
  return sizes;
}

/** Element types by the operators' schemas. */
function elementTypes({ graph, opsets }: OnnxModel): Map<string, KnownType> {
  const types = new Map<string, KnownType>();
  for (const { name, dtype } of [...graph.inputs, ...graph.outputs])
    if (dtype !== undefined) types.set(name, schemaName(dtype));
  for (const { name, tensor } of graph.initializers) types.set(name, schemaName(tensor.dtype));
  const versions = new Map(opsets.map(({ domain, version }) => [domain, version]));
  for (const node of graph.nodes) {
    const schema = findOperator(node.domain, node.opType, versions.get(node.domain) ?? 1);
    if (schema === undefined) continue;
    const inputs = node.inputs.map((input) => types.get(input));
    const { outputs } = inferTypes(schema, node, inputs);
    node.outputs.forEach((output, i) => types.set(output, outputs[i]));
  }
  return types;
}
