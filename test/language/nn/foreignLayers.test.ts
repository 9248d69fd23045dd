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
    hint: use a smaller kernel, padding: 'same', or fewer strided layers before this one"
  `);
});
