import { describe, expect, it } from 'vitest';
import { MinCut } from '../../../src/compiler/targets/minCut.js';
import { uniform } from '../../../src/support/random.js';

type Edge = readonly [from: number, to: number, cost: number];

/** A random network over `size` nodes, 0 the source and 1 the sink. */
function randomEdges(size: number, seed: number): Edge[] {
  const numbers = uniform(size * size, seed, { site: 7, step: 0, sample: 0 });
  return Array.from(numbers).flatMap((u, i): Edge[] => {
    const [from, to] = [Math.floor(i / size), i % size];
    return from === to || u < 0.5 ? [] : [[from, to, Math.floor(u * 100)]];
  });
}

const costOf = (edges: readonly Edge[], inside: (node: number) => boolean): number =>
  edges.reduce((sum, [from, to, cost]) => sum + (inside(from) && !inside(to) ? cost : 0), 0);

describe('MinCut', () => {
  it('cuts as cheaply as the best of all parts', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const size = 7;
      const edges = randomEdges(size, seed);
      const cut = new MinCut();
      for (let i = 0; i < size; i++) cut.node();
      for (const [from, to, cost] of edges) cut.edge(from, to, cost);
      const chosen = cut.solve(0, 1);
      const parts = Array.from({ length: 2 ** (size - 2) }, (_, bits) =>
        costOf(edges, (node) => node === 0 || (node > 1 && ((bits >> (node - 2)) & 1) === 1)),
      );
      expect(chosen.has(0) && !chosen.has(1)).toBe(true);
      expect(costOf(edges, (node) => chosen.has(node))).toBe(Math.min(...parts));
    }
  });

  it('parts a chain of 20,000 nodes at its weakest edge', () => {
    const cut = new MinCut();
    const nodes = Array.from({ length: 20_000 }, () => cut.node());
    for (const node of nodes.slice(1)) cut.edge(node - 1, node, node === 777 ? 1 : 2);
    expect(cut.solve(0, nodes.length - 1).size).toBe(777);
  });
});
