import { divideDims, sizeOf, type Dim, type Shape } from '../../../support/shape.js';
import { broadcastKnown, int, ints, isUnknown, optionalInt, unknownDim } from './valueTable.js';
import { each, isWhole, same, type Rule, type Rules } from './rule.js';
import { productRules } from './productRules.js';
import { windowRules } from './windowRules.js';

const broadcast: Rule = ({ node, table }) => {
  const [first, ...rest] = node.inputs.map((name) => table.shape(name));
  return [rest.reduce((a, b) => (a && b ? broadcastKnown(a, b) : undefined), first)];
};

const reshape: Rule = ({ node, table, x }) => {
  const wanted = ints(node, 'shape') ?? table.vector(node.inputs[1]);
  if (!wanted) return undefined;
  const zero = int(node, 'allowzero', 0) === 1;
  const copied = wanted.map((dim, i) => (dim === 0 && !zero ? (x?.[i] ?? unknownDim) : dim));
  // One size may be left to the number of elements: as -1, or since it is not known.
  const open = copied.filter((dim) => dim === -1 || isUnknown(dim));
  if (open.length === 0) return [copied];
  const isOpen = (dim: Dim): boolean => dim === -1 || isUnknown(dim);
  const known = sizeOfAll(copied.filter((dim) => !isOpen(dim)));
  const total = x && sizeOfAll(x);
  const rest =
    open.length === 1 && total !== undefined && known !== undefined
      ? divideDims(total, known)
      : undefined;
  return [copied.map((dim) => (isOpen(dim) ? (rest ?? unknownDim) : dim))];
};

/** Product of dimensions; undefined if two are symbolic or one is unknown. */
function sizeOfAll(shape: Shape): Dim | undefined {
  const symbols = shape.filter((dim) => typeof dim !== 'number').length;
  return symbols > 1 || shape.some(isUnknown) ? undefined : sizeOf(shape);
}

const flatten: Rule = ({ node, x }) => {
  if (!x) return undefined;
  const axis = int(node, 'axis', 1);
  const at = axis < 0 ? axis + x.length : axis;
  const [rows, columns] = [sizeOfAll(x.slice(0, at)), sizeOfAll(x.slice(at))];
  return [[rows ?? unknownDim, columns ?? unknownDim]];
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
  const sum = dims.every((dim) => typeof dim === 'number')
    ? dims.reduce((a, b) => a + b, 0)
    : unknownDim;
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
  return [x && wanted ? broadcastKnown(x, wanted) : undefined];
};

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
      typeof size === 'number'
        ? sliced(size, start, ends[i] ?? size, steps?.[i] ?? 1)
        : start === 0 && (ends[i] ?? 0) >= 2 ** 31 - 1 && (steps?.[i] ?? 1) === 1
          ? size
          : unknownDim;
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

/** Rule for sums of quantised tensors, which come with a scale and a zero point. */
const quantisedSum: Rule = ({ node, table, x }) => {
  const other = table.shape(node.inputs[3]);
  return [x && other && broadcastKnown(x, other)];
};

const quantisedConcat: Rule = ({ node, table }) => {
  const inputs = node.inputs.slice(2).filter((_, i) => i % 3 === 0);
  return concat({ node: { ...node, inputs }, table, x: table.shape(inputs[0]) });
};

const tile: Rule = ({ node, table, x }) => {
  const repeats = table.numbers(node.inputs[1]);
  if (!x || !repeats) return undefined;
  return [
    x.map((dim, i): Dim => {
      const times = repeats[i] ?? 1;
      return typeof dim === 'number' ? dim * times : { ...dim, factor: dim.factor * times };
    }),
  ];
};

/** As many elements as were evaluated, else an unknown number. */
const evaluated: Rule = ({ node, table }) => {
  const [start, limit, delta] = node.inputs.map((name) => table.numbers(name)?.[0]);
  const known = start !== undefined && limit !== undefined && delta;
  return [[known ? Math.max(0, Math.ceil((limit - start) / delta)) : unknownDim]];
};

const topK: Rule = ({ node, table, x }) => {
  if (!x) return undefined;
  const axis = (int(node, 'axis', -1) + x.length) % x.length;
  const k = optionalInt(node, 'k') ?? table.vector(node.inputs[1])?.[0] ?? unknownDim;
  const shape = x.map((dim, i) => (i === axis ? k : dim));
  return [shape, shape];
};

const oneHot: Rule = ({ node, table, x }) => {
  if (!x) return undefined;
  const axis = int(node, 'axis', -1);
  const at = axis < 0 ? axis + x.length + 1 : axis;
  return [[...x.slice(0, at), table.vector(node.inputs[1])?.[0] ?? unknownDim, ...x.slice(at)]];
};

const gatherNd: Rule = ({ node, table, x }) => {
  const indices = table.shape(node.inputs[1]);
  const depth = indices?.at(-1);
  if (!x || !indices || typeof depth !== 'number') return undefined;
  return [[...indices.slice(0, -1), ...x.slice(int(node, 'batch_dims', 0) + depth)]];
};

const gridSample: Rule = ({ node, table, x }) => {
  const grid = table.shape(node.inputs[1]);
  return [x && grid && [...x.slice(0, 2), ...grid.slice(1, -1)]];
};

/**
 * Rules that derive an operator's output shapes from its inputs; shapes of other operators stay
 * unknown.
 */
export const shapeRules: Rules = {
  ...each(
    'Abs Acos Acosh Asin Asinh Atan Atanh BatchNormalization Bernoulli BiasGelu BitwiseNot Cast CastLike Ceil Celu Clip Cos Cosh CumSum DequantizeLinear Dropout Elu Erf Exp EyeLike FastGelu Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not QLinearLeakyRelu QLinearSigmoid QLinearSoftmax QuantizeLinear QuickGelu RMSNormalization RandomNormalLike RandomUniformLike Reciprocal ReorderInput Relu ReverseSequence RotaryEmbedding Round ScatterElements ScatterND Selu Shrink Sigmoid Sign SimplifiedLayerNormalization Sin Sinh SkipLayerNormalization SkipSimplifiedLayerNormalization Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu',
    same,
  ),
  ...each(
    'Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor',
    broadcast,
  ),
  ...windowRules,
  ...productRules,
  ...each(
    'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare ArgMax ArgMin',
    reduce,
  ),
  ReorderOutput: reorderOutput,
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
  ...each('QLinearAdd QLinearMul', quantisedSum),
  QLinearConcat: quantisedConcat,
  QLinearReduceMean: reduce,
  DynamicQuantizeLinear: ({ x }) => [x, [], []],
  Tile: tile,
  Range: evaluated,
  TopK: topK,
  OneHot: oneHot,
  GatherElements: ({ node, table }) => [table.shape(node.inputs[1])],
  GatherND: gatherNd,
  GridSample: gridSample,
  NonZero: ({ x, node, table }) => [
    x && [x.length, table.vector(node.inputs[0])?.filter((v) => v !== 0).length ?? unknownDim],
  ],
  Size: () => [[]],
  ConstantOfShape: fromVector(0),
  Shape: ({ x }) => (x ? [[x.length]] : undefined),
};
