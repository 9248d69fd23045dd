import { stepsSymbol } from '../../contract/steps.js';
import type { Graph, NamedValue } from '../ir/graph.js';
import type { GraphBuilder } from '../onnx/builder.js';
import { invariant } from '../../support/errors.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import type { Dim } from '../../support/shape.js';
import { tensorData } from '../../support/tensor.js';
import { lowerNodes, type LowerOptions } from './lower.js';

/*
 * Several training steps in one run, so that what they carry need not leave the device between them:
 * parameters, state and averages go in once and come out once; all else has an axis of steps in front.
 *
 * As a Loop, any number of steps may be run. Unrolled, the number is fixed and the graph grows with it;
 * it is there for a runtime that would move a loop's values to the host and back at each iteration.
 *
 * Several steps are a Loop around the same step. The lowered step becomes the body of a Loop whose carried
 * values are what outputs replace; whatever is given anew is gathered by the loop's counter from a stack. A run
 * of K steps is therefore the same nodes in the same order and gives the same bits. The runner
 * (`runtime/engine/severalSteps`) queues steps as one for a device does and runs what it has when asked.
 */

/** Options for making one graph of several steps. */
export interface StepsOptions extends Pick<LowerOptions, 'target' | 'onChoice'> {
  /** Steps of a run; of a Loop, the number that is meant. */
  readonly steps: number;
  readonly unrolled: boolean;
  /** The input that an output replaces in the next step; undefined for a result of the step alone. */
  replaces(output: string): string | undefined;
  /** True if an input is the same in every step although nothing replaces it. */
  isFixed(input: string): boolean;
}

/** The axis of steps, whose size only the caller of a Loop knows. */
const stepsDim: Dim = { symbol: stepsSymbol, factor: 1 };

/** A step's inputs and outputs by what becomes of them between steps. */
class StepInterface {
  readonly fixed: readonly NamedValue[];
  /** Inputs that `next` replace, in its order. */
  readonly carried: readonly NamedValue[];
  /** Inputs that are given anew for each step. */
  readonly given: readonly NamedValue[];
  readonly next: readonly NamedValue[];
  /** Outputs that each step has of its own. */
  readonly results: readonly NamedValue[];

  constructor(graph: Graph, { replaces, isFixed }: StepsOptions) {
    const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
    this.next = graph.outputs.filter(({ name }) => replaces(name) !== undefined);
    this.results = graph.outputs.filter(({ name }) => replaces(name) === undefined);
    this.carried = this.next.flatMap(({ name }) => inputs.get(replaces(name) ?? '') ?? []);
    const others = graph.inputs.filter((input) => !this.carried.includes(input));
    this.fixed = others.filter(({ name }) => isFixed(name));
    this.given = others.filter(({ name }) => !isFixed(name));
  }
}

/** Lowers a training step so that one run of the ONNX graph does several. */
export function lowerSteps(graph: Graph, builder: GraphBuilder, options: StepsOptions): void {
  const io = new StepInterface(graph, options);
  const declare = ({ name, value }: NamedValue, axes: readonly Dim[] = []): OnnxValue =>
    builder.input(name, value.dtype, [...axes, ...value.shape]);
  const axis = options.unrolled ? options.steps : stepsDim;
  const inputs = new Map(
    graph.inputs.map((input) => [
      input.value,
      declare(input, io.given.includes(input) ? [axis] : []),
    ]),
  );
  const all: Lowering = { graph, builder, options, io, inputs };
  const made = options.unrolled ? unroll(all) : loop(all);
  [...io.next, ...io.results].forEach(({ name, value }, i) => {
    const output = made[i];
    invariant(output, `the steps give ${name}`);
    const shape = i < io.next.length ? value.shape : [axis, ...value.shape];
    builder.output(output, name, value.dtype, shape);
  });
}

interface Lowering {
  readonly graph: Graph;
  readonly builder: GraphBuilder;
  readonly options: StepsOptions;
  readonly io: StepInterface;
  /** The inputs of the ONNX graph. */
  readonly inputs: ReadonlyMap<NamedValue['value'], OnnxValue>;
}

/** One step: the carried values before it and its index give those after it and its results. */
function step(
  { graph, builder, options, io, inputs }: Lowering,
  state: readonly OnnxValue[],
  index: OnnxValue,
): { readonly next: readonly OnnxValue[]; readonly results: readonly OnnxValue[] } {
  const own = new Map(inputs);
  io.carried.forEach(({ value }, i) => {
    const current = state[i];
    if (current) own.set(value, current);
  });
  for (const { name, value } of io.given) {
    const stacked = inputs.get(value);
    invariant(stacked, `${name} is an input`);
    own.set(
      value,
      builder.at({ name: `step/${name}` }, () => builder.b.Gather(stacked, index, { axis: 0 })),
    );
  }
  const outputs = new Map(
    lowerNodes(graph, builder, own, options).map(({ name, made }) => [name, made]),
  );
  const valuesOf = (names: readonly NamedValue[]): OnnxValue[] =>
    names.flatMap(({ name }) => outputs.get(name) ?? []);
  return { next: valuesOf(io.next), results: valuesOf(io.results) };
}

function carriedInputs({ io, inputs }: Lowering): OnnxValue[] {
  return io.carried.flatMap(({ value }) => inputs.get(value) ?? []);
}

function loop(all: Lowering): OnnxValue[] {
  const { builder, io, inputs } = all;
  const { b } = builder;
  const [first] = io.given;
  const stacked = first && inputs.get(first.value);
  invariant(stacked, 'a step is given something');
  const number = (value: number) => b.constant(tensorData('int64', [], [value]));
  const trips = builder.at({ name: 'steps' }, () => b.Gather(b.Shape(stacked), number(0)));
  const formals = [
    { name: 'index', dtype: 'int64', shape: [] },
    { name: 'go_on', dtype: 'bool', shape: [] },
    ...io.carried.map(({ name, value: { dtype, shape } }) => ({ name, dtype, shape })),
  ] as const;
  // Shapes and axes belong to the host: as constants of the body they need not go there in each step.
  const body = b.subgraph(
    'step',
    formals,
    (index, goOn, ...state) => {
      const { next, results } = step(all, state, index);
      return [goOn, ...next, ...results];
    },
    { ownConstants: true },
  );
  const count = io.next.length + io.results.length;
  return b.Loop(trips, null, carriedInputs(all), { body }, count);
}

function unroll(all: Lowering): OnnxValue[] {
  const { builder, options, io } = all;
  const { b } = builder;
  let state = carriedInputs(all);
  const results: OnnxValue[][] = io.results.map(() => []);
  for (let i = 0; i < options.steps; i++) {
    const made = step(all, state, b.constant(tensorData('int64', [], [i])));
    state = [...made.next];
    made.results.forEach((result, j) => results[j]?.push(b.Unsqueeze(result, b.ints(0))));
  }
  return [...state, ...results.map((rows) => b.Concat(rows, { axis: 0 }))];
}
