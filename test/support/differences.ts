import { evaluate } from '../../src/compiler/interpret/evaluate.js';
import type { Graph } from '../../src/compiler/ir/graph.js';
import { uniform } from '../../src/support/random.js';
import type { OpInstance } from './opCase.js';
import { differenceStep } from './tolerances.js';

/** Most elements of an operand that are moved one by one; beyond, as many are drawn. */
const mostElements = 24;

/**
 * Derivatives of sum(result * dy) by central differences, and what the gradient rule says of them:
 * along single elements, and along one random direction through all of them, so that a fault in an
 * element that was not drawn shows too.
 */
export function differencesOf(
  instance: OpInstance,
  forward: Graph,
  input: string,
  gradient: ArrayLike<number>,
): { rule: number[]; differences: number[] } {
  const fed = instance.feeds.get(input);
  if (fed === undefined) return { rule: [NaN], differences: [NaN] };
  const { shape, data } = fed;
  const derivative = (direction: Float64Array): number => {
    const at = (step: number) =>
      resultsAt(instance, forward, input, {
        shape,
        data: data.map((v, i) => v + step * (direction[i] ?? 0)),
      });
    const [up, down] = [at(differenceStep), at(-differenceStep)];
    return up.reduce((sum, v, i) => sum + (v - (down[i] ?? NaN)), 0) / (2 * differenceStep);
  };
  const directions = chooseElements(data.length).map((element) =>
    Float64Array.from(data, (_, i) => (i === element ? 1 : 0)),
  );
  const stream = { site: 1, step: 0, sample: 0 };
  // At most 1 long in every element, so that a direction crosses no kink either.
  directions.push(uniform(data.length, 7, stream).map((u) => 2 * u - 1));
  return {
    rule: directions.map((d) => d.reduce((sum, v, i) => sum + v * (gradient[i] ?? NaN), 0)),
    differences: directions.map(derivative),
  };
}

function chooseElements(count: number): number[] {
  if (count <= mostElements) return Array.from({ length: count }, (_, i) => i);
  const draws = uniform(mostElements, 11, { site: count, step: 0, sample: 0 });
  return Array.from(draws, (u) => Math.floor(u * count));
}

/** The products result * dy, element by element: their differences lose less than those of the sum. */
function resultsAt(
  { feeds, resultGrads }: OpInstance,
  graph: Graph,
  input: string,
  moved: { shape: readonly number[]; data: Float64Array },
): number[] {
  const values = evaluate(graph, new Map(feeds).set(input, moved));
  return [...resultGrads].flatMap(([result, dy]) => {
    const weights = feeds.get(dy)?.data ?? [];
    return Array.from(values.get(result)?.data ?? [], (v, i) => v * (weights[i] ?? NaN));
  });
}
