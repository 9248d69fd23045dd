import type { OnnxFunction, OnnxModel, OnnxNode } from '../onnx/model.js';
import type { Dim, Shape } from '../support/shape.js';
import { shapeRules } from './onnxShapeRules.js';
import { int, optionalInt, ValueTable } from './onnxValues.js';

/** Shapes of a graph's values as far as they follow from inputs, weights and operators. */
export function inferShapes(model: OnnxModel): ValueTable {
  const table = new ValueTable();
  const { graph } = model;
  for (const { name, shape } of [...graph.inputs, ...graph.outputs, ...graph.valueInfo])
    if (shape) table.shapes.set(name, shape);
  for (const { name, tensor } of graph.initializers) table.constant(name, tensor);
  inferNodes(table, graph.nodes, model.functions);
  return table;
}

function inferNodes(
  table: ValueTable,
  nodes: readonly OnnxNode[],
  functions: readonly OnnxFunction[],
): void {
  for (const node of nodes) {
    inferVector(table, node);
    const called = functions.find((fn) => fn.name === node.opType && fn.domain === node.domain);
    const shapes = called
      ? callFunction(table, node, called, functions)
      : shapeRules[node.opType]?.({ node, table, x: table.shape(node.inputs[0]) });
    node.outputs.forEach((output, i) => {
      const shape = shapes?.[i];
      // What the file says stands, except where it says less than a rule does.
      if (shape !== undefined && !isStated(table.shape(output))) table.shapes.set(output, shape);
    });
  }
}

function isStated(shape: Shape | undefined): boolean {
  return shape?.every((dim) => typeof dim === 'number' || dim.symbol !== '?') ?? false;
}

function callFunction(
  outer: ValueTable,
  node: OnnxNode,
  called: OnnxFunction,
  functions: readonly OnnxFunction[],
): (Shape | undefined)[] {
  const table = new ValueTable();
  called.inputs.forEach((input, i) => {
    const shape = outer.shape(node.inputs[i]);
    const vector = outer.vector(node.inputs[i]);
    if (shape) table.shapes.set(input, shape);
    if (vector) table.vectors.set(input, vector);
  });
  inferNodes(table, called.nodes, functions);
  return called.outputs.map((output) => table.shape(output));
}

/** Follows dimensions through the operators that exporters compute shapes with. */
function inferVector(table: ValueTable, node: OnnxNode): void {
  const [output] = node.outputs;
  if (output === undefined) return;
  if (node.opType === 'Constant') {
    inferConstant(table, output, node);
    return;
  }
  const vector = vectorOf(table, node);
  if (vector) table.vectors.set(output, vector);
}

/** A constant's value may be an attribute of the function around it, which has a type but no value. */
function inferConstant(table: ValueTable, output: string, node: OnnxNode): void {
  for (const attribute of node.attributes.values()) {
    const type = attribute.type === 'ref' ? attribute.of : attribute.type;
    if (attribute.type === 'tensor') table.constant(output, attribute.value);
    if (['int', 'float', 'string'].includes(type)) table.shapes.set(output, []);
    if (attribute.type === 'int') table.vectors.set(output, [attribute.value]);
    if (attribute.type === 'ints') table.vectors.set(output, attribute.value);
    if (attribute.type === 'ints' || attribute.type === 'floats')
      table.shapes.set(output, [attribute.value.length]);
  }
}

function vectorOf(table: ValueTable, node: OnnxNode): readonly Dim[] | undefined {
  const first = table.vector(node.inputs[0]);
  switch (node.opType) {
    case 'Shape':
      return table.shape(node.inputs[0])?.slice(int(node, 'start', 0), optionalInt(node, 'end'));
    case 'Cast':
    case 'Identity':
    case 'Unsqueeze':
    case 'Squeeze':
      return first;
    case 'Concat': {
      const parts = node.inputs.map((name) => table.vector(name));
      return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
    }
    case 'Gather': {
      const chosen = table.numbers(node.inputs[1])?.map((i) => first?.at(i));
      return chosen?.every((dim) => dim !== undefined) ? chosen : undefined;
    }
    case 'Slice': {
      const [start, end, axis, step] = node.inputs.slice(1).map((name) => table.numbers(name)?.[0]);
      return start !== undefined && (axis ?? 0) === 0 && (step ?? 1) === 1
        ? first?.slice(start, end)
        : undefined;
    }
    default:
      return undefined;
  }
}
