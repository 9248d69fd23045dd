/** Values of a file whose batch lies anywhere, as values of ours whose batch is the first axis. */
import { shapeEquals, type Dim, type Shape } from '../../support/shape.js';
import type { PlainValue } from './plainGraph.js';

/** The axes of ours that an axis of the file's value joins, the slowest first; none for an axis of size 1. */
export type Group = readonly number[];

/** A value of ours, and a group for each axis of the file's value that it stands for. */
export interface View {
  readonly value: PlainValue;
  readonly axes: readonly Group[];
}

export function isBatchFirst([batch, ...sizes]: Shape): boolean {
  return (
    typeof batch === 'object' &&
    batch.factor === 1 &&
    sizes.every((size) => typeof size === 'number')
  );
}

/** A value that is as the file has it. */
export function wholeView(value: PlainValue): View {
  return { value, axes: value.shape.map((_, axis) => [axis]) };
}

export function isIdentity(axes: readonly Group[]): boolean {
  return axes.every((group, i) => group.length === 1 && group[0] === i);
}

/** True if the file's value is ours but for its name. */
export function isWhole({ value, axes }: View, { shape }: PlainValue): boolean {
  return isIdentity(axes) && shapeEquals(value.shape, shape);
}

export function sizesOf({ value }: View, group: Group): readonly number[] {
  return group.map((axis) => numberOf(value.shape[axis]));
}

/** Size of an axis; that of the batch is 0. */
export function numberOf(dim: Dim | undefined): number {
  return typeof dim === 'number' ? dim : 0;
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

/** A view in other sizes: what each axis of ours is split into, and the groups of the parts. */
export interface Regrouped {
  readonly shape: readonly Dim[];
  readonly axes: readonly Group[];
}

/** The groups of a Reshape to `to`; undefined if an axis would have to be taken apart otherwise. */
export function regrouped({ value, axes }: View, to: Shape): Regrouped | undefined {
  const parts = value.shape.map((): number[] => []);
  const queue = axes.flat().map((axis) => ({ axis, size: numberOf(value.shape[axis]) }));
  const taken = to.map((dim) => {
    const group: { axis: number; part: number }[] = [];
    let batch = typeof dim === 'object';
    let left = typeof dim === 'object' ? dim.factor : dim;
    while (left > 1 || batch) {
      const head = queue.shift();
      if (head === undefined || (head.size === 0 && !batch)) return undefined;
      const fits = head.size === 0 || left % head.size === 0;
      if (!fits && (left === 1 || head.size % left !== 0)) return undefined;
      const size = fits ? head.size : left;
      if (!fits) queue.unshift({ axis: head.axis, size: head.size / left });
      if (size === 0) batch = false;
      else left /= size;
      group.push({ axis: head.axis, part: parts[head.axis]?.push(size) ?? 0 });
    }
    return group;
  });
  const groups = taken.flatMap((group) => (group === undefined ? [] : [group]));
  if (groups.length < taken.length || queue.some(({ size }) => size !== 1)) return undefined;
  // Axes of size 1 that are left over join the last group.
  for (const { axis } of queue) groups.at(-1)?.push({ axis, part: parts[axis]?.push(1) ?? 0 });
  const starts = parts.map((_, axis) => parts.slice(0, axis).flat().length);
  return {
    shape: parts.flatMap((sizes, axis) =>
      sizes.map((size) => (size === 0 ? (value.shape[axis] ?? size) : size)),
    ),
    axes: groups.map((group) => group.map(({ axis, part }) => (starts[axis] ?? 0) + part - 1)),
  };
}
