import type {
  PlainGraph,
  PlainNode,
  PlainValue,
} from '../../../src/compiler/importer/plainGraph.js';
import type { OnnxInitializer, OnnxModel, OnnxNode } from '../../../src/compiler/onnx/model.js';
import type { Shape } from '../../../src/support/shape.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';

/** A plain graph as a model again, in an opset that onnxruntime runs and that has the forms of plain nodes. */
export function plainModel(graph: PlainGraph): OnnxModel {
  const initializers: OnnxInitializer[] = [];
  const known = new Map<TensorData, string>();
  const nodes: OnnxNode[] = [];
  const used = new Set<string>([graph.input.name]);
  const constant = (tensor: TensorData, base: string): string => {
    const before = known.get(tensor);
    if (before !== undefined) return before;
    const name = `constant/${initializers.length}/${base}`;
    initializers.push({ name, tensor });
    known.set(tensor, name);
    return name;
  };
  const ints = (values: number[]): string =>
    constant(tensorData('int64', [values.length], values), 'ints');
  const add = (
    opType: string,
    inputs: string[],
    attributes: PlainNode['attributes'] = new Map(),
  ): string => {
    const output = `helper/${nodes.length}`;
    nodes.push({
      opType,
      domain: '',
      name: output,
      inputs,
      outputs: [output],
      attributes,
      docString: '',
      metadata: {},
    });
    return output;
  };
  let batch: string | undefined;
  const sizes = (shape: Shape): string => {
    if (shape.every((dim) => typeof dim === 'number')) return ints([...shape]);
    batch ??= add('Gather', [add('Shape', [graph.input.name]), ints([0])]);
    const one = batch;
    const parts = shape.map((dim) =>
      typeof dim === 'number' ? ints([dim]) : add('Mul', [one, ints([dim.factor])]),
    );
    return add('Concat', parts, new Map([['axis', { type: 'int', value: 0 }]]));
  };
  // A result that is not optional has a name even if nobody reads it.
  const nameOf = (value: PlainValue | undefined, i: number): string =>
    value?.name ?? `unread/${nodes.length}/${i}`;
  for (const node of graph.nodes) {
    for (const output of node.outputs)
      if (output) {
        if (used.has(output.name)) throw new Error(`${output.name} is made twice`);
        used.add(output.name);
      }
    const inputs = node.operands.map((operand) => {
      if (operand === undefined) return '';
      if (operand.kind === 'constant')
        return constant(operand.constant.tensor, operand.constant.name);
      if (!used.has(operand.value.name))
        throw new Error(`${operand.value.name} is read before it is made`);
      return operand.value.name;
    });
    const [output] = node.outputs;
    if ((node.op === 'Reshape' || node.op === 'Expand') && output) inputs.push(sizes(output.shape));
    if (node.op === 'Resize' && output && !node.operands[2]) inputs[3] = sizes(output.shape);
    for (let i = 0; i < inputs.length; i++) inputs[i] ??= '';
    nodes.push({
      opType: node.op,
      domain: node.domain,
      name: node.name,
      inputs,
      outputs: node.outputs.map(nameOf),
      attributes: node.attributes,
      docString: '',
      metadata: {},
    });
  }
  const info = ({ name, dtype, shape }: PlainValue) => ({ name, dtype, shape });
  return {
    irVersion: 10,
    opsets: [
      { domain: '', version: 22 },
      { domain: 'com.microsoft', version: 1 },
    ],
    producerName: 'test',
    producerVersion: '',
    docString: '',
    graph: {
      name: 'plain',
      nodes,
      inputs: [info(graph.input)],
      outputs: graph.outputs.map(info),
      initializers,
      valueInfo: graph.nodes
        .flatMap(({ outputs }) => outputs.flatMap((value) => (value ? [info(value)] : [])))
        .filter(({ name }) => !graph.outputs.some((output) => output.name === name)),
      docString: '',
    },
    functions: [],
    trainingInfo: [],
    metadata: {},
  };
}
