import { shapeEquals } from '../../../support/shape.js';
import type { Argument } from '../network.js';
import {
  Refusal,
  sampleAxis,
  sampleShape,
  weight,
  type Emit,
  type ImportRule,
  type ImportRules,
  type NodeReader,
} from './rule.js';

/** Any operator that only gives a sample another shape. */
const reshaped: ImportRule = (node, emit) => {
  const [from, to] = [node.value(0), node.output];
  if (shapeEquals(from.shape, to.shape)) return node.x();
  const shape = sampleShape(to);
  sampleShape(from);
  return shape.length === 1
    ? emit('flatten', [node.x()])
    : emit('reshape', [node.x(), { literal: [...shape] }]);
};

export const shapeRules: ImportRules = {
  Flatten: reshaped,
  Reshape: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,

  Concat(node, emit) {
    const axis = sampleAxis(node.int('axis', 1), node.output.shape);
    const values = node.node.operands.map((_, i) => node.value(i));
    if (values.length === 1) return node.x();
    const refs = values.map((_, i) => refOf(node.x(i)));
    return emit('concat', [{ refs }], { options: { axis: axis === 1 ? undefined : axis } });
  },

  Slice(node, emit) {
    const { shape } = node.value(0);
    const numbers = ['starts', 'ends', 'axes', 'steps'].map((name, i) => node.numbers(i + 1, name));
    const [starts = [], ends = [], axes = starts.map((_, i) => i), steps = []] = numbers;
    return starts.reduce<Argument>((x, start, i) => {
      const size = shape[axes[i] ?? 0];
      const [end = 0, step = 1] = [ends[i], steps[i]];
      if (typeof size !== 'number') {
        if (start === 0 && step === 1 && end > 2 ** 30) return x;
        throw new Refusal('it works along the batch');
      }
      const axis = sampleAxis(axes[i] ?? 0, shape);
      return taken(emit, x, axis, size, placesOf(size, start, end, step));
    }, node.x());
  },

  Split(node, emit) {
    const { shape } = node.value(0);
    const axis = sampleAxis(node.int('axis', 0), shape);
    const sizes = node.numbers(1, 'sizes') ?? [];
    const size = sizes.reduce((a, b) => a + b, 0);
    let start = 0;
    const each = sizes.map((part) => {
      const end = start + part;
      const x = sliced(emit, node.x(), { axis, start, end, size });
      start = end;
      return x;
    });
    return { each };
  },

  Gather(node, emit) {
    const { shape } = node.value(0);
    const axis = sampleAxis(node.int('axis', 0), shape);
    const size = shape[axis];
    const indices = node.numbers(1, 'indices') ?? [];
    if (typeof size !== 'number') throw new Refusal('it works along the batch');
    const places = indices.map((index) => (index < 0 ? index + size : index));
    const x = taken(emit, node.x(), axis, size, places);
    const { shape: out } = node.output;
    if (out.length === shape.length) return x;
    return emit('reshape', [x, { literal: [...sampleShape(node.output)] }]);
  },

  Tile(node, emit) {
    const repeats = node.numbers(1, 'repeats') ?? [];
    if (repeats[0] !== 1) throw new Refusal('it repeats the batch');
    return repeats.reduce<Argument>((x, times, axis) => {
      if (times === 1) return x;
      const refs = Array.from({ length: times }, () => refOf(x));
      return emit('concat', [{ refs }], { options: { axis: axis === 1 ? undefined : axis } });
    }, node.x());
  },

  Expand(node, emit) {
    const shape = [...sampleShape(node.output)];
    if (node.isValue(0)) return emit('expand', [node.x()], { options: { shape } });
    const constant = node.constant(0, 'constant');
    const { tensor } = constant;
    const [batch, ...sample] = tensor.shape;
    if (tensor.dtype !== 'float32' || batch !== 1 || sample.length !== shape.length)
      throw new Refusal(`it repeats a constant ${tensor.dtype}[${tensor.shape.join()}]`);
    const other = node.x(1);
    const token = emit('parameter', [other], {
      options: { shape: [...tensor.shape], init: { group: { kind: 'zeros' } } },
      weights: [weight('', constant)],
    });
    return emit('expand', [token, { ref: refOf(other), option: 'batchOf' }], {
      options: { shape: sample.join() === shape.join() ? undefined : shape },
    });
  },

  DepthToSpace(node, emit) {
    const size = node.int('blocksize', 1);
    const [channels = 1, height = 1, width = 1] = sampleShape(node.value(0));
    const kept = channels / (size * size);
    const byColumns = node.text('mode', 'DCR') === 'CRD';
    const parts = byColumns ? [kept, size, size] : [size, size, kept];
    const order = byColumns ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
    const split = emit('reshape', [node.x(), { literal: [...parts, height, width] }]);
    const turned = emit('transpose', [split, { literal: order }]);
    return emit('reshape', [turned, { literal: [kept, height * size, width * size] }]);
  },

  Transpose(node, emit) {
    const order = node.ints('perm') ?? [];
    if (order[0] !== 0) throw new Refusal('it moves the batch from the first axis');
    return emit('transpose', [node.x(), { literal: [...order] }]);
  },

  Pad(node, emit) {
    const mode = node.text('mode', 'constant');
    if (mode !== 'constant') throw new Refusal(`it pads by ${mode}`);
    if ((node.scalar(2, 'value') ?? 0) !== 0)
      throw new Refusal('it pads with other numbers than 0');
    const rank = node.value(0).shape.length;
    const pads = node.numbers(1, 'pads') ?? [];
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    return axes.reduce<Argument>(
      (x, axis) => padAxis(node, emit, x, axis, pads[axis] ?? 0, pads[axis + rank] ?? 0),
      node.x(),
    );
  },
};

/** Elements `start` to `end` along an axis. */
function sliced(
  emit: Emit,
  x: Argument,
  {
    axis,
    start,
    end,
    size,
    step = 1,
  }: { axis: number; start: number; end: number; size: number; step?: number },
): Argument {
  if (start === 0 && end === size && step === 1) return x;
  return emit('slice', [x], {
    options: {
      axis: axis === 1 ? undefined : axis,
      start: start === 0 ? undefined : start,
      end: end === size ? undefined : end,
      step: step === 1 ? undefined : step,
    },
  });
}

/** The places that a Slice takes along an axis. */
function placesOf(size: number, start: number, end: number, step: number): number[] {
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const places: number[] = [];
  if (step > 0) for (let i = Math.max(0, from); i < Math.min(size, to); i += step) places.push(i);
  else
    for (let i = Math.min(size - 1, from); i > Math.max(-1, end < -size ? -1 : to); i += step)
      places.push(i);
  return places;
}

/** Elements at places along an axis, as a slice where they rise by one step. */
function taken(
  emit: Emit,
  x: Argument,
  axis: number,
  size: number,
  places: readonly number[],
): Argument {
  const [start = 0, second = start + 1] = places;
  const step = second - start;
  const regular = step > 0 && places.every((place, i) => place === start + i * step);
  if (places.length === 0) throw new Refusal('it takes nothing');
  if (regular) {
    const last = (places.at(-1) ?? start) + 1;
    const end = step > 1 && last + step > size ? size : last;
    return sliced(emit, x, { axis, start, end, size, step });
  }
  return emit('gather', [x], {
    options: { axis: axis === 1 ? undefined : axis, indices: [...places] },
  });
}

function padAxis(
  node: NodeReader,
  emit: Emit,
  x: Argument,
  axis: number,
  before: number,
  after: number,
): Argument {
  if (before === 0 && after === 0) return x;
  if (before < 0 || after < 0) throw new Refusal('it crops: its padding is below 0');
  const along = sampleAxis(axis, node.value(0).shape);
  return emit('pad', [x], {
    options: {
      axis: along === 1 ? undefined : along,
      before: before === 0 ? undefined : before,
      after: after === 0 ? undefined : after,
    },
  });
}

function refOf(argument: Argument): string {
  return 'ref' in argument ? argument.ref : '';
}
