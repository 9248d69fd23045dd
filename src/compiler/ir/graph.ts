import type { Opset } from '../../../generated/onnx/index.js';
import type { DType } from '../../support/dtype.js';
import { invariant, ModelError } from '../../support/errors.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import { formatShape, staticDim, type Shape } from '../../support/shape.js';
import type { TensorData } from '../../support/tensor.js';
import type { NdArray } from './ndarray.js';
import { formatSite, noOrigin, type Origin } from './origin.js';

/** Type and shape of a tensor. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

export type AttributeValue =
  | number
  | string
  | boolean
  | readonly AttributeValue[]
  | { readonly symbol: string; readonly factor: number }
  | TensorData
  | undefined;
/** Attributes of a node, by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Fault thrown by a type rule; `Graph.add` adds the user's line and the operands. */
export class TypeFault extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Types that a lowering may look at: those of the node's inputs and outputs. */
export interface NodeTypes {
  readonly inputs: readonly (TensorType | undefined)[];
  readonly outputs: readonly TensorType[];
}

/**
 * Treatment of a primitive by mixed precision: one that `gains` is always computed in 16 bits, one
 * that `follows` in the type that its operands come in, and one that `stays` in the type that it
 * has.
 */
export type InHalves = 'gains' | 'follows' | 'stays';

/**
 * Facts about a primitive that passes and targets need. Each primitive states its own, and their tables are
 * derived from these, so that a new primitive cannot be silently left out. Operands go by name.
 */
export interface Traits<
  Name = string,
  Inputs = readonly (TensorType | undefined)[],
  A = Attributes,
> {
  /**
   * Whether each element of the result depends on the operands' elements in its place alone, operands being
   * broadcast: then it does not matter how they lie, and the result may be written over an operand. `partial`
   * if finite elements can give an infinite one or NaN, as a quotient does.
   */
  readonly elementwise: 'total' | 'partial' | false;
  readonly halves: InHalves | ((inputs: Inputs, attrs: A) => InHalves);
  /** Operands that stay in float32 even if the others are of 16 bits. */
  readonly wide?: readonly Name[];
  /** Operands of which only the shape counts. */
  readonly shapes?: readonly Name[];
  /** True if exchanging its two operands changes no bit of the result. */
  readonly commutative?: true;
  /** Passes of the portable lowering over its larger map that reads or writes (default: 2). */
  readonly passes?: (attrs: A) => number;
}

/** A primitive as the passes see it, by position. `defineOp` makes one from a description by name. */
export interface Op {
  readonly name: string;
  readonly outputNames: readonly string[];
  readonly traits: Traits;
  inputName(index: number): string;
  inferTypes(inputs: readonly (TensorType | undefined)[], attrs: Attributes): TensorType[];
  /** Its meaning, in float64 with plain loops. */
  evaluate(
    inputs: readonly (NdArray | undefined)[],
    attrs: Attributes,
    types: NodeTypes,
  ): NdArray[];
  /** Gradients of the inputs, given those of the outputs (undefined if none flows). */
  gradient?(node: Node, outputGrads: readonly (Value | undefined)[]): (Value | undefined)[];
  /** Its portable lowering to standard ONNX operators. */
  onnx(
    b: Opset,
    inputs: readonly (OnnxValue | undefined)[],
    attrs: Attributes,
    types: NodeTypes,
  ): OnnxValue[];
}

/** A tensor of the program: defined once, by a node or as an input of the graph. */
export class Value {
  constructor(
    readonly graph: Graph,
    readonly id: number,
    readonly type: TensorType,
    /** The node that computes it; undefined for an input of the graph. */
    readonly producer: Node | undefined,
    readonly outputIndex: number,
    /** Place where it was made. */
    readonly origin: Origin,
  ) {}

  get dtype(): DType {
    return this.type.dtype;
  }

  get shape(): Shape {
    return this.type.shape;
  }

  get rank(): number {
    return this.type.shape.length;
  }

  /** C of [N,C,H,W] or [N,C]. */
  get channels(): number {
    return staticDim(this.type.shape[1]);
  }

  /** H of [N,C,H,W]. */
  get height(): number {
    return staticDim(this.type.shape[2]);
  }

  /** W of [N,C,H,W]. */
  get width(): number {
    return staticDim(this.type.shape[3]);
  }
}

/** One application of a primitive. */
export class Node {
  readonly outputs: readonly Value[];

  constructor(
    readonly op: Op,
    readonly inputs: readonly (Value | undefined)[],
    readonly attrs: Attributes,
    readonly origin: Origin,
    makeOutputs: (node: Node) => Value[],
  ) {
    this.outputs = makeOutputs(this);
  }
}

/** An input or output of a graph, with its name. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/**
 * A program in SSA form: nodes in an order in which every value is defined before it is used.
 * It only grows; a pass builds a new graph.
 */
export class Graph {
  readonly inputs: NamedValue[] = [];
  readonly nodes: Node[] = [];
  readonly outputs: NamedValue[] = [];
  /** Given to each node that is added; set it with `within`. */
  origin: Origin = noOrigin;
  #nextId = 0;
  readonly #inputNames = new Map<string, Value>();

  constructor(readonly name: string) {}

  /** Declares an input; names are unique. */
  input(name: string, dtype: DType, shape: Shape): Value {
    invariant(!this.#inputNames.has(name), `input ${name} is declared twice`);
    const value = new Value(this, this.#nextId++, { dtype, shape }, undefined, 0, this.origin);
    this.#inputNames.set(name, value);
    this.inputs.push({ name, value });
    return value;
  }

  findInput(name: string): Value | undefined {
    return this.#inputNames.get(name);
  }

  output(name: string, value: Value): void {
    invariant(value.graph === this, `output ${name} belongs to another graph`);
    this.outputs.push({ name, value });
  }

  /** Applies a primitive; a fault of its type rule becomes a ModelError at the user's line. */
  add(op: Op, inputs: readonly (Value | undefined)[], attrs: Attributes): readonly Value[] {
    return this.#append(op, inputs, attrs, this.#inferTypes(op, inputs, attrs));
  }

  /**
   * Repeats a node of another graph on operands of this one. The operands have the types of the
   * node's own, so that the results do too, and nothing is inferred again.
   */
  copy(node: Node, inputs: readonly (Value | undefined)[]): readonly Value[] {
    const types = node.outputs.map(({ type }) => type);
    return this.#append(node.op, inputs, node.attrs, types);
  }

  #append(
    op: Op,
    inputs: readonly (Value | undefined)[],
    attrs: Attributes,
    types: readonly TensorType[],
  ): readonly Value[] {
    for (const input of inputs)
      invariant(
        input === undefined || input.graph === this,
        `${op.name} mixes values of two graphs`,
      );
    const node = new Node(op, inputs, attrs, this.origin, (made) =>
      types.map((type, i) => new Value(this, this.#nextId++, type, made, i, this.origin)),
    );
    this.nodes.push(node);
    return node.outputs;
  }

  /** Runs `build` with another origin for the nodes that it adds. */
  within<T>(origin: Origin, build: () => T): T {
    const outer = this.origin;
    this.origin = origin;
    try {
      return build();
    } finally {
      this.origin = outer;
    }
  }

  #inferTypes(op: Op, inputs: readonly (Value | undefined)[], attrs: Attributes): TensorType[] {
    try {
      return op.inferTypes(
        inputs.map((input) => input?.type),
        attrs,
      );
    } catch (error) {
      if (!(error instanceof TypeFault)) throw error;
      throw new ModelError(`${op.name}: ${error.message}`, {
        code: error.code,
        where: this.origin.site ?? (this.origin.scope === '' ? undefined : this.origin.scope),
        hint: error.hint,
        notes: describeOperands(op, inputs, this.origin),
      });
    }
  }
}

/** `shortcut is [N,40,56,56], made at my.model.ts:22:22` for each operand whose maker is known. */
function describeOperands(op: Op, inputs: readonly (Value | undefined)[], at: Origin): string[] {
  return inputs.flatMap((input, i) => {
    const site = input?.origin.site;
    if (input === undefined || site === undefined) return [];
    const written = at.site?.args?.[i];
    const name = written !== undefined && /^[\w.$]+$/.test(written) ? written : op.inputName(i);
    return [`${name} is ${formatShape(input.shape)}, made at ${formatSite(site)}`];
  });
}
