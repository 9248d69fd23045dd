import { describe, expect, it } from 'vitest';
import * as nn from '../../../src/language/nn/index.js';
import type { Value } from '../../../src/language/nn/index.js';
import { errorOf, shown, user } from '../../support/modelErrors.js';

const mistakes: Readonly<Record<string, (x: Value) => Value>> = {
  'a sum over the batch': (x) => nn.sum(x, { axes: [0, 2] }),
  'an axis named twice': (x) => nn.amax(x, { axes: [3, 3] }),
  'an axis that does not exist': (x) => nn.norm(x, { axes: [4] }),
  'matrices whose leading axes differ': (x) => nn.matmul(x, nn.concat([x, x]), { transB: true }),
  'a dilated window that ceilMode takes beyond the padding': (x) =>
    nn.maxPool(x, { kernel: 2, stride: 9, dilation: 12, ceilMode: true }),
  'a window larger than the map, rounded up': (x) =>
    nn.avgPool(x, { kernel: 17, stride: 3, ceilMode: true }),
  'a size and a scale': (x) => nn.interpolate(x, { size: 28, scale: 2 }),
  'neither size nor scale': (x) => nn.interpolate(x, { mode: 'bilinear' }),
  'a broken size': (x) => nn.interpolate(x, { size: [28, 2.5] }),
  'a scale that leaves no pixel': (x) => nn.interpolate(x, { scale: 0.05 }),
  'a scale of 0': (x) => nn.interpolate(x, { scale: 0 }),
  'corners of the nearest pixel': (x) => nn.interpolate(x, { scale: 2, alignCorners: true }),
  'places told twice': (x) =>
    nn.interpolate(x, {
      scale: 2,
      mode: 'bilinear',
      alignCorners: true,
      coordinates: 'half_pixel',
    }),
  'a cubic coefficient that is no number': (x) =>
    nn.interpolate(x, { scale: 2, mode: 'bicubic', cubicCoefficient: NaN }),
  'a vector to resize': (x) => nn.interpolate(nn.flatten(x), { scale: 2 }),
  'more padding of the output than the stride': (x) =>
    nn.convTranspose2d(x, { out: 4, kernel: 3, stride: 2, outputPadding: 2 }),
  'a transposed convolution of which nothing is left': (x) =>
    nn.convTranspose2d(x, { out: 4, kernel: 1, padding: 7 }),
  'groups of a transposed convolution that do not divide': (x) =>
    nn.convTranspose2d(x, { out: 4, kernel: 1, groups: 3 }),
  'instances of one pixel': (x) => nn.instanceNorm(nn.globalAvgPool(x, { keepDims: true })),
  'pixels of a vector': (x) => nn.layerNorm2d(nn.flatten(x)),
  'a neighbourhood of no channels': (x) => nn.localResponseNorm(x, { size: 0 }),
  'a response with k 0': (x) => nn.localResponseNorm(x, { size: 5, k: 0 }),
  'negative pixels around a map': (x) => nn.pad2d(x, { padding: -1 }),
  'a mirror larger than the map': (x) => nn.pad2d(x, { padding: [0, 14], mode: 'reflect' }),
  'a mirror of a value': (x) => nn.pad2d(x, { padding: 1, mode: 'reflect', value: 1 }),
};

describe('refuses, at the line of the user and with a hint,', () => {
  for (const [what, build] of Object.entries(mistakes))
    it(what, () => {
      const error = errorOf(build);
      expect(error.where).toEqual(user);
      expect(error.hint).toMatch(/\w/);
    });
});

it('says what is wrong, with the shapes, and how to mend it', () => {
  const text = Object.values(mistakes).map((build) => shown(errorOf(build)));
  expect(text.join('\n\n')).toMatchInlineSnapshot(`
    "ModelError axis: sum: axes [0,2] of [N,8,14,14]
    hint: \`axes\` are of 1 to 3, each once; axis 0 is the batch

    ModelError axis: amax: axes [3,3] of [N,8,14,14]
    hint: \`axes\` are of 1 to 3, each once; axis 0 is the batch

    ModelError axis: norm: axes [4] of [N,8,14,14]
    hint: \`axes\` are of 1 to 3, each once; axis 0 is the batch

    ModelError shape-mismatch: matmul: [N,8,14,14] and [N,16,14,14] transposed cannot be multiplied
    hint: the last axis of the first has the size of the last but one of the second; the axes before broadcast

    ModelError window: maxPool: with ceilMode the last 2x2 window with dilation 12x12 over [N,8,14,14] reaches 8 pixels beyond the map
    hint: onnxruntime pools padding of less than the kernel: use a smaller dilation or stride, or no ceilMode

    ModelError window-too-large: avgPool: a 17x17 window is larger than the map [N,8,14,14]
    hint: use a smaller kernel, padding: 'same', or fewer strided layers before this one

    ModelError option: interpolate: size and scale over [N,8,14,14]
    hint: give \`size\` or \`scale\`, not both

    ModelError option: interpolate: neither size nor scale over [N,8,14,14]
    hint: give \`size\` or \`scale\`, not both

    ModelError option: interpolate: size 28x2.5 over [N,8,14,14]
    hint: \`size\` is whole numbers of at least 1

    ModelError option: interpolate: [N,8,14,14] to 0x0
    hint: at least one pixel must be left: use a larger \`size\` or \`scale\`

    ModelError option: interpolate: scale 0x0 over [N,8,14,14]
    hint: \`scale\` is numbers above 0

    ModelError option: interpolate: alignCorners with mode nearest over [N,8,14,14]
    hint: \`alignCorners\` is for bilinear and bicubic

    ModelError option: interpolate: alignCorners and coordinates over [N,8,14,14]
    hint: \`coordinates: 'align_corners'\` says the same as the one

    ModelError option: interpolate: cubicCoefficient NaN over [N,8,14,14]
    hint: \`cubicCoefficient\` is a number, such as -0.75

    ModelError rank: interpolate: the input [N,1568] is not [N,C,H,W]
    hint: apply it before flatten, linear or a global pool

    ModelError window: convTranspose2d: outputPadding 2x2 with stride 2x2 over [N,8,14,14]
    hint: outputPadding is whole numbers from 0 up to the stride, exclusive

    ModelError window: convTranspose2d: padding [7,7,7,7] leaves 0x0 of [N,8,14,14]
    hint: pad less: padding is cut from the result

    ModelError groups: convTranspose2d: 3 groups do not divide both the 8 input channels of [N,8,14,14] and the 4 output channels
    hint: make both channel counts multiples of \`groups\`

    ModelError instance-statistics: instanceNorm: [N,8,1,1] has one pixel a channel, of which nothing is left
    hint: normalise before the map shrinks to 1x1

    ModelError rank: layerNorm2d: the input [N,1568] is not [N,C,H,W]
    hint: apply it before flatten, linear or a global pool

    ModelError option: localResponseNorm: invalid size 0
    hint: \`size\` must be a whole number of at least 1

    ModelError option: localResponseNorm: invalid k 0
    hint: \`k\` must be a number above 0

    ModelError option: pad2d: [-1,-1,-1,-1] pixels around [N,8,14,14]
    hint: \`padding\` is whole numbers of at least 0

    ModelError option: pad2d: [0,14,0,14] pixels of mode reflect around [N,8,14,14]
    hint: the map has too few pixels for it: pad less, or with mode 'replicate'

    ModelError option: pad2d: value 1 with mode reflect around [N,8,14,14]
    hint: \`value\` is a number, for mode 'constant'"
  `);
});
