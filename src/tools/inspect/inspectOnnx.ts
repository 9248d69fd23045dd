import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fedInputs, sourceOf, type OnnxModel, type OnnxNode } from '../../compiler/onnx/model.js';
import { readModel, type ReadOptions } from '../../compiler/onnx/reader.js';
import { DataError } from '../../support/errors.js';
import { jsonShape, type Dim, type Shape } from '../../support/shape.js';
import type { Inspection, LayerRow, OnnxFacts } from './inspect.js';
import { kindOf, nodeCost, total, type NodeCost } from './onnxCosts.js';
import { externalReader, readOnnxBytes } from '../../training/labelling/onnxFiles.js';
import { openSizes, type OnnxSizes } from './onnxInputs.js';
import { inOrder } from '../../compiler/onnx/shapes/nodeOrder.js';
import { Parameters } from './onnxParameters.js';
import { inferShapes } from '../../compiler/onnx/shapes/inferShapes.js';
import type { ValueTable } from '../../compiler/onnx/shapes/valueTable.js';

/**
 * The nodes of any ONNX model. Output shapes come from the file and from the operators; multiply-adds
 * are those of all operators that sum products, bodies and functions included, with the batch at 1
 * unless it is given. Throws an ArtifactError if the file cannot be read, a ConfigError if it has no
 * such size.
 */
export function inspectOnnx(
  bytes: Uint8Array,
  options: ReadOptions = {},
  sizes: OnnxSizes = {},
): Inspection {
  const model = readModel(bytes, options);
  const { graph } = model;
  const open = openSizes(model, sizes, options.file ?? 'the model');
  const table = inferShapes(model, open.given());
  const others = open.names.map((name) => [name, inferShapes(model, open.given(name))] as const);
  const parameters = new Parameters(graph, table);
  const nodes = inOrder(graph.nodes);
  const costs = new Map(nodes.map((node) => [node, nodeCost(node, table)]));
  const layers = nodes.map((node) => {
    const shape = shownShape(node.outputs[0], table, others);
    return nodeRow(node, shape, parameters.of(node), costs.get(node));
  });
  const all = total([...costs.values()]);
  return {
    kind: 'onnx',
    name: graph.name,
    parameters: layers.reduce((sum, row) => sum + row.parameters, parameters.unread()),
    multiplyAdds: all.multiplyAdds,
    layers,
    uncounted: Object.fromEntries(all.uncounted),
    assumed: open.assumed,
    onnx: onnxFacts(model, nodes, table, parameters),
  };
}

/**
 * Inspects an .onnx file; external data is read from beside it. Throws a DataError or ArtifactError,
 * a ConfigError if the file has no such size.
 */
export function inspectOnnxFile(path: string, sizes: OnnxSizes = {}): Inspection {
  if (!existsSync(path))
    throw new DataError(`${path} does not exist`, {
      code: 'missing-file',
      where: path,
      hint: 'name an .onnx file or a model file',
    });
  const options = { file: basename(path), external: externalReader(path) };
  return inspectOnnx(readOnnxBytes(path), options, sizes);
}

function nodeRow(
  node: OnnxNode,
  shape: Shape | undefined,
  parameters: number,
  cost: NodeCost | undefined,
): LayerRow {
  const source = sourceOf(node);
  const { multiplyAdds = 0, uncounted = new Map<string, number>() } = cost ?? {};
  const missing = [...uncounted.values()].reduce((a, b) => a + b, 0);
  return {
    name: node.name === '' ? (node.outputs[0] ?? '') : node.name,
    kind: kindOf(node),
    outputShape: shape ? jsonShape(shape) : null,
    parameters,
    multiplyAdds: missing > 0 && multiplyAdds === 0 ? null : multiplyAdds,
    ...(source === undefined ? {} : { source }),
  };
}

/** A shape with symbols again: a dimension that doubles with a symbol is a multiple of it. */
function shownShape(
  name: string | undefined,
  table: ValueTable,
  others: readonly (readonly [string, ValueTable])[],
): Shape | undefined {
  return table.shape(name)?.map((dim, axis): Dim => {
    if (typeof dim !== 'number') return dim;
    const moved = others.flatMap(([symbol, other]) => {
      const twice = other.shape(name)?.[axis];
      return twice === dim ? [] : [{ symbol, linear: twice === 2 * dim }];
    });
    const [first] = moved;
    if (first === undefined) return dim;
    const plain = moved.length === 1 && first.linear;
    return { symbol: plain ? first.symbol : '?', factor: plain ? dim : 1 };
  });
}

function onnxFacts(
  model: OnnxModel,
  nodes: readonly OnnxNode[],
  table: ValueTable,
  { constants }: Parameters,
): OnnxFacts {
  const { graph } = model;
  const operators = new Map<string, number>();
  countOperators(operators, nodes, table);
  return {
    irVersion: model.irVersion,
    opsets: Object.fromEntries(model.opsets.map((o) => [o.domain || 'ai.onnx', o.version])),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    inputs: fedInputs(graph).map(valueRow),
    outputs: graph.outputs.map(valueRow),
    initializers: {
      count: graph.initializers.length,
      bytes: graph.initializers.reduce((sum, { tensor }) => sum + tensor.data.byteLength, 0),
    },
    ...(constants.count > 0 && { constants }),
    operators: Object.fromEntries([...operators].sort(([, a], [, b]) => b - a)),
    functions: model.functions.map((fn) => `${fn.domain}.${fn.name}`),
  };
}

/** Counts nodes and those of bodies; a function is one node. */
function countOperators(
  operators: Map<string, number>,
  nodes: readonly OnnxNode[],
  table: ValueTable,
): void {
  for (const node of nodes) {
    operators.set(node.opType, (operators.get(node.opType) ?? 0) + 1);
    if (!['If', 'Loop', 'Scan'].includes(node.opType)) continue;
    for (const body of table.bodies.get(node) ?? [])
      countOperators(operators, body.nodes, body.table);
  }
}

function valueRow({ name, dtype, shape }: OnnxModel['graph']['inputs'][number]) {
  const type = typeof dtype === 'string' ? dtype : (dtype?.foreign ?? 'no tensor');
  return { name, dtype: type, shape: shape ? jsonShape(shape) : null };
}
