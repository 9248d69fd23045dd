import type { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { OpsetVersion } from '../../generated/onnx/index.js';
import { evaluate } from '../../src/compiler/interpret/evaluate.js';
import type { Graph, Op } from '../../src/compiler/ir/graph.js';
import { verifyGraph } from '../../src/compiler/ir/verify.js';
import { verifyModel } from '../../src/compiler/onnx/verify.js';
import { portable, type Target } from '../../src/compiler/targets/target.js';
import { differencesOf } from './differences.js';
import { instantiate, modesOf, type OpCase, type OpInstance, type OpTable } from './opCase.js';
import { openSession, runSession, type Feed } from './runOnnx.js';
import { spell } from './spell.js';
import { relativeError, tolerances } from './tolerances.js';

/** The opsets that onnxruntime-node 1.29.0 runs. */
const opsets: readonly OpsetVersion[] = [17, 18, 19, 20, 21, 22, 23, 24];

/**
 * Tests an op on a table of cases: its type rule against its meaning, its gradient rule against
 * central differences in float64, and the spelling of both in ONNX, run in float32, against them.
 */
export function checkOp(
  op: Op,
  cases: readonly OpCase[],
  options: Omit<OpTable, 'op' | 'cases'> = {},
): void {
  const table: OpTable = { op, cases, ...options };
  describe(op.name, () => {
    it('infers the types that its reference has', () => {
      for (const instance of instancesOf(table, 'float64')) expectTypes(instance);
    });
    if (table.noGradient === undefined)
      it('has the gradient of central differences', () => {
        const forward = instancesOf({ ...table, noGradient: 'not needed' }, 'float64');
        instancesOf(table, 'float64').forEach((instance, i) => {
          expectGradients(instance, forward[i]?.graph ?? instance.graph);
        });
      });
    else
      it(`has no gradient rule: ${table.noGradient}`, () => {
        expect(op.gradient).toBeUndefined();
      });
    const { linearIn } = table;
    if (linearIn !== undefined)
      it(`is linear in ${linearIn}`, () => {
        for (const instance of instancesOf({ ...table, noGradient: 'not needed' }, 'float64'))
          expectLinear(instance, linearIn);
      });
    checkSpelling(table, portable);
  });
}

/** Where a spelling runs; the CPU provider unless told. */
interface Provider {
  readonly session?: InferenceSession.SessionOptions;
  /** Leaves out what the provider cannot hold. */
  takes?(instance: OpInstance): boolean;
}

/**
 * Tests a target's spelling of an op and of its gradients against their reference: in every batch
 * mode at the lowest opset, the default one and a sole one, in the last mode at the others.
 */
export function checkSpelling(
  table: OpTable,
  target: Target,
  versions: readonly OpsetVersion[] = opsets,
  { session: options, takes = () => true }: Provider = {},
): void {
  it.each(versions)(`runs in ${target.name} ONNX at opset %i`, async (opset) => {
    const whole = opset === 17 || opset === 21 || versions.length === 1;
    const open = instancesOf(table, 'float32', whole ? undefined : 1).filter(takes);
    const instances = target.staticBatchOnly ? open.filter(hasStaticBatch) : open;
    expect(instances.length).toBeGreaterThan(0);
    const graphs = instances.map(({ graph }) => graph);
    const model = spell(table.op.name, opset, graphs, target);
    expect(verifyModel(model)).toEqual([]);
    const session = await openSession(model, options);
    const results = await runSession(session, feedsOf(instances));
    await session.release();
    for (const { label, graph, feeds } of instances)
      for (const [name, wanted] of evaluate(graph, feeds)) {
        const result = results.get(name);
        expect(result?.shape, `${name} of ${label}`).toEqual(wanted.shape);
        const exact = graph.outputs.some((output) => output.name === name && isExact(output.value));
        const error = relativeError(result?.data ?? [], wanted.data);
        const message = `${name} of ${label} is off by ${error}`;
        expect(error, message).toBeLessThanOrEqual(exact ? 0 : tolerances.float32);
      }
  });
}

const hasStaticBatch = ({ graph }: OpInstance): boolean =>
  graph.inputs.every(({ value }) => value.shape.every((dim) => typeof dim === 'number'));

const isExact = ({ dtype }: { readonly dtype: string }): boolean => !dtype.startsWith('float');

/** Every case in every batch mode, or in the last `modes` of them. */
export function instancesOf(
  table: OpTable,
  dtype: 'float32' | 'float64',
  modes = Infinity,
): OpInstance[] {
  return table.cases.flatMap((opCase, i) =>
    modesOf(opCase)
      .slice(-modes)
      .map((mode, j) => instantiate(table, opCase, mode, `c${i}_${j}`, dtype)),
  );
}

function feedsOf(instances: readonly OpInstance[]): Map<string, Feed> {
  const all = instances.flatMap(({ graph, feeds }) =>
    graph.inputs.flatMap(({ name, value }) => {
      const fed = feeds.get(name);
      return fed ? [[name, { dtype: value.dtype, value: fed }] as const] : [];
    }),
  );
  return new Map(all);
}

/** The graph is well formed, and each shape of a value fits what the interpreter computes. */
function expectTypes({ label, graph, feeds, results, wanted }: OpInstance): void {
  verifyGraph(graph);
  if (wanted !== undefined) expect(results[0]?.shape, label).toEqual(wanted);
  const values = evaluate(graph, feeds);
  for (const { name, value } of graph.outputs) {
    const computed = values.get(name);
    const fits = value.shape.map((dim, i) => (typeof dim === 'number' ? dim : computed?.shape[i]));
    expect(computed?.shape, `${name} of ${label}`).toEqual(fits);
    expect(computed?.data.length).toBe(computed?.shape.reduce((a, b) => a * b, 1));
  }
}

/** `forward` computes the same results without gradients, which is quicker. */
function expectGradients(instance: OpInstance, forward: Graph): void {
  const analytic = evaluate(instance.graph, instance.feeds);
  for (const { input, output } of instance.gradients) {
    const gradient = analytic.get(output);
    expect(gradient?.shape, output).toEqual(instance.feeds.get(input)?.shape);
    const { rule, differences } = differencesOf(instance, forward, input, gradient?.data ?? []);
    const error = relativeError(rule, differences);
    const message = `gradient of ${input} of ${instance.label} is off by ${error}`;
    expect(error, message).toBeLessThan(tolerances.finiteDifferences);
  }
}

/** f(2 * dy1 + dy2) = 2 * f(dy1) + f(dy2), with dy2 a rotation of dy1. */
function expectLinear({ label, graph, feeds }: OpInstance, operand: string): void {
  const name = `${graph.name}.${operand}`;
  const first = feeds.get(name);
  expect(first, `${operand} of ${label}`).toBeDefined();
  if (!first) return;
  const rotated = first.data.map((_, i) => first.data[(i + 1) % first.data.length] ?? NaN);
  const at = (data: Float64Array) =>
    evaluate(graph, new Map(feeds).set(name, { shape: first.shape, data }));
  const sum = at(first.data.map((v, i) => 2 * v + (rotated[i] ?? NaN)));
  const [one, two] = [at(first.data), at(rotated)];
  for (const [output, { data }] of sum) {
    const [a, b] = [one.get(output)?.data, two.get(output)?.data];
    const parts = data.map((_, i) => 2 * (a?.[i] ?? NaN) + (b?.[i] ?? NaN));
    expect(relativeError(data, parts), label).toBeLessThan(tolerances.float64);
  }
}
