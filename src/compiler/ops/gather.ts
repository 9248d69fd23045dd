import { TypeFault, type Value } from '../ir/graph.js';
import { ndarray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import { formatShape, stridesOf } from '../../support/shape.js';
import { reduceSum } from './broadcast.js';
import { forEachIndex } from './reference.js';
import { padAxis, reshape } from './shape.js';

export interface GatherAttributes {
  readonly axis: number;
  /** Places along the axis, in any order and as often as they are named. */
  readonly indices: readonly number[];
}

/** Elements at constant places along one axis. */
export const gather = defineOp('gather', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'follows' },
  type: ({ x }, { axis, indices }: GatherAttributes) => {
    const size = x.shape[axis];
    const outside = indices.find((index) => !(index >= 0 && index < Number(size)));
    if (typeof size !== 'number' || indices.length === 0 || outside !== undefined)
      throw new TypeFault(
        'gather',
        `place ${outside ?? 'none'} on axis ${axis} of ${formatShape(x.shape)}`,
      );
    const length = indices.length;
    return { dtype: x.dtype, shape: x.shape.map((dim, i) => (i === axis ? length : dim)) };
  },
  reference: ({ x }, { axis, indices }, y) => {
    const out = ndarray(y.shape as readonly number[]);
    const strides = stridesOf(x.shape);
    forEachIndex(out.shape, (index, at) => {
      const from = index.reduce(
        (s, v, i) => s + (i === axis ? (indices[v] ?? NaN) : v) * (strides[i] ?? 0),
        0,
      );
      out.data[at] = x.data[from] ?? NaN;
    });
    return out;
  },
  gradient: ({ x }, dy, attrs): InputGrads => ({ x: gatherGrad(x, dy, attrs) }),
  onnx: (b, { x }, { axis, indices }) => b.Gather(x, b.ints(...indices), { axis }),
});

/**
 * dy summed at each place of x, by operators that every provider has: the places of dy that belong to one of x
 * are gathered side by side, as many as the most named one has, with a zero where there are fewer.
 */
function gatherGrad(x: Value, dy: Value, { axis, indices }: GatherAttributes): Value {
  const size = x.shape[axis] as number;
  const sources = Array.from({ length: size }, (): number[] => []);
  indices.forEach((place, i) => sources[place]?.push(i));
  const most = Math.max(...sources.map(({ length }) => length));
  const isFull = sources.every(({ length }) => length === most);
  const zero = indices.length;
  const filled = isFull ? dy : padAxis(dy, { axis, before: 0, after: 1 });
  const places = sources.flatMap((own) => Array.from({ length: most }, (_, i) => own[i] ?? zero));
  const rows = gather(filled, { axis, indices: places });
  if (most === 1) return rows;
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const groups = reshape(rows, { shape: [...before, size, most, ...after] });
  return reduceSum(groups, { axes: [axis + 1], keepDims: false });
}
