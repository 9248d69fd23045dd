import type { Opset } from '../../../generated/onnx/index.js';
import { InternalError } from '../../support/errors.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import type { Attributes, Graph, Node, Op, TensorType, Value } from './graph.js';
import type { NdArray } from './ndarray.js';

/*
 * A primitive is one object. `defineOp` takes its type rule, its meaning in float64, its gradient rule and its
 * portable lowering to ONNX, so a forgotten part is a type error, and a test fails if a primitive is missing
 * from the conformance table. The gradients of convolution, batch norm, pooling, SiLU and cross-entropy are
 * primitives themselves, so that a target can lower them in its own way.
 */

/** Value of an attribute. */
type Required<I extends readonly string[]> = Exclude<I[number], `${string}?`>;
type Optional<I extends readonly string[]> =
  Extract<I[number], `${string}?`> extends `${infer Base}?` ? Base : never;
/** A record over input names; a name that ends in `?` is optional. */
export type Named<I extends readonly string[], T> = { readonly [K in Required<I>]: T } & {
  readonly [K in Optional<I>]?: T | undefined;
};
type Positional<I extends readonly string[], T> = {
  [K in keyof I]: I[K] extends `${string}?` ? T | undefined : T;
};

/** A record for several outputs, the thing itself for one. */
type Results<O extends readonly string[], T> = O extends readonly [string]
  ? T
  : { readonly [K in O[number]]: T };
type PartialResults<O extends readonly string[], T> = O extends readonly [string]
  ? T
  : { readonly [K in O[number]]?: T | undefined };

export interface OpDescription<
  I extends readonly string[],
  O extends readonly string[],
  A extends object,
> {
  readonly inputs: I;
  /** Names of several outputs; leave out for one. */
  readonly outputs?: O;
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
  /** The portable spelling. */
  onnx(
    b: Opset,
    inputs: Named<I, OnnxValue>,
    attrs: A,
    types: { readonly in: Named<I, TensorType>; readonly out: Results<O, TensorType> },
  ): Results<O, OnnxValue>;
}

/** What a gradient rule returns: the gradient of each input that has one, by name. */
export type InputGrads = Readonly<Partial<Record<string, Value>>>;

/** Calling an op adds a node to the graph of its first operand. */
export type OpFunction<
  I extends readonly string[],
  O extends readonly string[],
  A extends object,
> = Op &
  (object extends A
    ? (...args: [...Positional<I, Value>, attrs?: A]) => Results<O, Value>
    : (...args: [...Positional<I, Value>, attrs: A]) => Results<O, Value>);

/**
 * Declares a primitive: its type rule, meaning, gradient rule and portable spelling in one place.
 * The result is a function over values, `silu(x)` or `conv(x, w, undefined, attrs)`.
 */
export function defineOp<
  const I extends readonly string[],
  A extends object = object,
  const O extends readonly string[] = readonly ['y'],
>(name: string, description: OpDescription<I, O, A>): OpFunction<I, O, A> {
  const inputNames = description.inputs.map((input) => input.replace(/\?$/, ''));
  const outputNames: readonly string[] = description.outputs ?? ['y'];
  const single = description.outputs === undefined;

  const byName = <T>(items: readonly (T | undefined)[]): Named<I, T> =>
    Object.fromEntries(inputNames.map((key, i) => [key, items[i]])) as Named<I, T>;
  const pack = <T>(items: readonly T[]): Results<O, T> =>
    (single
      ? items[0]
      : Object.fromEntries(outputNames.map((key, i) => [key, items[i]]))) as Results<O, T>;
  const unpack = <T>(result: Results<O, T>): T[] =>
    single
      ? [result as T]
      : outputNames.map((key) => (result as Readonly<Record<string, T>>)[key] as T);

  const { gradient } = description;
  const rules: Omit<Op, 'name'> = {
    outputNames,
    inputName: (index) => inputNames[index] ?? `input ${index}`,
    inferTypes: (inputs, attrs) => unpack(description.type(byName(inputs), attrs as A)),
    evaluate: (inputs, attrs, types) =>
      unpack(description.reference(byName(inputs), attrs as A, pack(types.outputs))),
    onnx: (b, inputs, attrs, types) =>
      unpack(
        description.onnx(b, byName(inputs), attrs as A, {
          in: byName(types.inputs),
          out: pack(types.outputs),
        }),
      ),
    ...(gradient && {
      gradient: (node: Node, grads: readonly (Value | undefined)[]) => {
        const grad = pack(grads) as PartialResults<O, Value>;
        const made = gradient(byName(node.inputs), grad, node.attrs as A, pack(node.outputs));
        return inputNames.map((key) => made[key]);
      },
    }),
  };

  const apply = (...args: unknown[]): Results<O, Value> => {
    const inputs = args.slice(0, inputNames.length) as (Value | undefined)[];
    const attrs = (args[inputNames.length] ?? {}) as Attributes;
    return pack(graphOf(name, inputs).add(op, inputs, attrs));
  };
  Object.defineProperty(apply, 'name', { value: name });
  const op = Object.assign(apply, rules) as unknown as OpFunction<I, O, A>;
  return op;
}

function graphOf(name: string, inputs: readonly (Value | undefined)[]): Graph {
  const graph = inputs.find((input) => input !== undefined)?.graph;
  if (graph === undefined)
    throw new InternalError(`${name} was applied to nothing`, { code: 'internal' });
  return graph;
}
