/*
 * Dinic's algorithm (Soviet Math. Dokl. 11, 1970): breadth-first levels, then augmenting paths
 * along them, until the sink is out of reach. What the source still reaches is its side of a
 * minimum cut. The path is walked without recursion, since a network may be thousands of nodes deep.
 */

/** A flow network whose minimum cut parts the source from the sink. */
export class MinCut {
  readonly #heads: number[] = [];
  readonly #capacity: number[] = [];
  /** Edges out of each node; edge e and its reverse e ^ 1 are neighbours. */
  readonly #edges: number[][] = [];

  /** Adds a node and returns its number. */
  node(): number {
    return this.#edges.push([]) - 1;
  }

  /** An edge that costs `forward` to cut from a to b, and `backward` from b to a. */
  edge(a: number, b: number, forward: number, backward = 0): void {
    this.#edges[a]?.push(this.#heads.length);
    this.#heads.push(b);
    this.#capacity.push(forward);
    this.#edges[b]?.push(this.#heads.length);
    this.#heads.push(a);
    this.#capacity.push(backward);
  }

  /** The nodes on the source's side of a minimum cut. */
  solve(source: number, sink: number): ReadonlySet<number> {
    for (;;) {
      const levels = this.#levels(source);
      if (levels[sink] === -1)
        return new Set(levels.flatMap((level, node) => (level === -1 ? [] : [node])));
      this.#saturate(source, sink, levels);
    }
  }

  /** Distance of each node from the source over edges with capacity left; -1 out of reach. */
  #levels(source: number): number[] {
    const levels = this.#edges.map(() => -1);
    levels[source] = 0;
    const queue = [source];
    for (const node of queue)
      for (const edge of this.#edges[node] ?? []) {
        const head = this.#heads[edge] ?? 0;
        if (levels[head] !== -1 || !this.#open(edge)) continue;
        levels[head] = (levels[node] ?? 0) + 1;
        queue.push(head);
      }
    return levels;
  }

  #open(edge: number): boolean {
    return (this.#capacity[edge] ?? 0) > 1e-9;
  }

  /** Pushes flow along paths of rising level until none is left. */
  #saturate(source: number, sink: number, levels: readonly number[]): void {
    const next = this.#edges.map(() => 0);
    const path: number[] = [];
    let node = source;
    for (;;) {
      if (node === sink) {
        this.#augment(path);
        path.length = 0;
        node = source;
        continue;
      }
      const edge = this.#edges[node]?.[next[node] ?? 0];
      if (edge === undefined) {
        // A dead end: step back, and do not come here again.
        const last = path.pop();
        if (last === undefined) return;
        node = this.#heads[last ^ 1] ?? source;
        next[node] = (next[node] ?? 0) + 1;
        continue;
      }
      const head = this.#heads[edge] ?? 0;
      if (this.#open(edge) && levels[head] === (levels[node] ?? 0) + 1) {
        path.push(edge);
        node = head;
      } else next[node] = (next[node] ?? 0) + 1;
    }
  }

  #augment(path: readonly number[]): void {
    const amount = Math.min(...path.map((edge) => this.#capacity[edge] ?? 0));
    for (const edge of path) {
      this.#capacity[edge] = (this.#capacity[edge] ?? 0) - amount;
      this.#capacity[edge ^ 1] = (this.#capacity[edge ^ 1] ?? 0) + amount;
    }
  }
}
