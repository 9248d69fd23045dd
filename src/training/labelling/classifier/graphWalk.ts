import type { OnnxModel, OnnxNode, OnnxTensor } from '../../../compiler/onnx/model.js';
import type { Shape } from '../../../support/shape.js';
import { numbersOf } from '../../../support/tensor.js';
import { inferShapes } from '../../../compiler/onnx/shapes/inferShapes.js';
import type { ValueTable } from '../../../compiler/onnx/shapes/valueTable.js';

/** Constants of more elements than this are weights, not settings. */
const mostNumbers = 65_536;

/** Nodes that move or name values and leave them as they are. */
const movers = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Transpose']);

/** The main graph of a model, walked from value to value. */
export class GraphWalk {
  readonly opset: number;
  readonly #makers = new Map<string, OnnxNode>();
  readonly #readers = new Map<string, OnnxNode[]>();
  readonly #constants = new Map<string, OnnxTensor | readonly number[]>();
  readonly #table: ValueTable;

  constructor(model: OnnxModel) {
    this.opset = model.opsets.find(({ domain }) => domain === '')?.version ?? 0;
    this.#table = inferShapes(model);
    for (const { name, tensor } of model.graph.initializers) this.#constants.set(name, tensor);
    for (const node of model.graph.nodes) {
      for (const output of node.outputs) if (output !== '') this.#makers.set(output, node);
      for (const input of new Set(node.inputs)) this.#addReader(input, node);
      const constant = constantOf(node);
      if (constant) this.#constants.set(node.outputs[0] ?? '', constant);
    }
  }

  #addReader(value: string, node: OnnxNode): void {
    const readers = this.#readers.get(value);
    if (readers) readers.push(node);
    else this.#readers.set(value, [node]);
  }

  /** The node that makes a value; undefined for inputs and constants. */
  maker(value: string | undefined): OnnxNode | undefined {
    return value === undefined ? undefined : this.#makers.get(value);
  }

  /** Nodes that read a value, without those that ask for its shape alone. */
  readers(value: string): readonly OnnxNode[] {
    return (this.#readers.get(value) ?? []).filter(({ opType }) => opType !== 'Shape');
  }

  shape(value: string | undefined): Shape | undefined {
    return this.#table.shape(value);
  }

  /** The elements of a constant of few elements, in their order, even if it was cast or reshaped. */
  numbers(value: string | undefined): readonly number[] | undefined {
    const constant = this.#constantOf(value);
    if (constant === undefined || !('dtype' in constant)) return constant;
    if (typeof constant.dtype !== 'string' || constant.data.length > mostNumbers) return undefined;
    return [...numbersOf({ ...constant, dtype: constant.dtype })];
  }

  isConstant(value: string | undefined): boolean {
    return this.#constantOf(value) !== undefined;
  }

  #constantOf(value: string | undefined): OnnxTensor | readonly number[] | undefined {
    let name = value ?? '';
    for (const seen = new Set<string>(); !seen.has(name);) {
      seen.add(name);
      const found = this.#constants.get(name);
      if (found) return found;
      const maker = this.maker(name);
      if (!maker || maker.domain !== '' || !(movers.has(maker.opType) || maker.opType === 'Cast'))
        return undefined;
      name = maker.inputs[0] ?? '';
    }
    return undefined;
  }

  /** Finds the origin of a value, behind nodes that leave its numbers unchanged up to rounding. */
  origin(value: string | undefined): Origin {
    const through: string[] = [];
    let name = value ?? '';
    for (const seen = new Set<string>(); !seen.has(name);) {
      seen.add(name);
      const maker = this.maker(name);
      if (!maker || !this.#leavesNumbers(maker, name)) return { value: name, maker, through };
      through.unshift(maker.opType);
      name = maker.inputs[0] ?? '';
    }
    return { value: name, maker: undefined, through };
  }

  #leavesNumbers(node: OnnxNode, output: string): boolean {
    if (node.domain !== '' && node.domain !== 'com.microsoft') return false;
    if (movers.has(node.opType) || node.opType === 'Expand') return true;
    switch (node.opType) {
      case 'QuantizeLinear':
      case 'DequantizeLinear':
        return true;
      case 'Cast':
        return floatCodes.has(attributeNumber(node, 'to') ?? 0);
      case 'Dropout':
        return output === node.outputs[0] && !this.#isTraining(node);
      default:
        return false;
    }
  }

  #isTraining({ inputs }: OnnxNode): boolean {
    return inputs[2] !== undefined && inputs[2] !== '' && this.numbers(inputs[2])?.[0] !== 0;
  }
}

/** A value, the node that makes it, and the operators between it and what was asked for. */
export interface Origin {
  readonly value: string;
  readonly maker: OnnxNode | undefined;
  readonly through: readonly string[];
}

/** float32, float16, float64 and bfloat16 among ONNX's element types. */
const floatCodes = new Set([1, 10, 11, 16]);

export function attributeNumber(node: OnnxNode, name: string): number | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'int' || attribute?.type === 'float' ? attribute.value : undefined;
}

function constantOf(node: OnnxNode): OnnxTensor | readonly number[] | undefined {
  if (node.opType !== 'Constant' || node.domain !== '') return undefined;
  const [attribute] = [...node.attributes.values()];
  switch (attribute?.type) {
    case 'tensor':
      return attribute.value;
    case 'int':
    case 'float':
      return [attribute.value];
    case 'ints':
    case 'floats':
      return attribute.value;
    default:
      return undefined;
  }
}
