import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../../../src/compiler/ir/graph.js';
import { clip, prelu } from '../../../src/compiler/ops/activations.js';
import { expand, expandLike, reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { conv } from '../../../src/compiler/ops/conv.js';
import { add, siluGrad } from '../../../src/compiler/ops/elementwise.js';
import { gather } from '../../../src/compiler/ops/gather.js';
import { softmax, softmaxCrossEntropy } from '../../../src/compiler/ops/loss.js';
import { matmul } from '../../../src/compiler/ops/matmul.js';
import { dropout, stochasticDepth } from '../../../src/compiler/ops/noise.js';
import { batchNormTrain } from '../../../src/compiler/ops/norm.js';
import { avgPool, maxPool } from '../../../src/compiler/ops/pool.js';
import {
  concat,
  equal,
  padAxis,
  reshape,
  slice,
  split,
  transpose,
} from '../../../src/compiler/ops/shape.js';
import { ModelError } from '../../../src/support/errors.js';
import { batchDim as N, type Shape } from '../../../src/support/shape.js';

/** What is said of an op applied to operands of these shapes: code, message and hint. */
function refusal(shapes: readonly Shape[], apply: (operands: readonly Value[]) => unknown): string {
  const graph = new Graph('refused');
  const operands = shapes.map((shape, i) => graph.input(`x${i}`, 'float32', shape));
  try {
    apply(operands);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const { code, message, hint } = error;
    return `${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
  }
  return 'accepted';
}

const window = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] } as const;
const map = [N, 6, 5, 5];

type Apply = (a: Value, b: Value, c: Value) => unknown;

const refused: readonly (readonly [
  what: string,
  said: string,
  shapes: readonly Shape[],
  apply: Apply,
])[] = [
  [
    'a window larger than the map',
    "window-too-large: conv: a 7x7 window is larger than the map [N,6,5,5] (use a smaller kernel, padding: 'same', or fewer strided layers before this one)",
    [map, [4, 6, 7, 7]],
    (x, w) => conv(x, w, undefined, { ...window, groups: 1 }),
  ],
  [
    'a dilated window larger than the padded map',
    "window-too-large: maxPool: a 4x4 window with dilation 3x3 is larger than the map [N,6,5,5] padded by [1,1,1,1] (use a smaller kernel, padding: 'same', or fewer strided layers before this one)",
    [map],
    (x) => maxPool(x, { ...window, kernel: [4, 4], dilations: [3, 3], pads: [1, 1, 1, 1] }),
  ],
  [
    'a kernel of other channels',
    'channel-mismatch: conv: the kernel [4,5,3,3] does not fit the channels of [N,6,5,5]',
    [map, [4, 5, 3, 3]],
    (x, w) => conv(x, w, undefined, { ...window, groups: 1 }),
  ],
  [
    'groups that do not divide the filters',
    'channel-mismatch: conv: the kernel [4,2,3,3] with 3 groups does not fit the channels of [N,6,5,5]',
    [map, [4, 2, 3, 3]],
    (x, w) => conv(x, w, undefined, { ...window, groups: 3 }),
  ],
  [
    'a convolution of features',
    'rank: conv: the input [N,6] is not [N,C,H,W]',
    [
      [N, 6],
      [4, 6, 1, 1],
    ],
    (x, w) => conv(x, w, undefined, { ...window, groups: 1 }),
  ],
  [
    'padding that holds a whole window',
    'padding-too-large: maxPool: padding [2,0,0,0] is not smaller than the 2x2 window (pad less, or use a larger kernel: a window over padding alone has no value)',
    [map],
    (x) => maxPool(x, { ...window, kernel: [2, 2], pads: [2, 0, 0, 0] }),
  ],
  [
    'a dilated mean',
    'dilation: avgPool: average pooling does not support dilation 2x2',
    [map],
    (x) => avgPool(x, { ...window, kernel: [2, 2], dilations: [2, 2], countIncludePad: true }),
  ],
  [
    'maps of different sizes',
    'shape-mismatch: add: shapes differ in width: [N,6,5,5] and [N,6,5,4] (bring both to the same height and width: the same stride on both branches, or pooling)',
    [map, [N, 6, 5, 4]],
    (a, b) => add(a, b),
  ],
  [
    'maps of different channels',
    'shape-mismatch: add: shapes differ in channels: [N,6,5,5] and [N,4,5,5] (project one of them with conv2d(x, { out, kernel: 1 }), or give both the same `out`)',
    [map, [N, 4, 5, 5]],
    (a, b) => add(a, b),
  ],
  [
    'shapes that do not broadcast',
    'shape-mismatch: add: shapes do not broadcast: [3] and [4]',
    [[3], [4]],
    (a, b) => add(a, b),
  ],
  [
    'a gradient of another shape',
    'shape-mismatch: siluGrad: gradient [N,6,5,1] does not fit the value [N,6,5,5]',
    [map, [N, 6, 5, 1]],
    (x, dy) => siluGrad(x, dy, undefined),
  ],
  [
    'an axis that is not there',
    'axis: reduceSum: axis 2 does not exist in [N,3]',
    [[N, 3]],
    (x) => reduceSum(x, { axes: [2], keepDims: false }),
  ],
  [
    'a broadcast that would not reach',
    'shape-mismatch: expandLike: [3] cannot be broadcast to [N,4]',
    [[3], [N, 4]],
    (x, like) => expandLike(x, like, {}),
  ],
  [
    'scale and bias of other channels',
    'channel-mismatch: batchNormTrain: [4] does not fit the channels of [N,6,5,5]',
    [map, [4], [4]],
    (x, scale, bias) => batchNormTrain(x, scale, bias, { epsilon: 1e-3 }),
  ],
  [
    'targets of other classes',
    'shape-mismatch: softmaxCrossEntropy: logits [N,10] and soft targets [N,9] must both be [N,classes]',
    [
      [N, 10],
      [N, 9],
    ],
    (x, target) => softmaxCrossEntropy(x, target),
  ],
  [
    'matrices that do not fit',
    'shape-mismatch: matmul: [N,3] and [4,3] cannot be multiplied (the last axis of the first has the size of the last but one of the second; the axes before broadcast)',
    [
      [N, 3],
      [4, 3],
    ],
    (a, b) => matmul(a, b, {}),
  ],
  [
    'a dropout mask for each sample',
    'shape-mismatch: dropout: mask [N,1,1,1] does not fit the value [N,6,5,5]',
    [map, [N, 1, 1, 1]],
    (x, m) => dropout(x, m, { keep: 0.5, site: 'a' }),
  ],
  [
    'a depth mask for each element',
    'shape-mismatch: stochasticDepth: mask [N,6,5,5] must be [N,1,1,1]',
    [map, map],
    (x, m) => stochasticDepth(x, m, { survival: 0.5, site: 'a' }),
  ],
  [
    'a reshape of other size',
    'reshape: reshape: [N,6,5,5] has 150N elements and [N,149] has 149N',
    [map],
    (x) => reshape(x, { shape: [N, 149] }),
  ],
  [
    'axes named twice',
    'permutation: transpose: [0,1,1,2] is not a permutation of the axes of [N,6,5,5]',
    [map],
    (x) => transpose(x, { permutation: [0, 1, 1, 2] }),
  ],
  [
    'a slice of the batch',
    'slice: slice: elements 0 to 1 are outside axis 0 of [N,6,5,5]',
    [map],
    (x) => slice(x, { axis: 0, start: 0, end: 1 }),
  ],
  [
    'a slice past the end',
    'slice: slice: elements 2 to 7 are outside axis 1 of [N,6,5,5]',
    [map],
    (x) => slice(x, { axis: 1, start: 2, end: 7 }),
  ],
  [
    'parts that are not the whole',
    'split: split: axis 1 of [N,6,5,5] has no parts of 4, 3',
    [map],
    (x) => split(x, { axis: 1, sizes: [4, 3] }),
  ],
  [
    'a place past the end',
    'gather: gather: place 6 on axis 1 of [N,6,5,5]',
    [map],
    (x) => gather(x, { axis: 1, indices: [0, 6] }),
  ],
  [
    'places in the batch',
    'gather: gather: place 0 on axis 0 of [N,6,5,5]',
    [map],
    (x) => gather(x, { axis: 0, indices: [0] }),
  ],
  [
    'a repetition of several elements',
    'shape-mismatch: expand: [N,6,5,5] cannot be repeated to samples of [6,10,5]',
    [map],
    (x) => expand(x, undefined, { shape: [6, 10, 5] }),
  ],
  [
    'slopes that would enlarge a value',
    'shape-mismatch: prelu: slopes float32 [6,1,1] of float32 [N,1,5,5]',
    [
      [N, 1, 5, 5],
      [6, 1, 1],
    ],
    (x, slope) => prelu(x, slope),
  ],
  ['a clip without bounds', 'clip: clip: it has no bound', [map], (x) => clip(x, {})],
  [
    'a softmax over an axis that is not there',
    'axis: softmax: axis 4 does not exist in [N,6,5,5]',
    [map],
    (x) => softmax(x, { axis: 4 }),
  ],
  [
    'zeros around the batch',
    'pad: padAxis: 1 and 0 zeros cannot be put around axis 0 of [N,6,5,5]',
    [map],
    (x) => padAxis(x, { axis: 0, before: 1, after: 0 }),
  ],
  [
    'maps of different sizes joined',
    'shape-mismatch: concat: [N,6,5,5] and [N,2,5,4] cannot be joined along axis 1 (all sizes other than that of the joined axis must be equal)',
    [map, [N, 2, 5, 4]],
    (a, b) => concat([a, b], { axis: 1 }),
  ],
  [
    'a comparison of shapes that differ',
    'shape-mismatch: equal: cannot compare float32 [N,3] with float32 [3]',
    [[N, 3], [3]],
    (a, b) => equal(a, b),
  ],
];

describe('the type rules', () => {
  it.each(refused)('refuse %s', (_, said, shapes, apply) => {
    expect(refusal(shapes, ([a, b, c]) => apply(a as Value, b as Value, c as Value))).toBe(said);
  });
});
