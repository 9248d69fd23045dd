import type { TensorData } from '../../support/tensor.js';

/** A value that may be a constant. */
interface Operand {
  readonly constant?: TensorData;
}

/** The Reshape nodes of a graph, so that no two of them do the same. */
export class Reshapes<V extends Operand> {
  readonly #sources = new Map<V, V>();
  readonly #made = new Map<V, Map<V, V>>();

  /**
   * Source of an operand's elements: the value it was reshaped from, if only its elements count.
   */
  source(operand: V, { constant: shape }: V): V {
    // A size of 0 is taken from the operand.
    const isWhole = shape !== undefined && !Array.from(shape.data, Number).includes(0);
    return (isWhole ? this.#sources.get(operand) : undefined) ?? operand;
  }

  find(source: V, shape: V): V | undefined {
    return this.#made.get(source)?.get(shape);
  }

  note(source: V, shape: V, made: V): void {
    this.#sources.set(made, source);
    const known = this.#made.get(source) ?? new Map<V, V>();
    this.#made.set(source, known.set(shape, made));
  }
}

/** Drops Reshape nodes that have no readers left, since their readers were given the source. */
export function withoutIdleReshapes<
  N extends { readonly opType: string; readonly outputs: readonly Operand[] },
>(nodes: readonly N[], isRead: (value: N['outputs'][number]) => boolean): readonly N[] {
  return nodes.filter(({ opType, outputs }) => opType !== 'Reshape' || outputs.some(isRead));
}
