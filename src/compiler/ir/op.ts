import type { Opset } from '../../../generated/onnx/index.js';
import { InternalError } from '../../support/errors.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import type { Attributes, Graph, Node, NodeTypes, Op, TensorType, Traits, Value } from './graph.js';
import type { NdArray } from './ndarray.js';

/*
 * A primitive is one object. `defineOp` takes its type rule, its meaning in float64, its gradient rule and its
 * portable lowering to ONNX, so a forgotten part is a type error, and a test fails if a primitive is missing
 * from the conformance table. The gradients of convolution, batch norm, pooling, SiLU and cross-entropy are
 * primitives themselves, so that a target can lower them in its own way.
 */

type Required<I extends readonly string[]> = Exclude<I[number], `${string}?`>;
type Optional<I extends readonly string[]> =
  Extract<I[number], `${string}?`> extends `${infer Base}?` ? Base : never;
/** A record over input names; a name that ends in `?` is optional. */
export type Named<I extends readonly string[], T> = { readonly [K in Required<I>]: T } & {
  readonly [K in Optional<I>]?: T | undefined;
};
/** The names of inputs, without the mark of optional ones. */
export type NameOf<I extends readonly string[]> = Required<I> | Optional<I>;
type Positional<I extends readonly string[], T> = {
  [K in keyof I]: I[K] extends `${string}?` ? T | undefined : T;
};

/** A record for several outputs, the thing itself for one. */
export type Results<O extends readonly string[], T> = O extends readonly [string]
  ? T
  : { readonly [K in O[number]]: T };
export type PartialResults<O extends readonly string[], T> = O extends readonly [string]
  ? T
  : { readonly [K in O[number]]?: T | undefined };

/** Types of a node's operands and results, by name. */
export interface NamedTypes<I extends readonly string[], O extends readonly string[]> {
  readonly in: Named<I, TensorType>;
  readonly out: Results<O, TensorType>;
}

export interface OpDescription<
  I extends readonly string[],
  O extends readonly string[],
  A extends object,
> {
  readonly inputs: I;
  /** Names of several outputs; leave out for one. */
  readonly outputs?: O;
  readonly traits: Traits<NameOf<I>, Named<I, TensorType>, A>;
  /** The types of the outputs; throws TypeFault. */
  type(inputs: Named<I, TensorType>, attrs: A): Results<O, TensorType>;
  /** The meaning, in float64. */
  reference(
    inputs: Named<I, NdArray>,
    attrs: A,
    outputs: Results<O, TensorType>,
  ): Results<O, NdArray>;
  /** The gradient of each input that has one, from those of the outputs. */
  gradient?(
    inputs: Named<I, Value>,
    grad: PartialResults<O, Value>,
    attrs: A,
    outputs: Results<O, Value>,
  ): InputGrads;
  /** The portable lowering. */
  onnx(
    b: Opset,
    inputs: Named<I, OnnxValue>,
    attrs: A,
    types: NamedTypes<I, O>,
  ): Results<O, OnnxValue>;
}

/** Gradients returned by a gradient rule: that of each input that has one, by name. */
export type InputGrads = Readonly<Partial<Record<string, Value>>>;

/** The names of a primitive's operands and results: from lists by position to records, and back. */
export class Signature<I extends readonly string[], O extends readonly string[]> {
  readonly inputNames: readonly NameOf<I>[];
  readonly outputNames: readonly string[];
  readonly #single: boolean;

  constructor({ inputs, outputs }: { readonly inputs: I; readonly outputs?: O }) {
    this.inputNames = inputs.map((input) => input.replace(/\?$/, '') as NameOf<I>);
    this.outputNames = outputs ?? ['y'];
    this.#single = outputs === undefined;
  }

  inputs<T>(items: readonly (T | undefined)[]): Named<I, T> {
    return Object.fromEntries(this.inputNames.map((key, i) => [key, items[i]])) as Named<I, T>;
  }

  outputs<T>(items: readonly T[]): Results<O, T> {
    const named = (): unknown =>
      Object.fromEntries(this.outputNames.map((key, i) => [key, items[i]]));
    return (this.#single ? items[0] : named()) as Results<O, T>;
  }

  types({ inputs, outputs }: NodeTypes): NamedTypes<I, O> {
    return { in: this.inputs(inputs), out: this.outputs(outputs) };
  }

  inputList<T>(named: Named<I, T>): (T | undefined)[] {
    return this.inputNames.map((key) => (named as Readonly<Record<string, T | undefined>>)[key]);
  }

  outputList<T>(results: Results<O, T>): T[] {
    if (this.#single) return [results as T];
    return this.outputNames.map((key) => (results as Readonly<Record<string, T>>)[key] as T);
  }
}

/** A primitive that knows its description, so that rules and passes see its operands by name. */
export interface NamedOp<
  I extends readonly string[],
  O extends readonly string[],
  A extends object,
> extends Op {
  readonly description: OpDescription<I, O, A>;
  readonly signature: Signature<I, O>;
}

/** Calling an op adds a node to the graph of its first operand. */
export type OpFunction<
  I extends readonly string[],
  O extends readonly string[],
  A extends object,
> = NamedOp<I, O, A> &
  (object extends A
    ? (...args: [...Positional<I, Value>, attrs?: A]) => Results<O, Value>
    : (...args: [...Positional<I, Value>, attrs: A]) => Results<O, Value>);

/**
 * Declares a primitive: its type rule, meaning, gradient rule and portable lowering in one place.
 * The result is a function over values, `silu(x)` or `conv(x, w, undefined, attrs)`.
 */
export function defineOp<
  const I extends readonly string[],
  A extends object = object,
  const O extends readonly string[] = readonly ['y'],
>(name: string, description: OpDescription<I, O, A>): OpFunction<I, O, A> {
  const signature = new Signature<I, O>(description);
  const { inputNames, outputNames } = signature;
  const { gradient } = description;
  const rules: Omit<NamedOp<I, O, A>, 'name'> = {
    description,
    signature,
    outputNames,
    traits: traitsOf(description.traits, signature),
    inputName: (index) => inputNames[index] ?? `input ${index}`,
    inferTypes: (inputs, attrs) =>
      signature.outputList(description.type(signature.inputs(inputs), attrs as A)),
    evaluate: (inputs, attrs, types) =>
      signature.outputList(
        description.reference(
          signature.inputs(inputs),
          attrs as A,
          signature.outputs(types.outputs),
        ),
      ),
    onnx: (b, inputs, attrs, types) =>
      signature.outputList(
        description.onnx(b, signature.inputs(inputs), attrs as A, signature.types(types)),
      ),
    ...(gradient && {
      gradient: (node: Node, grads: readonly (Value | undefined)[]) => {
        const grad = signature.outputs(grads) as PartialResults<O, Value>;
        const { inputs, outputs } = node;
        const made = gradient(
          signature.inputs(inputs),
          grad,
          node.attrs as A,
          signature.outputs(outputs),
        );
        return inputNames.map((key) => made[key]);
      },
    }),
  };

  const apply = (...args: unknown[]): Results<O, Value> => {
    const inputs = args.slice(0, inputNames.length) as (Value | undefined)[];
    const attrs = (args[inputNames.length] ?? {}) as Attributes;
    return signature.outputs(graphOf(name, inputs).add(op, inputs, attrs));
  };
  Object.defineProperty(apply, 'name', { value: name });
  const op = Object.assign(apply, rules) as unknown as OpFunction<I, O, A>;
  return op;
}

/** The traits of a primitive as those see them who have its operands by position. */
function traitsOf<I extends readonly string[], O extends readonly string[], A extends object>(
  { halves, passes, ...others }: OpDescription<I, O, A>['traits'],
  signature: Signature<I, O>,
): Traits {
  return {
    ...others,
    halves:
      typeof halves === 'function'
        ? (inputs, attrs) => halves(signature.inputs(inputs), attrs as A)
        : halves,
    ...(passes && { passes: (attrs: Attributes) => passes(attrs as A) }),
  };
}

function graphOf(name: string, inputs: readonly (Value | undefined)[]): Graph {
  const graph = inputs.find((input) => input !== undefined)?.graph;
  if (graph === undefined) throw new InternalError(`${name} has no inputs`, { code: 'internal' });
  return graph;
}

/** View of a node of one primitive: its operands by name, and its attributes with their types. */
export interface NodeView<I extends readonly string[], A extends object, T = Value> {
  readonly inputs: Named<I, T>;
  readonly attrs: A;
}

/** The view of a node of a known primitive. */
export type ViewOf<Op> = Op extends NamedOp<infer I, infer _, infer A> ? NodeView<I, A> : never;

/** A node as one of `op`, or undefined if it is of another; by its operands, or by what stands for them. */
export function viewOf<I extends readonly string[], O extends readonly string[], A extends object>(
  op: NamedOp<I, O, A>,
  node: Node | undefined,
): NodeView<I, A> | undefined;
export function viewOf<
  I extends readonly string[],
  O extends readonly string[],
  A extends object,
  T,
>(
  op: NamedOp<I, O, A>,
  node: Pick<Node, 'op' | 'attrs'> | undefined,
  inputs: readonly (T | undefined)[],
): NodeView<I, A, T> | undefined;
export function viewOf<I extends readonly string[], O extends readonly string[], A extends object>(
  op: NamedOp<I, O, A>,
  node: (Partial<Pick<Node, 'inputs'>> & Pick<Node, 'op' | 'attrs'>) | undefined,
  inputs: readonly unknown[] = node?.inputs ?? [],
): NodeView<I, A, unknown> | undefined {
  const other: Op | undefined = node?.op;
  if (node === undefined || other !== op) return undefined;
  return { inputs: op.signature.inputs(inputs), attrs: node.attrs as A };
}
