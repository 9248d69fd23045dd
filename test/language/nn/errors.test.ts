import { describe, expect, it } from 'vitest';
import { enterSite, leaveSite } from '../../../src/compiler/trace/callSites.js';
import * as nn from '../../../src/language/nn/index.js';
import type { Value } from '../../../src/language/nn/index.js';
import { caught, errorOf, shown, user } from '../../support/modelErrors.js';

const mistakes: Readonly<Record<string, (x: Value) => Value>> = {
  'a window larger than the map': (x) => nn.conv2d(x, { out: 8, kernel: 17 }),
  'a negative kernel': (x) => nn.conv2d(x, { out: 8, kernel: -3 }),
  'a broken kernel': (x) => nn.maxPool(x, { kernel: [2, 2.5] }),
  'a stride that is no number': (x) => nn.conv2d(x, { out: 8, kernel: 3, stride: NaN }),
  'negative padding': (x) => nn.conv2d(x, { out: 8, kernel: 3, padding: -1 }),
  "'same' with stride and dilation": (x) =>
    nn.conv2d(x, { out: 8, kernel: 3, stride: 2, dilation: 2, padding: 'same' }),
  'padding beyond half a pooling window': (x) => nn.avgPool(x, { kernel: 2, padding: 2 }),
  'no output channels': (x) => nn.conv2d(x, { out: 0, kernel: 3 }),
  'groups that do not divide': (x) => nn.conv2d(x, { out: 8, kernel: 3, groups: 3 }),
  'a sum over unequal channels': (x) => nn.add(x, nn.conv2d(x, { out: 4, kernel: 1 })),
  'a sum over unequal maps': (x) => nn.add(x, nn.maxPool(x, { kernel: 2 })),
  'joined maps of unequal size': (x) => nn.concat([x, nn.maxPool(x, { kernel: 2 })]),
  'the batch as axis of a concatenation': (x) => nn.concat([x, x], { axis: 0 }),
  'zeros before the batch': (x) => nn.pad(x, { axis: 0, before: 1 }),
  'a negative number of zeros': (x) => nn.pad(x, { after: -3 }),
  'a map into linear': (x) => nn.linear(x, { out: 10 }),
  'a vector into conv2d': (x) => nn.conv2d(nn.flatten(x), { out: 8, kernel: 3 }),
  'a vector into depthwise': (x) => nn.depthwise(nn.flatten(x), { kernel: 3 }),
  'a vector into a global pool': (x) => nn.globalAvgPool(nn.flatten(x)),
  'a reshape to another size': (x) => nn.reshape(x, [8, 200]),
  'a reshape with two open sizes': (x) => nn.reshape(x, [-1, -1]),
  'a transpose that moves the batch': (x) => nn.transpose(x, [1, 0, 2, 3]),
  'dropout of everything': (x) => nn.dropout(x, { rate: 1 }),
  'a rate that is no number': (x) => nn.dropout(x, { rate: NaN }),
  'a survival of 0': (x) => nn.stochasticDepth(x, { survival: 0 }),
  'a survival above 1': (x) => nn.mbConv(x, { out: 8, expand: 4, survival: 1.2 }),
  'a decay to a survival of 0': (x) => (nn.linearDecay(4, 0), x),
  'an expansion to a broken number': (x) => nn.mbConv(x, { out: 8, expand: 1.3 }),
  'a branch of another shape': (x) =>
    nn.residual(x, (y) => nn.conv2d(y, { out: 16, kernel: 1, stride: 2 })),
  'groups of another number of channels': (x) => nn.groupNorm(x, { groups: 3 }),
  'a vector into groupNorm': (x) => nn.groupNorm(nn.flatten(x), { groups: 1 }),
  'an epsilon of 0': (x) => nn.batchNorm(x, { epsilon: 0 }),
  "TensorFlow's momentum beyond 1": (x) => nn.batchNorm(x, { momentum: 99 }),
  'a name with a space': (x) => nn.conv2d(x, { name: 'my conv', out: 8, kernel: 1 }),
  'a factor that is no number': (x) => nn.mul(x, NaN),
  'a parameter without elements': (x) =>
    nn.mul(x, nn.parameter(x, { name: 'gamma', shape: [0], init: { kind: 'ones' } })),
  'logits of another shape': (x) => nn.linear(nn.globalAvgPool(x), { out: 12 }),
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
    "ModelError window-too-large: conv2d: a 17x17 window is larger than the map [N,8,14,14]
    hint: use a smaller kernel, padding: 'same', or fewer strided layers before this one

    ModelError window: conv2d: kernel -3x-3 over [N,8,14,14]
    hint: kernel must be a whole number of at least 1, or two of them: [vertical, horizontal]

    ModelError window: maxPool: kernel 2x2.5 over [N,8,14,14]
    hint: kernel must be a whole number of at least 1, or two of them: [vertical, horizontal]

    ModelError window: conv2d: stride NaNxNaN over [N,8,14,14]
    hint: stride must be a whole number of at least 1, or two of them: [vertical, horizontal]

    ModelError window: conv2d: padding [-1,-1,-1,-1] over [N,8,14,14]
    hint: padding must be whole numbers of at least 0, 'same' or 'symmetric'

    ModelError same-padding: conv2d: padding 'same' with stride 2x2 and dilation 2x2 over [N,8,14,14]
    hint: TensorFlow defines 'same' for a stride or a dilation, not both; use padding: 'symmetric' or numbers

    ModelError window: avgPool: padding [2,2,2,2] is more than half of the 2x2 window over [N,8,14,14]
    hint: pad at most half the window, or use a larger kernel

    ModelError option: conv2d: invalid out 0
    hint: \`out\` must be a whole number of at least 1

    ModelError groups: conv2d: 3 groups do not divide both the 8 input channels of [N,8,14,14] and the 8 output channels
    hint: make both channel counts multiples of \`groups\`

    ModelError shape-mismatch: add: shapes differ in channels: [N,8,14,14] and [N,4,14,14]
    hint: project one of them with conv2d(x, { out, kernel: 1 }), or give both the same \`out\`

    ModelError shape-mismatch: add: shapes differ in height and width: [N,8,14,14] and [N,8,7,7]
    hint: bring both to the same height and width: the same stride on both branches, or pooling

    ModelError shape-mismatch: concat: [N,8,14,14] and [N,8,7,7] cannot be joined along axis 1
    hint: all sizes other than that of the joined axis must be equal

    ModelError axis: concat: axis 0 is outside [N,8,14,14]
    hint: \`axis\` must be 1 to 3; axis 0 is the batch

    ModelError axis: pad: axis 0 is outside [N,8,14,14]
    hint: \`axis\` must be 1 to 3; axis 0 is the batch

    ModelError option: pad: 0 zeros before and -3 after [N,8,14,14]
    hint: pass whole numbers of at least 0

    ModelError logits: net: build returns [N,8,14,10]; logits must be [N,10]
    hint: end with classifier(x, { classes }), or linear(x, { out: classes }) on [N,features]

    ModelError rank: conv2d: the input [N,1568] is not [N,C,H,W]
    hint: apply it before flatten, linear or a global pool

    ModelError rank: conv2d: the input [N,1568] is not [N,C,H,W]
    hint: apply it before flatten, linear or a global pool

    ModelError rank: globalAvgPool: the input [N,1568] is not [N,C,H,W]
    hint: apply it before flatten, linear or a global pool

    ModelError reshape: reshape: a sample of [N,8,14,14] has 1568 elements and cannot become [8,200]
    hint: pass the shape of one sample, without the batch; one size may be -1

    ModelError reshape: reshape: a sample of [N,8,14,14] has 1568 elements and cannot become [-1,-1]
    hint: pass the shape of one sample, without the batch; one size may be -1

    ModelError permutation: transpose: [1,0,2,3] of [N,8,14,14]
    hint: list each axis from 0 to 3 once, with 0, the batch, first

    ModelError rate: dropout: rate 1 is outside [0, 1)
    hint: \`rate\` is the probability that an element is dropped, for example 0.2

    ModelError rate: dropout: rate NaN is outside [0, 1)
    hint: \`rate\` is the probability that an element is dropped, for example 0.2

    ModelError survival: stochasticDepth: survival 0 is outside (0, 1]
    hint: \`survival\` is the probability that the branch is kept, 1 - drop rate, for example 0.8

    ModelError survival: stochasticDepth: survival 1.2 is outside (0, 1]
    hint: \`survival\` is the probability that the branch is kept, 1 - drop rate, for example 0.8

    ModelError survival: linearDecay: invalid schedule of 4 blocks to a survival of 0
    hint: pass a whole number of blocks and a survival in (0, 1]

    ModelError option: mbConv: expand 1.3 does not fit the 8 channels of [N,8,14,14]
    hint: \`expand\` times the number of channels must be a whole number of at least 1

    ModelError shape-mismatch: residual: the branch turns [N,8,14,14] into [N,16,7,7]
    hint: make the branch return the shape of its input, or write add(shortcut, branch) with a projected shortcut: conv2d(x, { name, out, kernel: 1, stride })

    ModelError option: groupNorm: 3 groups of 8 channels
    hint: \`groups\` divides 8

    ModelError rank: groupNorm: [N,1568] is not a feature map
    hint: the input is [N,C,H,W]; layerNorm normalises vectors

    ModelError option: batchNorm: invalid epsilon 0
    hint: \`epsilon\` must be a number above 0

    ModelError option: batchNorm: momentum 99 is outside [0, 1]
    hint: \`momentum\` is the weight of the new batch in the running statistics; it is 1 minus TensorFlow's

    ModelError name: "my conv" is not a dotted name
    hint: use letters, digits, _ and dots between parts, such as \`blocks.0.conv\`

    ModelError option: mul: invalid number NaN
    hint: pass a finite number or a value of the network

    ModelError option: parameter: gamma has the invalid shape [0]
    hint: \`shape\` must hold whole numbers of at least 1

    ModelError logits: net: build returns [N,12]; logits must be [N,10]
    hint: end with classifier(x, { classes }), or linear(x, { out: classes }) on [N,features]"
  `);
});

it('refuses training batch norm over one value a channel, and allows it where there are more', () => {
  const build = (x: Value): Value => {
    const mean = nn.globalAvgPool(x, { keepDims: true });
    return nn.classifier(nn.batchNorm(mean), { classes: 10 });
  };
  expect(shown(errorOf(build, { batch: 1 }))).toMatchInlineSnapshot(`
    "ModelError batch-statistics: batchNorm: [1,8,1,1] has one value per channel, so its variance is not defined in training
    hint: train with a larger batch, or normalise before the map shrinks to 1x1"
  `);
  const model = nn.defineModel({ name: 'net', input: nn.image(8, 4, 4), classes: 10, build });
  for (const options of [
    { mode: 'eval', batch: 1 },
    { mode: 'train', batch: 2 },
    { mode: 'train', batch: 'dynamic' },
  ] as const)
    expect(nn.traceModel(model, options).buffers).toHaveLength(2);
});

describe('names both places of', () => {
  const at = (line: number, build: () => Value): Value =>
    leaveSite(enterSite({ file: 'my.model.ts', line, column: 9 }), build());

  it('a duplicate parameter', () => {
    const error = errorOf((x) => {
      const y = at(3, () => nn.conv2d(x, { name: 'conv', out: 8, kernel: 3 }));
      return at(4, () => nn.conv2d(y, { name: 'conv', out: 8, kernel: 3 }));
    });
    expect(error.where).toMatchObject({ line: 4 });
    expect([shown(error), ...error.notes].join('\n')).toMatchInlineSnapshot(`
      "ModelError duplicate-parameter: two layers define the parameter conv.weight
      hint: set another \`name\` for one of them
      conv.weight was first made at my.model.ts:3:9"
    `);
  });

  it('two layers without names', () => {
    const error = errorOf((x) => {
      const y = at(3, () => nn.linear(nn.flatten(x), { out: 10 }));
      return at(4, () => nn.linear(y, { out: 10 }));
    });
    expect([shown(error), ...error.notes].join('\n')).toMatchInlineSnapshot(`
      "ModelError duplicate-parameter: two layers define the parameter linear.weight
      hint: set another \`name\` for one of them
      linear.weight was first made at my.model.ts:3:9"
    `);
  });

  it('two masks of one name, which would be equal, whatever the rate', () => {
    const error = errorOf(
      (x) => {
        const y = at(3, () => nn.dropout(x, { rate: 0 }));
        return at(4, () => nn.dropout(y, { rate: 0.5 }));
      },
      { mode: 'eval' },
    );
    expect([shown(error), ...error.notes].join('\n')).toMatchInlineSnapshot(`
      "ModelError duplicate-noise: two layers draw noise under the name dropout
      hint: set another \`name\` for one of them
      dropout was first made at my.model.ts:3:9"
    `);
  });
});

it('points to the call of a library layer, not into it', () => {
  const call = { file: 'my.model.ts', line: 12, column: 3 };
  const error = errorOf((x) => {
    const y = nn.conv2d(x, { out: 8, kernel: 1 });
    return leaveSite(enterSite(call), nn.mbConv(y, { out: 8, expand: 2, kernel: 40, padding: 0 }));
  });
  expect(error.where).toEqual(call);
  expect([shown(error), ...error.notes].join('\n')).toMatchInlineSnapshot(`
    "ModelError window-too-large: conv2d: a 40x40 window is larger than the map [N,16,14,14]
    hint: use a smaller kernel, padding: 'same', or fewer strided layers before this one"
  `);
});

it('names the layer where no call site is known', () => {
  const model = nn.defineModel({
    name: 'net',
    input: nn.image(8, 4, 4),
    classes: 10,
    build: (x) => nn.scope(x, 'stage1', (y) => nn.conv2d(y, { name: 'conv', out: 8, kernel: 9 })),
  });
  expect(caught(() => nn.traceModel(model, { mode: 'eval', batch: 1 })).where).toBe('stage1.conv');
});

describe('a model', () => {
  const model = nn.defineModel({
    name: 'net',
    input: nn.image(3, 8, 8),
    classes: 10,
    build: (x, { classes }) => nn.classifier(x, { classes }),
  });
  const trace = (options: Partial<nn.TraceOptions>) =>
    shown(caught(() => nn.traceModel(model, { mode: 'eval', batch: 1, ...options })));

  it('refuses a rate that it does not read', () => {
    expect(trace({ dropPath: 0.2 })).toMatchInlineSnapshot(`
      "ConfigError no-such-rate: net has no dropPath to set
      hint: set a default \`dropPath\` in defineModel, and use the one that build receives"
    `);
  });

  it('refuses classes and sizes that are no numbers of at least 1', () => {
    expect(trace({ classes: 0 })).toMatchInlineSnapshot(`
      "ModelError input: net: 0 classes
      hint: the number of classes must be a whole number from 1 to 65536"
    `);
    expect(trace({ classes: 4e8 })).toContain('400000000 classes');
    expect(shown(caught(() => nn.image(3, 0, 8)))).toMatchInlineSnapshot(`
      "ModelError input: image: [3,0,8] is not an image shape
      hint: channels, height and width must be whole numbers of at least 1"
    `);
    expect(shown(caught(() => nn.image(3, 8, 8, { mean: [0.5] })))).toMatchInlineSnapshot(`
      "ModelError input: image: mean [0.5] and std [1,1,1] do not fit 3 channels
      hint: pass one number per channel, and each std above 0"
    `);
  });

  it('refuses a name that is no file name', () => {
    expect(shown(caught(() => nn.defineModel({ ...model, name: 'a/b' })))).toMatchInlineSnapshot(`
      "ModelError input: defineModel: "a/b" is not a model name
      hint: use letters, digits, _, - and dots: files are named after the model"
    `);
  });

  it('refuses a value of another network', () => {
    let stolen: Value | undefined;
    nn.traceModel(
      nn.defineModel({
        ...model,
        build: (x, { classes }) => nn.classifier((stolen = x), { classes }),
      }),
      { mode: 'eval', batch: 1 },
    );
    const error = errorOf((x) => nn.add(x, stolen ?? x));
    expect(shown(error)).toMatchInlineSnapshot(`
      "ModelError not-a-value: add: the inputs belong to two networks
      hint: pass the input of \`build\` or the result of another layer"
    `);
  });
});
