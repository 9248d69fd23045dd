import type { OnnxAttribute } from '../../onnx/model.js';
import { shortestFloat } from '../literals.js';
import type { Argument, ImportedWeight, Literal } from '../network.js';
import type { PlainConstant, PlainNode, PlainValue } from '../plainGraph.js';
import { numbersOf, type TensorData } from '../../../support/tensor.js';
import type { Shape } from '../../../support/shape.js';
import { invariant } from '../../../support/errors.js';

/** Thrown by a rule: why its node cannot be imported. */
export class Refusal extends Error {}

/** What a call has beside its arguments. */
export interface CallParts {
  readonly options?: Readonly<Record<string, Literal | undefined>>;
  readonly weights?: readonly ImportedWeight[];
}

/** Adds a call and returns its result. */
export type Emit = (layer: string, args: readonly Argument[], parts?: CallParts) => Argument;

/** From a node to calls: what its output equals, or each of its outputs. Throws a Refusal. */
export type ImportRule = (
  node: NodeReader,
  emit: Emit,
) => Argument | { readonly each: readonly Argument[] };

export type ImportRules = Readonly<Record<string, ImportRule>>;

/** What a rule reads of its node. */
export class NodeReader {
  constructor(
    readonly node: PlainNode,
    /** The ref of a value of the file. */
    private readonly refOf: (value: PlainValue) => string,
  ) {}

  get name(): string {
    return this.node.name;
  }

  /** The first output. */
  get output(): PlainValue {
    const output = this.node.outputs[0];
    invariant(output, `${this.node.name} has a first output`);
    return output;
  }

  has(index: number): boolean {
    return this.node.operands[index] !== undefined;
  }

  /** An operand that depends on the images. */
  value(index: number): PlainValue {
    const operand = this.node.operands[index];
    if (operand?.kind !== 'value') throw new Refusal(`its ${ordinal(index)} operand is a constant`);
    return operand.value;
  }

  /** An operand that depends on the images, as an argument. */
  x(index = 0): Argument {
    return { ref: this.refOf(this.value(index)) };
  }

  isValue(index: number): boolean {
    return this.node.operands[index]?.kind === 'value';
  }

  /** A constant operand; undefined where it is left out. */
  optionalConstant(index: number, what: string): PlainConstant | undefined {
    const operand = this.node.operands[index];
    if (operand?.kind === 'value')
      throw new Refusal(`its ${what} depends on the images (${operand.value.name})`);
    return operand?.constant;
  }

  constant(index: number, what: string): PlainConstant {
    const found = this.optionalConstant(index, what);
    if (found === undefined) throw new Refusal(`its ${what} is left out`);
    return found;
  }

  /** The numbers of a constant operand; undefined where it is left out. */
  numbers(index: number, what: string): readonly number[] | undefined {
    const constant = this.optionalConstant(index, what);
    return constant && [...numbersOf(constant.tensor)];
  }

  /** The single number of a constant operand; undefined where it is left out. */
  scalar(index: number, what: string): number | undefined {
    const constant = this.optionalConstant(index, what);
    if (constant === undefined) return undefined;
    const value = singleNumber(constant.tensor);
    if (value === undefined) throw new Refusal(`its ${what} is not a single number`);
    return value;
  }

  int(name: string, otherwise: number): number {
    const found = this.attribute(name, 'int');
    return found?.type === 'int' ? found.value : otherwise;
  }

  float(name: string, otherwise: number): number {
    const found = this.attribute(name, 'float');
    return found?.type === 'float' ? shortestFloat(found.value) : otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    const found = this.attribute(name, 'ints');
    return found?.type === 'ints' ? found.value : undefined;
  }

  text(name: string, otherwise: string): string {
    const found = this.attribute(name, 'string');
    return found?.type === 'string' ? found.value : otherwise;
  }

  private attribute(name: string, type: OnnxAttribute['type']): OnnxAttribute | undefined {
    const found = this.node.attributes.get(name);
    if (found !== undefined && found.type !== type)
      throw new Refusal(`its attribute ${name} is of type ${found.type}, not ${type}`);
    return found;
  }
}

/** A weight of a layer, as it stands in the file. */
export function weight(local: string, { name, tensor }: PlainConstant): ImportedWeight {
  return { local, source: name, tensor };
}

/** The number that a tensor of one element holds, as short as its type allows. */
export function singleNumber(tensor: TensorData): number | undefined {
  const [value, ...others] = numbersOf(tensor);
  if (value === undefined || others.length > 0) return undefined;
  return tensor.dtype === 'float32' ? shortestFloat(value) : value;
}

/** Sizes without the batch; refuses a shape whose other sizes are not numbers, or whose batch is not first. */
export function sampleShape({ name, shape }: PlainValue): readonly number[] {
  const [, ...sizes] = shape;
  return sizes.map((dim) => {
    if (typeof dim !== 'number') throw new Refusal(`the batch is not the first axis of ${name}`);
    return dim;
  });
}

/** An axis of a shape from 0 on; refuses the batch. */
export function sampleAxis(axis: number, shape: Shape): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  if (positive === 0) throw new Refusal('it works along the batch');
  return positive;
}

export function ordinal(index: number): string {
  return ['first', 'second', 'third'][index] ?? `${index + 1}th`;
}
