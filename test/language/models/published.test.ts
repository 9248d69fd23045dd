import { describe, expect, it } from 'vitest';
import {
  resnet,
  cifarResnet,
  wideResnet,
  efficientnet,
  shippedModels,
} from '../../../src/language/models/index.js';
import { dropRates, multiplyAdds, parameterCount, shippedModel, traced } from './measure.js';
import { namedValue } from '../../support/namedValue.js';

const named = (name: string) => traced(shippedModel(name).model);

describe('the counts of the papers', () => {
  /** L0 to L2 are in no library that is at hand, and B8 and L2 only in one. */
  it.each([
    ['b8', 87_413_142],
    ['l0', 140_764_664],
    ['l1', 272_630_564],
    ['l2', 480_309_308],
  ])('EfficientNet-%s has %d parameters, with either padding', (scale, count) => {
    expect(parameterCount(named(`efficientnet_${scale}`))).toBe(count);
    expect(parameterCount(named(`tf_efficientnet_${scale}`))).toBe(count);
  });

  /** arXiv 1905.11946, table 2. TensorFlow counts other things along: its figures differ by up to 5 %. */
  it.each([
    ['b0', 0.39],
    ['b1', 0.7],
    ['b2', 1.0],
    ['b3', 1.8],
    ['b4', 4.2],
    ['b5', 9.9],
    ['b6', 19],
    ['b7', 37],
  ])('EfficientNet-%s has about %d billion multiply-adds', (scale, billions) => {
    const ratio = multiplyAdds(named(`efficientnet_${scale}`)) / (billions * 1e9);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.05);
  });

  /** torchvision's documentation, at the sizes that it evaluates at: 288 px for B2. */
  it.each([
    ['tv_efficientnet_b0', 224, 0.39],
    ['tv_efficientnet_b1', 240, 0.69],
    ['tv_efficientnet_b2', 288, 1.09],
    ['tv_efficientnet_b3', 300, 1.83],
    ['tv_efficientnet_b4', 380, 4.39],
    ['tv_efficientnet_b5', 456, 10.27],
    ['tv_efficientnet_b6', 528, 19.07],
    ['tv_efficientnet_b7', 600, 37.75],
    ['resnet18', 224, 1.81],
    ['resnet34', 224, 3.66],
    ['resnet50', 224, 4.09],
    ['resnet101', 224, 7.8],
    ['resnet152', 224, 11.51],
  ])('%s at %d px has %d billion multiply-adds', (name, size, billions) => {
    const found = traced(shippedModel(name).model, { image: [3, size, size] });
    expect(Number((multiplyAdds(found) / 1e9).toFixed(2))).toBe(billions);
  });

  /** arXiv 1512.03385, table 6; 302 and 602 layers are not in it. Option B would give 0.47 and 0.86 for 32 and 56. */
  it.each([
    [20, 0.27, 2],
    [32, 0.46, 2],
    [44, 0.66, 2],
    [56, 0.85, 2],
    [110, 1.7, 1],
    [1202, 19.4, 1],
  ])('the CIFAR ResNet of %d layers has %d million parameters', (depth, millions, digits) => {
    const count = parameterCount(named(`resnet${depth}_cifar`));
    expect(Number((count / 1e6).toFixed(digits))).toBe(millions);
    expect(count).toBe(cifarCount((depth - 2) / 6));
  });

  it('the Wide-ResNet-28-2 has the 1,467,610 parameters that its layers add up to', () => {
    expect(wideCount(4, 2)).toBe(1_467_610);
    expect(parameterCount(named('wrn_28_2'))).toBe(1_467_610);
  });
});

const conv = (kernel: number, from: number, to: number): number => kernel * kernel * from * to;
const norm = (channels: number): number => 2 * channels;

/** Counted by hand: n blocks a stage of 16, 32 and 64 channels, shortcuts without weights. */
function cifarCount(n: number): number {
  const block = (from: number, to: number): number =>
    conv(3, from, to) + norm(to) + conv(3, to, to) + norm(to);
  const stage = (from: number, to: number): number => block(from, to) + (n - 1) * block(to, to);
  return conv(3, 3, 16) + norm(16) + stage(16, 16) + stage(16, 32) + stage(32, 64) + 64 * 10 + 10;
}

/** Counted by hand: pre-activated blocks, a 1x1 convolution around the first of each stage. */
function wideCount(n: number, width: number): number {
  const block = (from: number, to: number): number =>
    norm(from) + conv(3, from, to) + norm(to) + conv(3, to, to) + (from === to ? 0 : from * to);
  const stage = (from: number, to: number): number => block(from, to) + (n - 1) * block(to, to);
  const [a, b, c] = [16 * width, 32 * width, 64 * width];
  return conv(3, 3, 16) + stage(16, a) + stage(a, b) + stage(b, c) + norm(c) + c * 10 + 10;
}

describe('stochastic depth', () => {
  it('counts the blocks of an EfficientNet from 0, those without a skip along', () => {
    expect(dropRates(named('efficientnet_b0'))).toEqual(
      [2, 4, 6, 7, 9, 10, 12, 13, 14].map((i) => Number(((0.2 * i) / 16).toFixed(6))),
    );
  });

  it('counts the blocks of a CIFAR ResNet from 1, so that the last survives with 0.5', () => {
    const rates = dropRates(named('resnet110_cifar'));
    expect(rates).toHaveLength(54);
    expect(rates).toEqual(rates.map((_, i) => Number(((0.5 * (i + 1)) / 54).toFixed(6))));
    expect(dropRates(named('resnet1202_cifar')).at(-1)).toBe(0.5);
  });

  it.each(['resnet50', 'wrn_28_2'])(
    'is off in %s unless asked for, then reaches the rate',
    (name) => {
      const { model } = shippedModel(name);
      expect(new Set(dropRates(traced(model)))).toEqual(new Set([0]));
      expect(traced(model, { mode: 'train', batch: 2 }).noise).toEqual([]);
      expect(dropRates(traced(model, { dropPath: 0.3 })).at(-1)).toBe(0.3);
    },
  );

  it('and dropout follow the overrides of a caller', () => {
    const { noise } = traced(shippedModel('efficientnet_b0').model, {
      mode: 'train',
      batch: 2,
      drop: 0.5,
      dropPath: 0.4,
    });
    const keep = (name: string): number | undefined => noise.find((it) => it.name === name)?.keep;
    expect(keep('noise.classifier.dropout')).toBe(0.5);
    expect(keep('noise.blocks.5.3.drop_path')).toBeCloseTo(1 - (0.4 * 14) / 16, 12);
  });
});

describe('a shipped model', () => {
  it('has a name of its own, which its model has too', () => {
    expect(new Set(shippedModels.map(({ name }) => name)).size).toBe(shippedModels.length);
    for (const { name, model } of shippedModels) expect(model.name).toBe(name);
  });

  it('for 32 px keeps a map of 16 up to its fourth stage', () => {
    const { layers } = named('efficientnet_b0_32');
    const heights = ['conv_stem', 'blocks.1.0.conv_dw', 'blocks.2.0.conv_dw', 'blocks.3.0.conv_dw'];
    expect(
      heights.map((name) => layers.find((layer) => layer.name === name)?.outputShape[2]),
    ).toEqual([16, 16, 16, 8]);
    expect(layers.find(({ name }) => name === 'conv_head')?.outputShape).toEqual([1, 1280, 4, 4]);
  });
});

describe('a model of other sizes', () => {
  it('has the stages, width and depth that it is given', () => {
    const model = efficientnet({
      name: 'tiny',
      width: 0.5,
      depth: 1.5,
      size: 64,
      classes: 7,
      stem: 16,
      head: 64,
      stages: [
        { blocks: 1, kernel: 3, stride: 1, expand: 1, out: 16 },
        { blocks: 2, kernel: 5, stride: 2, expand: 4, out: 44 },
      ],
    });
    const { graph, params } = traced(model);
    expect(namedValue(graph, 'logits').shape).toEqual([1, 7]);
    const widths = params
      .filter(({ name }) => /conv_stem|conv_pwl?\.weight|conv_head/.test(name))
      .map(({ name, shape }) => `${name} ${shape.slice(0, 2).join('x')}`);
    expect(widths.join('\n')).toMatchInlineSnapshot(`
      "conv_stem.weight 8x3
      blocks.0.0.conv_pw.weight 8x8
      blocks.0.1.conv_pw.weight 8x8
      blocks.1.0.conv_pw.weight 32x8
      blocks.1.0.conv_pwl.weight 24x32
      blocks.1.1.conv_pw.weight 96x24
      blocks.1.1.conv_pwl.weight 24x96
      blocks.1.2.conv_pw.weight 96x24
      blocks.1.2.conv_pwl.weight 24x96
      conv_head.weight 32x24"
    `);
  });

  it('refuses sizes that make no network', () => {
    const refused = [
      () => efficientnet({ name: 'flat', width: 0 }),
      () => efficientnet({ name: 'empty', stages: [] }),
      () => resnet({ name: 'empty', blocks: [] }),
      () => cifarResnet({ depth: 21 }),
      () => wideResnet({ depth: 27, width: 2 }),
    ].map((make) => {
      try {
        make();
        return 'nothing was refused';
      } catch (error) {
        return String(error);
      }
    });
    expect(refused).toMatchInlineSnapshot(`
      [
        "ModelError: flat: invalid EfficientNet of 7 stages, width 0 and depth 1",
        "ModelError: empty: invalid EfficientNet of 0 stages, width 1 and depth 1",
        "ModelError: empty: invalid ResNet of [] blocks",
        "ModelError: resnet21_cifar: 21 layers",
        "ModelError: wrn_27_2: invalid depth 27 or width 2",
      ]
    `);
  });
});
