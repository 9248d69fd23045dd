import { grad } from '../../src/compiler/autodiff/grad.js';
import { type AttributeValue, Graph, type Op, type Value } from '../../src/compiler/ir/graph.js';
import { ndarray, type NdArray } from '../../src/compiler/ir/ndarray.js';
import { reduceSum } from '../../src/compiler/ops/broadcast.js';
import { add, mul } from '../../src/compiler/ops/elementwise.js';
import { dtypes, type DType } from '../../src/support/dtype.js';
import { invariant } from '../../src/support/errors.js';
import { fnv1a32 } from '../../src/support/hash.js';
import { formatShape, type Shape } from '../../src/support/shape.js';
import { gaussian, type Draw } from './draw.js';

/** An operand of a case: its shape, or more where it is not normal float32 numbers. */
export type Operand = Shape | OperandSpec;

interface OperandSpec {
  readonly shape: Shape;
  /** Makes its values; normal numbers unless told. */
  readonly draw?: Draw;
  /** float32 unless told. */
  readonly dtype?: DType;
  /** It has no gradient, by the op's definition. */
  readonly fixed?: boolean;
}

/** One row of an op's table; shapes and attributes may name the symbolic batch, `batchDim`. */
export interface OpCase {
  readonly in: Readonly<Record<string, Operand>>;
  readonly attrs?: object;
  /** Shape of the first result, where the table states it. */
  readonly result?: Shape;
}

/** The rows of an op. */
export interface OpTable {
  readonly op: Op;
  readonly cases: readonly OpCase[];
  /** Why it has no gradient rule. */
  readonly noGradient?: string;
  /** Outputs that gradients flow from; all of a floating type unless told. */
  readonly differentiable?: readonly string[];
  /** An operand that the results are linear in: the gradient operators are, in dy. */
  readonly linearIn?: string;
}

/** How a case's batch is declared and fed. */
interface BatchMode {
  readonly symbolic: boolean;
  readonly size: number;
}

const batchModes: readonly BatchMode[] = [
  { symbolic: false, size: 2 },
  { symbolic: false, size: 1 },
  { symbolic: true, size: 1 },
  { symbolic: true, size: 2 },
];

interface Gradients {
  /** Names of the operands that have a gradient, and of their gradients among the outputs. */
  readonly gradients: readonly { readonly input: string; readonly output: string }[];
  /** Names of the results that gradients flow from, each with the input that is its gradient. */
  readonly resultGrads: ReadonlyMap<string, string>;
}

/** A case made concrete: a graph that computes the op and its gradients, and what to feed it. */
export interface OpInstance extends Gradients {
  readonly label: string;
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<string, NdArray>;
  readonly results: readonly Value[];
  /** Shape that the table states for the first result. */
  readonly wanted: Shape | undefined;
}

/** The modes in which a case differs. */
export function modesOf({ in: operands, attrs = {} }: OpCase): readonly BatchMode[] {
  return format([operands, attrs]).includes('"symbol"') ? batchModes : batchModes.slice(0, 1);
}

function format(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint' ? String(item) : item,
  );
}

export function specOf(operand: Operand): OperandSpec {
  return 'shape' in operand ? operand : { shape: operand };
}

/** Replaces the batch in shapes and attributes: by its size, or by a symbol of this instance. */
function bindBatch<T extends AttributeValue>(
  value: T,
  { symbolic, size }: BatchMode,
  id: string,
): T {
  const bind = (item: AttributeValue): AttributeValue => {
    if (isList(item)) return item.map(bind);
    if (typeof item !== 'object' || !('symbol' in item)) return item;
    return symbolic ? { symbol: `N${id}`, factor: item.factor } : item.factor * size;
  };
  return bind(value) as T;
}

const isList = (value: AttributeValue): value is readonly AttributeValue[] => Array.isArray(value);

/** Builds an instance; names start with `id`, so that instances can share a model. */
export function instantiate(
  table: OpTable,
  opCase: OpCase,
  mode: BatchMode,
  id: string,
  dtype: 'float32' | 'float64',
): OpInstance {
  const { op, noGradient } = table;
  const program = new Program(new Graph(id), op.name, mode);
  const operands = Object.entries(opCase.in).map(([name, operand], i) => {
    invariant(op.inputName(i) === name, `operand ${i} of ${op.name} is ${op.inputName(i)}`);
    const spec = specOf(operand);
    const differentiable = !spec.fixed && dtypes[spec.dtype ?? dtype].floating;
    return { name, differentiable, value: program.declare(name, { dtype, ...spec }) };
  });
  const attrs = Object.entries(opCase.attrs ?? {}).map(
    ([key, value]) => [key, bindBatch(value as AttributeValue, mode, id)] as const,
  );
  const { graph, feeds } = program;
  const values = operands.map(({ value }) => value);
  const results = graph.add(op, values, Object.fromEntries(attrs));
  results.forEach((result, i) => {
    graph.output(`${id}.${outputName(op, i)}`, result);
  });
  const label = describeCase(opCase, mode);
  const wrt = operands.filter(({ differentiable }) => differentiable);
  const made = noGradient === undefined ? program.addGradients(table, results, wrt) : noGradients;
  const wanted = opCase.result && bindBatch(opCase.result, mode, id);
  return { label, graph, feeds, results, wanted, ...made };
}

/** The name of a result; of an op whose number of results is free, a number beyond the first. */
const outputName = (op: Op | undefined, index: number): string =>
  op?.outputNames[index] ?? `y${index}`;

const noGradients: Gradients = { gradients: [], resultGrads: new Map() };

/** An instance under construction. */
class Program {
  readonly feeds = new Map<string, NdArray>();

  constructor(
    readonly graph: Graph,
    private readonly opName: string,
    private readonly mode: BatchMode,
  ) {}

  /** An input of the graph with its values. */
  declare(name: string, { shape, dtype = 'float32', draw = gaussian }: OperandSpec): Value {
    const id = this.graph.name;
    const concrete = bindBatch(shape, { ...this.mode, symbolic: false }, id) as readonly number[];
    const size = concrete.reduce((a, b) => a * b, 1);
    const stream = { site: fnv1a32(`${this.opName}.${name}`), step: size, sample: 0 };
    this.feeds.set(`${id}.${name}`, ndarray(concrete, draw(size, stream).map(Math.fround)));
    return this.graph.input(`${id}.${name}`, dtype, bindBatch(shape, this.mode, id));
  }

  /** Gradients of the sum of the results' products with an input each, `dy`. */
  addGradients(
    { differentiable }: OpTable,
    results: readonly Value[],
    wrt: readonly { readonly name: string; readonly value: Value }[],
  ): Gradients {
    const { name: id } = this.graph;
    const resultGrads = new Map<string, string>();
    const terms = results.flatMap((result) => {
      const name = outputName(result.producer?.op, result.outputIndex);
      if (!(differentiable?.includes(name) ?? dtypes[result.dtype].floating)) return [];
      // An operand may be called dy itself.
      const taken = this.graph.findInput(`${id}.d${name}`) !== undefined;
      const input = taken ? `dd${name}` : `d${name}`;
      const dy = this.declare(input, { shape: result.shape, dtype: result.dtype });
      resultGrads.set(`${id}.${name}`, `${id}.${input}`);
      const axes = result.shape.map((_, axis) => axis);
      return [reduceSum(mul(result, dy), { axes, keepDims: false })];
    });
    const loss = terms.reduce((sum, term) => add(sum, term));
    const grads = grad(
      this.graph,
      loss,
      wrt.map(({ value }) => value),
    );
    const gradients = wrt.map(({ name }, i) => {
      const value = grads[i];
      invariant(value, `${this.opName} gives no gradient of ${name}`);
      this.graph.output(`${id}.grad_${name}`, value);
      return { input: `${id}.${name}`, output: `${id}.grad_${name}` };
    });
    return { gradients, resultGrads };
  }
}

function describeCase({ in: operands, attrs }: OpCase, { symbolic, size }: BatchMode): string {
  const shapes = Object.entries(operands).map(
    ([name, operand]) => `${name} ${formatShape(specOf(operand).shape)}`,
  );
  const batch = symbolic ? `a dynamic batch fed with ${size}` : `batch ${size}`;
  return `${shapes.join(', ')} ${format(attrs ?? {})} at ${batch}`;
}
