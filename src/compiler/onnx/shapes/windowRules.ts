import type { Dim } from '../../../support/shape.js';
import { each, isWhole, type Rule, type RuleContext, type Rules } from './rule.js';
import { int, ints, text, unknownDim } from './valueTable.js';

const globalPool: Rule = ({ x }) => [x?.map((dim, i) => (i < 2 ? dim : 1))];

/** Convolution and pooling share how a window slides; `kernel` is its size. */
function slide(
  { node, x }: RuleContext,
  kernel: readonly (Dim | undefined)[] | undefined,
): Dim[] | undefined {
  const axes = x?.slice(2);
  if (!axes || !kernel) return undefined;
  const [strides, dilations, pads] = ['strides', 'dilations', 'pads'].map((a) => ints(node, a));
  const mode = text(node, 'auto_pad') ?? 'NOTSET';
  return axes.map((size, i) => {
    const [window, stride] = [kernel[i], strides?.[i] ?? 1];
    if (typeof size !== 'number' || typeof window !== 'number') return unknownDim;
    if (mode.startsWith('SAME')) return Math.ceil(size / stride);
    const extent = (dilations?.[i] ?? 1) * (window - 1) + 1;
    const [before, after] = mode === 'VALID' ? [0, 0] : [pads?.[i], pads?.[i + axes.length]];
    const count = (size + (before ?? 0) + (after ?? 0) - extent) / stride + 1;
    return int(node, 'ceil_mode', 0) === 1 ? Math.ceil(count) : Math.floor(count);
  });
}

/** `weight` is the input that holds the kernel. */
function convolution(weight: number): Rule {
  return (context) => {
    const w = context.table.shape(context.node.inputs[weight]);
    const size = slide(context, w?.slice(2) ?? ints(context.node, 'kernel_shape'));
    const shape = size && [context.x?.[0], w?.[0] ?? unknownDim, ...size];
    return shape && isWhole(shape) ? [shape] : undefined;
  };
}

/** Pooling of a quantised image may have its channels at the end. */
const channelsLast: (rule: Rule) => Rule = (rule) => (context) => {
  const { node, x } = context;
  if (!x || int(node, 'channels_last', 0) === 0) return rule(context);
  const [batch = unknownDim, ...rest] = x;
  const moved = [batch, rest.at(-1) ?? unknownDim, ...rest.slice(0, -1)];
  return rule({ ...context, x: moved })?.map((shape) => {
    if (!shape) return undefined;
    const [first = unknownDim, channels = unknownDim, ...pixels] = shape;
    return [first, ...pixels, channels];
  });
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
  const automatic = text(node, 'auto_pad')?.startsWith('SAME') === true;
  const size = axes.map((dim, i): Dim | undefined => {
    const window = w[i + 2];
    if (given) return given.at(i - axes.length);
    if (typeof dim !== 'number' || typeof window !== 'number') return unknownDim;
    if (automatic) return dim * (strides?.[i] ?? 1);
    const cut = (pads?.[i] ?? 0) + (pads?.[i + axes.length] ?? 0) - (extra?.[i] ?? 0);
    return (dim - 1) * (strides?.[i] ?? 1) + (dilations?.[i] ?? 1) * (window - 1) + 1 - cut;
  });
  const channels = typeof w[1] === 'number' ? w[1] * int(node, 'group', 1) : undefined;
  const shape = [x?.[0], channels, ...size];
  return isWhole(shape) ? [shape] : undefined;
};

const resize: Rule = ({ node, table, x }) => {
  const { inputs } = node;
  // Before version 11, and in Upsample, the scales are the second input.
  const upsample = inputs.length <= 2;
  const scales = floats(node, 'scales') ?? table.numbers(inputs[upsample ? 1 : 2]) ?? undefined;
  const sizes = upsample ? undefined : table.vector(inputs[3]);
  const axes = ints(node, 'axes')?.map((axis) => (axis < 0 ? axis + (x?.length ?? 0) : axis));
  const policy = text(node, 'keep_aspect_ratio_policy') ?? 'stretch';
  if (!x || policy !== 'stretch') return undefined;
  const given = (list: readonly Dim[] | undefined, axis: number): Dim | undefined =>
    axes ? list?.[axes.indexOf(axis)] : list?.[axis];
  return [
    x.map((dim, axis): Dim => {
      if (axes && !axes.includes(axis)) return dim;
      const [size, scale] = [given(sizes, axis), given(scales, axis)];
      if (size !== undefined) return size;
      if (scale === 1) return dim;
      return typeof scale === 'number' && typeof dim === 'number'
        ? Math.floor(dim * scale + 1e-6)
        : unknownDim;
    }),
  ];
};

function floats(node: RuleContext['node'], name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'floats' ? attribute.value : undefined;
}

function blocks(toSpace: boolean): Rule {
  return ({ node, x }) => {
    const side = int(node, 'blocksize', 1);
    const [batch, channels, ...pixels] = x ?? [];
    if (batch === undefined || channels === undefined) return undefined;
    const scaled = (dim: Dim, by: number): Dim => (typeof dim === 'number' ? dim * by : unknownDim);
    const by = toSpace ? side : 1 / side;
    return [[batch, scaled(channels, 1 / by ** 2), ...pixels.map((dim) => scaled(dim, by))]];
  };
}

/** Operators whose windows slide over an image, and those that change its size. */
export const windowRules: Rules = {
  ...each('AveragePool LpPool MaxPool', poolLike),
  ...each('QLinearAveragePool NhwcMaxPool', channelsLast(poolLike)),
  ...each('GlobalAveragePool GlobalMaxPool GlobalLpPool', globalPool),
  QLinearGlobalAveragePool: channelsLast(globalPool),
  ...each('Conv ConvInteger DeformConv FusedConv', convolution(1)),
  QLinearConv: convolution(3),
  ConvTranspose: convTranspose,
  ...each('Resize Upsample', resize),
  DepthToSpace: blocks(true),
  SpaceToDepth: blocks(false),
};
