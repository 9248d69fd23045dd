/** Counts the weights of an ONNX model, wherever they lie. */
import type { OnnxGraph, OnnxNode, OnnxTensor } from '../../compiler/onnx/model.js';
import { dtypes } from '../../support/dtype.js';
import {
  optionalInt,
  constantTensor,
  type ValueTable,
} from '../../compiler/onnx/shapes/valueTable.js';

/** Inputs that set an operator up, such as scales and zero points: no weights, whatever their type. */
const settings: Readonly<Partial<Record<string, readonly number[]>>> = {
  Clip: [1, 2],
  ConvInteger: [2, 3],
  DequantizeLinear: [1, 2],
  DynamicQuantizeMatMul: [2, 3],
  MatMulInteger: [2, 3],
  MatMulIntegerToFloat: [2, 3, 4, 5],
  MatMulNBits: [1, 2, 3, 4],
  OneHot: [1, 2],
  Pad: [1, 2, 3],
  QAttention: [3, 4, 6, 7],
  QGemm: [1, 2, 4, 5, 7, 8],
  QLinearAdd: [1, 2, 4, 5, 6, 7],
  QLinearAveragePool: [1, 2, 3, 4],
  QLinearConv: [1, 2, 4, 5, 6, 7],
  QLinearGlobalAveragePool: [1, 2, 3, 4],
  QLinearLeakyRelu: [1, 2, 3, 4],
  QLinearMatMul: [1, 2, 4, 5, 6, 7],
  QLinearMul: [1, 2, 4, 5, 6, 7],
  QLinearSigmoid: [1, 2, 3, 4],
  QLinearSoftmax: [1, 2, 3, 4],
  QuantizeLinear: [1, 2],
  Range: [0, 1, 2],
  Resize: [1, 2, 3],
  Upsample: [1],
};

/** Inputs that hold weights as whole numbers, with their biases. */
const wholeWeights: Readonly<Partial<Record<string, readonly number[]>>> = {
  ConvInteger: [1],
  DequantizeLinear: [0],
  DynamicQuantizeMatMul: [1],
  MatMulInteger: [0, 1],
  MatMulIntegerToFloat: [0, 1],
  QAttention: [1],
  QGemm: [0, 3, 6],
  QLinearConv: [3, 8],
  QLinearMatMul: [0, 3],
};

/** Tensors that a model holds. */
interface Stock {
  readonly count: number;
  readonly bytes: number;
}

/** A node, or a graph, as far as its parameters go. */
interface Reader {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: OnnxGraph['initializers'];
}

/** Tensors of a graph by the names of their values; a body sees those of the graph around it. */
class Tensors {
  readonly #own = new Map<string, OnnxTensor>();

  constructor(
    { nodes, initializers }: Reader,
    private readonly outer?: Tensors,
  ) {
    for (const { name, tensor } of initializers) this.#own.set(name, tensor);
    for (const node of nodes) {
      const tensor = constantTensor(node);
      const [output] = node.outputs;
      if (tensor && output !== undefined) this.#own.set(output, tensor);
    }
  }

  get(name: string): OnnxTensor | undefined {
    return this.#own.get(name) ?? this.outer?.get(name);
  }

  all(): OnnxTensor[] {
    return [...this.#own.values()];
  }
}

/** The weights of a model, each counted once: for the first node that reads it. */
export class Parameters {
  readonly #taken = new Set<OnnxTensor>();
  readonly #tensors: Tensors;
  /** Tensors in Constant nodes, those of bodies included. */
  readonly constants: Stock;

  constructor(
    private readonly graph: OnnxGraph,
    private readonly table: ValueTable,
  ) {
    this.#tensors = new Tensors(graph);
    const found = constantsOf(graph.nodes, table).filter((tensor) => floatCount(tensor) > 0);
    this.constants = {
      count: found.length,
      bytes: found.reduce((sum, { data }) => sum + data.byteLength, 0),
    };
  }

  /** Weights of a node of the main graph that no node before it has read. */
  of(node: OnnxNode): number {
    return this.#nodeCount(node, this.table, this.#tensors);
  }

  /** Floating-point initializers that no node reads, and that set nothing up. */
  unread(): number {
    return this.graph.initializers.reduce(
      (sum, { tensor }) => sum + this.#take(tensor, floatCount(tensor)),
      0,
    );
  }

  #nodeCount(node: OnnxNode, table: ValueTable, tensors: Tensors): number {
    const { opType, inputs } = node;
    let sum = packedCount(node);
    for (const [i, name] of inputs.entries()) {
      const tensor = name === '' ? undefined : tensors.get(name);
      if (!tensor) continue;
      const set = settings[opType]?.includes(i) === true;
      const whole = wholeWeights[opType]?.includes(i) === true;
      sum += this.#take(tensor, set ? 0 : whole ? wholeCount(tensor) : floatCount(tensor), set);
    }
    for (const body of table.bodies.get(node) ?? []) {
      const inner = new Tensors(body, tensors);
      for (const one of body.nodes) sum += this.#nodeCount(one, body.table, inner);
    }
    return sum;
  }

  #take(tensor: OnnxTensor, count: number, set = false): number {
    if (this.#taken.has(tensor) || (count === 0 && !set)) return 0;
    this.#taken.add(tensor);
    return count;
  }
}

/** Weights of four bits and the like are packed, and their shape is not the matrix's. */
function packedCount(node: OnnxNode): number {
  if (node.opType !== 'MatMulNBits') return 0;
  return (optionalInt(node, 'K') ?? 0) * (optionalInt(node, 'N') ?? 0);
}

function constantsOf(nodes: readonly OnnxNode[], table: ValueTable): OnnxTensor[] {
  return nodes.flatMap((node) => {
    const tensor = constantTensor(node);
    const inner = (table.bodies.get(node) ?? []).flatMap((body) =>
      constantsOf(body.nodes, body.table),
    );
    return tensor ? [tensor, ...inner] : inner;
  });
}

/** Integers are shapes and indices, scalars are settings: neither are weights. */
function floatCount({ dtype, shape }: OnnxTensor): number {
  const floating = typeof dtype === 'string' ? dtypes[dtype].floating : /float/.test(dtype.foreign);
  return floating ? sizeOf(shape) : 0;
}

/** Elements of a tensor of any type that holds weights. */
function wholeCount({ shape }: OnnxTensor): number {
  return sizeOf(shape);
}

function sizeOf(shape: readonly number[]): number {
  return shape.length === 0 ? 0 : shape.reduce((a, b) => a * b, 1);
}
