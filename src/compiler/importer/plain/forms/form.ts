/** What a form works with: it brings a node of some opset to the form that PlainNode states. */
import type { Dim, Shape } from '../../../../support/shape.js';
import type { TensorData } from '../../../../support/tensor.js';
import type { OnnxAttribute, OnnxNode } from '../../../onnx/model.js';
import { ints } from '../../../onnx/shapes/valueTable.js';
import type { Tallied } from '../tally.js';
import { int64s, numbers, tensorOf } from '../constants.js';

/** What is known of a node's surroundings. */
export interface Surroundings {
  /** Version of the node's domain that the file imports. */
  readonly opset: number;
  /** The batch that the file has and that was freed; undefined if the file leaves it open. */
  readonly freed: number | undefined;
  shape(name: string | undefined): Shape | undefined;
  /** Elements of a small tensor that lists sizes, the batch among them. */
  elements(name: string | undefined): readonly Dim[] | undefined;
  /** Element type by ONNX's name. */
  type(name: string | undefined): string | undefined;
  /** The constant of that name. */
  tensor(name: string | undefined): TensorData | undefined;
  /** Name of a new constant. */
  constant(base: string, tensor: TensorData): string;
  /** A name that no value has. */
  fresh(base: string): string;
  /** The operator that makes a value; undefined for the image and for constants. */
  maker(name: string): string | undefined;
  /** Counts what is done to a node, for the notes. */
  count(kind: Tallied): void;
  /** Says that a node cannot be imported. */
  refuse(node: OnnxNode, reason: string): void;
}

/** Nodes in the newest form that do the same; undefined if the node has it already. */
export type Form = (node: OnnxNode, around: Surroundings) => readonly OnnxNode[] | undefined;
export type Forms = Readonly<Partial<Record<string, Form>>>;

type Changes = Partial<Pick<OnnxNode, 'opType' | 'domain' | 'inputs' | 'outputs' | 'name'>> & {
  /** Attributes to set; undefined takes one away. */
  readonly set?: Readonly<Record<string, OnnxAttribute | undefined>>;
};

/** The node with some changes. */
export function changed(node: OnnxNode, { set = {}, ...rest }: Changes): OnnxNode {
  const attributes = new Map(node.attributes);
  for (const [name, value] of Object.entries(set))
    if (value) attributes.set(name, value);
    else attributes.delete(name);
  return { ...node, ...rest, attributes };
}

/** A node of another operator in its place, without its attributes. */
export function instead(node: OnnxNode, opType: string, changes: Changes): OnnxNode {
  return changed({ ...node, opType, domain: '', attributes: new Map() }, changes);
}

export function intAttribute(value: number): OnnxAttribute {
  return { type: 'int', value };
}

export function intsAttribute(value: readonly number[]): OnnxAttribute {
  return { type: 'ints', value };
}

export function textAttribute(value: string): OnnxAttribute {
  return { type: 'string', value };
}

/** A float among a node's attributes. */
export function float(node: OnnxNode, name: string): number | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'float' || attribute?.type === 'int' ? attribute.value : undefined;
}

/** A list of floats among a node's attributes. */
export function floats(node: OnnxNode, name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'floats' || attribute?.type === 'ints' ? attribute.value : undefined;
}

/** A list that newer opsets have as an operand and older ones as an attribute. */
export function listOf(
  node: OnnxNode,
  around: Surroundings,
  name: string,
  operand: number,
): readonly number[] | undefined {
  const tensor = around.tensor(node.inputs[operand]);
  return ints(node, name) ?? (tensor && numbers(tensor));
}

/** True where a list is an operand that is not constant. */
export function isOpen(node: OnnxNode, around: Surroundings, operand: number): boolean {
  const name = node.inputs[operand];
  return name !== undefined && name !== '' && around.tensor(name) === undefined;
}

/** Name of a constant that lists whole numbers. */
export function listConstant(
  node: OnnxNode,
  around: Surroundings,
  name: string,
  values: readonly number[],
): string {
  return around.constant(
    `${node.outputs[0] ?? node.name}.${name}`,
    int64s([values.length], values),
  );
}

/** Name of a constant scalar. */
export function scalarConstant(
  node: OnnxNode,
  around: Surroundings,
  name: string,
  value: number,
): string {
  return around.constant(
    `${node.outputs[0] ?? node.name}.${name}`,
    tensorOf('float32', [], [value]),
  );
}

/** An axis counted from the front. */
export function fromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
