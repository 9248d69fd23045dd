import type { OnnxNode } from '../onnx/model.js';
import { broadcastShapes, divideDims, sizeOf, type Dim, type Shape } from '../support/shape.js';
import { int, ints, optionalInt, type ValueTable } from './onnxValues.js';

/** What a rule sees; `x` is the shape of the first input. */
interface RuleContext {
  readonly node: OnnxNode;
  readonly table: ValueTable;
  readonly x: Shape | undefined;
}

type Rule = (context: RuleContext) => readonly (Shape | undefined)[] | undefined;

const same: Rule = ({ node, x }) => node.outputs.map((_, i) => (i === 0 ? x : undefined));

const broadcast: Rule = ({ node, table }) => {
  const [first, ...rest] = node.inputs.map((name) => table.shape(name));
  return [rest.reduce((a, b) => (a && b ? broadcastShapes(a, b) : undefined), first)];
};

const reshape: Rule = ({ node, table, x }) => {
  const wanted = table.vector(node.inputs[1]);
  if (!wanted) return undefined;
  const copied = wanted.map((dim, i) => (dim === 0 && !int(node, 'allowzero', 0) ? x?.[i] : dim));
  if (!copied.every((dim) => dim !== undefined)) return undefined;
  if (!copied.includes(-1)) return [copied];
  const known = sizeWithout(copied);
  const total = x && sizeWithout(x);
  const rest = total !== undefined && known !== undefined ? divideDims(total, known) : undefined;
  return rest === undefined ? undefined : [copied.map((dim) => (dim === -1 ? rest : dim))];
};

/** Product of the dimensions that are not -1; undefined where two are symbolic. */
function sizeWithout(shape: Shape): Dim | undefined {
  const symbols = shape.filter((dim) => typeof dim !== 'number').length;
  return symbols > 1 ? undefined : sizeOf(shape.filter((dim) => dim !== -1));
}

const flatten: Rule = ({ node, x }) => {
  if (!x) return undefined;
  const axis = int(node, 'axis', 1);
  const [rows, columns] = [sizeWithout(x.slice(0, axis)), sizeWithout(x.slice(axis))];
  return rows === undefined || columns === undefined ? undefined : [[rows, columns]];
};

const transpose: Rule = ({ node, x }) => {
  const order = ints(node, 'perm') ?? x?.map((_, i) => x.length - 1 - i);
  const shape = order?.map((axis) => x?.[axis]);
  return shape && isWhole(shape) ? [shape] : undefined;
};

const squeeze: Rule = ({ node, table, x }) => {
  const given = ints(node, 'axes') ?? table.numbers(node.inputs[1]);
  const axes = given?.map((axis) => (axis < 0 ? axis + (x?.length ?? 0) : axis));
  return x && [x.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1))];
};

const unsqueeze: Rule = ({ node, table, x }) => {
  const given = ints(node, 'axes') ?? table.numbers(node.inputs[1]);
  if (!x || !given) return undefined;
  const rank = x.length + given.length;
  const axes = given.map((axis) => (axis < 0 ? axis + rank : axis));
  const rest = [...x];
  return [
    Array.from({ length: rank }, (_, i): Dim => (axes.includes(i) ? 1 : (rest.shift() ?? 1))),
  ];
};

const concat: Rule = ({ node, table, x }) => {
  const shapes = node.inputs.map((name) => table.shape(name));
  if (!x || !shapes.every((shape) => shape !== undefined)) return undefined;
  const axis = (int(node, 'axis', 0) + x.length) % x.length;
  const dims = shapes.map((shape) => shape[axis]);
  if (!dims.every((dim) => typeof dim === 'number')) return undefined;
  const sum = dims.reduce((a, b) => a + b, 0);
  return [x.map((dim, i) => (i === axis ? sum : dim))];
};

const split: Rule = ({ node, table, x }) => {
  if (!x) return undefined;
  const axis = (int(node, 'axis', 0) + x.length) % x.length;
  const dim = x[axis];
  const parts = ints(node, 'split') ?? table.numbers(node.inputs[1]);
  const even = dim === undefined ? undefined : divideDims(dim, node.outputs.length);
  return node.outputs.map((_, part) => {
    const size = parts?.[part] ?? even;
    return size === undefined ? undefined : x.map((old, i) => (i === axis ? size : old));
  });
};

const gather: Rule = ({ node, table, x }) => {
  const indices = table.shape(node.inputs[1]);
  if (!x || !indices) return undefined;
  const axis = (int(node, 'axis', 0) + x.length) % x.length;
  return [[...x.slice(0, axis), ...indices, ...x.slice(axis + 1)]];
};

const pad: Rule = ({ node, table, x }) => {
  const pads = ints(node, 'pads') ?? table.numbers(node.inputs[1]);
  if (!x || pads?.length !== 2 * x.length) return undefined;
  return [
    x.map((dim, i) => {
      const extra = (pads[i] ?? 0) + (pads[i + x.length] ?? 0);
      return typeof dim === 'number' ? dim + extra : dim;
    }),
  ];
};

const fromVector =
  (input: number): Rule =>
  ({ node, table }) => [table.vector(node.inputs[input])];

const expand: Rule = ({ node, table, x }) => {
  const wanted = table.vector(node.inputs[1]);
  return [x && wanted ? broadcastShapes(x, wanted) : undefined];
};

const gemm: Rule = ({ node, table, x }) => {
  const w = table.shape(node.inputs[1]);
  const rows = x?.[int(node, 'transA', 0)];
  const columns = w?.[1 - int(node, 'transB', 0)];
  return rows === undefined || columns === undefined ? undefined : [[rows, columns]];
};

const globalPool: Rule = ({ x }) => [x?.map((dim, i) => (i < 2 ? dim : 1))];

/** Convolution and pooling share how a window slides; `kernel` is its size. */
function slide(
  { node, x }: RuleContext,
  kernel: readonly (Dim | undefined)[] | undefined,
): (Dim | undefined)[] | undefined {
  const axes = x?.slice(2);
  if (!axes || !kernel) return undefined;
  const [strides, dilations, pads] = ['strides', 'dilations', 'pads'].map((a) => ints(node, a));
  const automatic = node.attributes.get('auto_pad');
  const mode = automatic?.type === 'string' ? automatic.value : 'NOTSET';
  return axes.map((size, i) => {
    const [window, stride] = [kernel[i], strides?.[i] ?? 1];
    if (typeof size !== 'number' || typeof window !== 'number') return undefined;
    if (mode.startsWith('SAME')) return Math.ceil(size / stride);
    const extent = (dilations?.[i] ?? 1) * (window - 1) + 1;
    const padded = size + (pads?.[i] ?? 0) + (pads?.[i + axes.length] ?? 0);
    const count = (padded - extent) / stride + 1;
    return int(node, 'ceil_mode', 0) === 1 ? Math.ceil(count) : Math.floor(count);
  });
}

function isWhole(shape: readonly (Dim | undefined)[]): shape is Dim[] {
  return shape.every((dim) => dim !== undefined);
}

const convLike: Rule = (context) => {
  const w = context.table.shape(context.node.inputs[1]);
  const size = slide(context, w?.slice(2));
  const shape = size && [context.x?.[0], w?.[0], ...size];
  return shape && isWhole(shape) ? [shape] : undefined;
};

const poolLike: Rule = (context) => {
  const size = slide(context, ints(context.node, 'kernel_shape'));
  const shape = size && [context.x?.[0], context.x?.[1], ...size];
  if (!shape || !isWhole(shape)) return undefined;
  return context.node.outputs.map(() => shape);
};

const convTranspose: Rule = ({ node, table, x }) => {
  const w = table.shape(node.inputs[1]);
  const given = ints(node, 'output_shape');
  const [strides, dilations, pads, extra] = ['strides', 'dilations', 'pads', 'output_padding'].map(
    (name) => ints(node, name),
  );
  const axes = x?.slice(2);
  if (!axes || !w) return undefined;
  const size = axes.map((dim, i): Dim | undefined => {
    const window = w[i + 2];
    if (given) return given.at(i - axes.length);
    if (typeof dim !== 'number' || typeof window !== 'number') return undefined;
    const cut = (pads?.[i] ?? 0) + (pads?.[i + axes.length] ?? 0) - (extra?.[i] ?? 0);
    return (dim - 1) * (strides?.[i] ?? 1) + (dilations?.[i] ?? 1) * (window - 1) + 1 - cut;
  });
  const channels = typeof w[1] === 'number' ? w[1] * int(node, 'group', 1) : undefined;
  const shape = [x?.[0], channels, ...size];
  return isWhole(shape) ? [shape] : undefined;
};

const matmul: Rule = ({ node, table, x }) => {
  const [a, b] = [
    swapLast(x, int(node, 'transA', 0)),
    swapLast(table.shape(node.inputs[1]), int(node, 'transB', 0)),
  ];
  const [rows, columns] = [a?.at(-2), b?.at(-1)];
  if (!a || !b || rows === undefined || columns === undefined || b.length < 2) return undefined;
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  return batch && [[...batch, rows, columns]];
};

function swapLast(shape: Shape | undefined, swap: number): Shape | undefined {
  const [rows, columns] = [shape?.at(-2), shape?.at(-1)];
  if (!shape || rows === undefined || columns === undefined || swap === 0) return shape;
  return [...shape.slice(0, -2), columns, rows];
}

const reduce: Rule = ({ node, table, x }) => {
  if (!x) return undefined;
  // ArgMax has one `axis`, the others a list, which newer operator sets take as an input.
  const one = optionalInt(node, 'axis');
  const given =
    ints(node, 'axes') ?? table.numbers(node.inputs[1]) ?? (one === undefined ? undefined : [one]);
  if (!given && node.inputs[1]) return undefined;
  const axes = given?.map((axis) => (axis < 0 ? axis + x.length : axis)) ?? x.map((_, i) => i);
  return int(node, 'keepdims', 1) === 1
    ? [x.map((dim, i) => (axes.includes(i) ? 1 : dim))]
    : [x.filter((_, i) => !axes.includes(i))];
};

const slice: Rule = ({ node, table, x }) => {
  const [starts, ends, axes, steps] = ['starts', 'ends', 'axes', 'steps'].map(
    (name, i) => ints(node, name) ?? table.numbers(node.inputs[i + 1]),
  );
  if (!x || !starts || !ends || (node.inputs[4] && !steps)) return undefined;
  const shape: (Dim | undefined)[] = [...x];
  starts.forEach((start, i) => {
    const axis = ((axes?.[i] ?? i) + x.length) % x.length;
    const size = x[axis];
    shape[axis] =
      typeof size === 'number' ? sliced(size, start, ends[i] ?? size, steps?.[i] ?? 1) : undefined;
  });
  return isWhole(shape) ? [shape] : undefined;
};

function sliced(size: number, start: number, end: number, step: number): number {
  const clamp = (at: number): number => {
    const low = step > 0 ? 0 : -1;
    const high = step > 0 ? size : size - 1;
    return Math.min(high, Math.max(low, at < 0 ? at + size : at));
  };
  return Math.max(0, Math.ceil((clamp(end) - clamp(start)) / step));
}

/** From blocks of channels to `channels` of them, behind the batch or at the end. */
const reorderOutput: Rule = ({ node, x }) => {
  const channels = optionalInt(node, 'channels');
  if (!x || channels === undefined) return undefined;
  const [batch = 1, , ...pixels] = x;
  const last = int(node, 'channels_last', 0) === 1;
  return [last ? [batch, ...pixels, channels] : [batch, channels, ...pixels]];
};

function each(names: string, rule: Rule): Record<string, Rule> {
  return Object.fromEntries(names.split(' ').map((name) => [name, rule]));
}

/** How an operator's output shapes follow from its inputs; what is missing here stays unknown. */
export const shapeRules: Readonly<Partial<Record<string, Rule>>> = {
  ...each(
    'Abs Acos Asin Atan BatchNormalization Cast Ceil Celu Clip Cos CumSum Dropout Elu Erf Exp Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization Mish Neg Not QuickGelu Reciprocal ReorderInput Relu Round Selu Sigmoid Sign Sin Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu',
    same,
  ),
  ...each(
    'Add And BitShift Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor',
    broadcast,
  ),
  ...each('AveragePool LpPool MaxPool', poolLike),
  ...each('GlobalAveragePool GlobalMaxPool GlobalLpPool', globalPool),
  ...each('Conv ConvInteger', convLike),
  ...each('MatMul FusedMatMul MatMulInteger', matmul),
  ...each(
    'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare ArgMax ArgMin',
    reduce,
  ),
  ConvTranspose: convTranspose,
  ReorderOutput: reorderOutput,
  Gemm: gemm,
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  Pad: pad,
  Expand: expand,
  ConstantOfShape: fromVector(0),
  Shape: ({ x }) => (x ? [[x.length]] : undefined),
};
