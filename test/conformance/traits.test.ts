import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/compiler/interpret/evaluate.js';
import { ndarray, type NdArray } from '../../src/compiler/ir/ndarray.js';
import type { Op } from '../../src/compiler/ir/graph.js';
import { elementwiseOps, primitives } from '../../src/compiler/ops/registry.js';
import { shapeEquals } from '../../src/support/shape.js';
import { instancesOf } from '../support/checkOp.js';
import type { OpInstance, OpTable } from '../support/opCase.js';
import { conformance } from './tables/index.js';

/** What joins, moves or reduces along axes: nothing is left to do where the shapes stay the same. */
const alike: readonly string[] = [
  ...['concat', 'expand', 'expandLike', 'flattenTensors', 'padAxis', 'reduceMax'],
  ...['reduceMaxGrad', 'reduceMean', 'reduceNorm', 'reduceSum', 'slice', 'split', 'transpose'],
  ...['unflattenTensors'],
];

const resultOf = (instance: OpInstance, feeds: ReadonlyMap<string, NdArray>): NdArray[] => [
  ...evaluate(instance.graph, feeds).values(),
];

/** The elements in another order, the same for all arrays of a size. */
function shuffled({ shape, data }: NdArray): NdArray {
  const order = Array.from(data, (_, i) => i).sort((i, j) => Math.sin(i) - Math.sin(j));
  return ndarray(
    shape,
    order.map((i) => data[i] ?? NaN),
  );
}

/** Instances of several elements whose operands all have the shape of the one result. */
function evenInstances(table: OpTable): OpInstance[] {
  return instancesOf({ ...table, noGradient: 'not needed' }, 'float64').filter(
    ({ feeds, results, graph }) =>
      results.length === 1 &&
      feeds.size > 0 &&
      [...feeds.values()].every(({ data }) => new Set(data).size > 1) &&
      graph.inputs.every(({ value }) => shapeEquals(value.shape, results[0]?.shape ?? [])),
  );
}

/** Whether shuffling all operands shuffles the result, wherever a table's shapes let that be asked. */
function isPointwise(table: OpTable): boolean | undefined {
  const instances = evenInstances(table);
  if (instances.length === 0) return undefined;
  return instances.every((instance) => {
    const turned = new Map([...instance.feeds].map(([name, x]) => [name, shuffled(x)]));
    const [wanted] = resultOf(instance, instance.feeds).map(shuffled);
    const [made] = resultOf(instance, turned);
    return wanted?.data.every((v, i) => Object.is(v, made?.data[i])) === true;
  });
}

const isElementwise = ({ traits }: Op): boolean => traits.elementwise !== false;

describe('the traits of a primitive', () => {
  it('are stated by each', () => {
    for (const { name, traits } of primitives) {
      expect(['total', 'partial', false], name).toContain(traits.elementwise);
      expect(['function', 'string'], name).toContain(typeof traits.halves);
    }
    expect(elementwiseOps.map(({ name }) => name)).toContain('gelu');
  });

  it('call element-wise what is, and nothing else', () => {
    const wrong = conformance.filter((table) => {
      const pointwise = isPointwise(table);
      return pointwise !== undefined && isElementwise(table.op) !== pointwise;
    });
    expect(wrong.map(({ op }) => op.name).sort()).toEqual(alike);
  });

  it('call total what gives finite results for finite operands', () => {
    for (const table of conformance.filter(({ op }) => isElementwise(op)))
      for (const instance of evenInstances(table)) {
        const extreme = (scale: number) =>
          new Map(
            [...instance.feeds].map(([name, { shape, data }]) => [
              name,
              ndarray(
                shape,
                data.map((_, i) => scale * ((i % 3) - 1)),
              ),
            ]),
          );
        const results = [extreme(0), extreme(1000)].flatMap((feeds) => resultOf(instance, feeds));
        const finite = results.every(({ data }) => data.every(Number.isFinite));
        expect(finite ? 'total' : 'partial', table.op.name).toBe(table.op.traits.elementwise);
      }
  });

  it('call commutative what gives the same bits when its operands change places', () => {
    for (const table of conformance.filter(({ op }) => op.traits.commutative)) {
      const instances = evenInstances(table).filter(({ feeds }) => feeds.size === 2);
      expect(instances.length, table.op.name).toBeGreaterThan(0);
      const same = instances.every((instance) => {
        const [a, b] = [...instance.feeds];
        if (!a || !b) return false;
        const swapped = new Map([
          [a[0], b[1]],
          [b[0], a[1]],
        ]);
        const [first] = resultOf(instance, instance.feeds);
        const [second] = resultOf(instance, swapped);
        return first?.data.every((v, i) => v === second?.data[i]) === true;
      });
      expect(same, table.op.name).toBe(true);
    }
  });

  it('name operands that there are', () => {
    for (const { name, traits, inputName } of primitives)
      for (const operand of [...(traits.wide ?? []), ...(traits.shapes ?? [])])
        expect(
          [0, 1, 2, 3, 4].map((i) => inputName(i)),
          name,
        ).toContain(operand);
  });
});
