import type { Graph, Value } from '../ir/graph.js';
import { flattenTensors, unflattenTensors } from '../ops/flatten.js';
import { groupBy } from '../../support/groupBy.js';
import { sizeOf } from '../../support/shape.js';

/*
 * Small tensors are updated together. A node costs a runtime microseconds whatever it does, and an update is a
 * dozen nodes per tensor, so tensors that a target calls small (`joinBelow`) become one vector, in the graph
 * only: inputs, outputs, manifest and checkpoints know each by its name, and the bits are the same. A gradient
 * that is summed from a map for itself alone does not wait for the others, for the map would have to wait too;
 * and the joined update comes first in the graph, since onnxruntime begins with what comes last.
 */

/** Tensors on which each step does the same: a large one by itself, or many small ones as one vector. */
export interface Joined<T> {
  readonly members: readonly [T, ...T[]];
  /** One value of what each member has. */
  join(of: (member: T) => Value): Value;
  /** Splits a value of the whole into each member's part. */
  split(whole: Value): readonly (readonly [member: T, own: Value])[];
}

export interface JoinOptions<T> {
  /** Number of elements; 0 joins nothing. */
  readonly below: number;
  /** Only members of one kind are joined; default all. */
  readonly kind?: (member: T) => string;
  /** True if a member can wait for all others (default: true). */
  readonly canWait?: (member: T) => boolean;
}

/**
 * Groups tensors of fewer than `below` elements, and puts the groups first, then all others in their order.
 * Every node costs a runtime some microseconds whatever it does, which for most of a network's
 * tensors is more than the work on them.
 */
export function joinSmall<T extends { readonly value: Value }>(
  all: readonly T[],
  { below, kind = () => '', canWait = () => true }: JoinOptions<T>,
): Joined<T>[] {
  const isSmall = (member: T): boolean => isBelow(member.value, below) && canWait(member);
  const key = (member: T): string => `${member.value.dtype} ${kind(member)}`;
  const groups = [...groupBy(all.filter(isSmall), key).values()];
  const others = all.filter((member) => !isSmall(member)).map((member) => [member]);
  return [...groups, ...others].flatMap(([first, ...rest]) =>
    first ? [joined([first, ...rest])] : [],
  );
}

/**
 * Tells which gradients can wait for those of other layers. One that is summed from a map for
 * itself alone would keep that map in memory; not one that the backward pass computes anyway, or
 * from small values. If nothing is joined the graph is not examined.
 */
export function gradientsThatWait(graph: Graph, below: number): (grad: Value) => boolean {
  if (below === 0) return () => false;
  const read = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  return ({ producer }) =>
    producer === undefined ||
    producer.outputs.some((output) => read.has(output)) ||
    producer.inputs.every((input) => input === undefined || isBelow(input, below));
}

function isBelow({ shape }: Value, below: number): boolean {
  const size = sizeOf(shape);
  return typeof size === 'number' && size < below;
}

function joined<T extends { readonly value: Value }>(members: readonly [T, ...T[]]): Joined<T> {
  const [first, ...rest] = members;
  if (rest.length === 0)
    return { members, join: (of) => of(first), split: (whole) => [[first, whole]] };
  const shapes = members.map(({ value }) => value.shape);
  return {
    members,
    join: (of) => flattenTensors([of(first), ...rest.map(of)]),
    split: (whole) => {
      const parts = unflattenTensors(whole, shapes);
      return members.flatMap((member, i) => {
        const part = parts[i];
        return part ? [[member, part] as const] : [];
      });
    },
  };
}
