import type { GraphValue, PendingNode } from './scope.js';

/** The Reshape nodes of a graph, so that no two of them do the same. */
export class Reshapes {
  readonly #sources = new Map<GraphValue, GraphValue>();
  readonly #made = new Map<GraphValue, Map<GraphValue, GraphValue>>();

  /** Where the elements of an operand came from: what it was reshaped from, if only its elements count. */
  source(operand: GraphValue, { constant: shape }: GraphValue): GraphValue {
    // A size of 0 is taken from the operand.
    const isWhole = shape !== undefined && !Array.from(shape.data, Number).includes(0);
    return (isWhole ? this.#sources.get(operand) : undefined) ?? operand;
  }

  find(source: GraphValue, shape: GraphValue): GraphValue | undefined {
    return this.#made.get(source)?.get(shape);
  }

  note(source: GraphValue, shape: GraphValue, made: GraphValue): void {
    this.#sources.set(made, source);
    const known = this.#made.get(source) ?? new Map<GraphValue, GraphValue>();
    this.#made.set(source, known.set(shape, made));
  }
}

/** Those of some nodes that are no Reshape whose result nobody reads, since its readers were given the source. */
export function withoutIdleReshapes(
  nodes: readonly PendingNode[],
  isRead: (value: GraphValue) => boolean,
): readonly PendingNode[] {
  return nodes.filter(({ opType, outputs }) => opType !== 'Reshape' || outputs.some(isRead));
}
