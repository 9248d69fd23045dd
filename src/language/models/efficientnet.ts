import {
  batchNorm,
  classifier,
  conv2d,
  defineModel,
  image,
  linearDecay,
  mbConv,
  silu,
  type BatchNormStyle,
  type ImageOptions,
  type Model,
  type NameSet,
} from '../nn/index.js';
import { currentSite } from '../../compiler/trace/callSites.js';
import { ModelError } from '../../support/errors.js';
import type { ViewChoices } from '../../support/imageView.js';
import { halfStatistics, imagenetStatistics } from './statistics.js';

/** Blocks of one shape, before scaling. */
export interface EfficientNetStage {
  readonly blocks: number;
  readonly kernel: number;
  /** Stride of the first block; the others keep the map's size. */
  readonly stride: number;
  readonly expand: number;
  /** Output channels. */
  readonly out: number;
}

/** The blocks of B0. Source: arXiv 1905.11946, table 1, its stages 2 to 8. */
export const efficientnetStages = [
  { blocks: 1, kernel: 3, stride: 1, expand: 1, out: 16 },
  { blocks: 2, kernel: 3, stride: 2, expand: 6, out: 24 },
  { blocks: 2, kernel: 5, stride: 2, expand: 6, out: 40 },
  { blocks: 3, kernel: 3, stride: 2, expand: 6, out: 80 },
  { blocks: 3, kernel: 5, stride: 1, expand: 6, out: 112 },
  { blocks: 4, kernel: 5, stride: 2, expand: 6, out: 192 },
  { blocks: 1, kernel: 3, stride: 1, expand: 6, out: 320 },
] as const satisfies readonly EfficientNetStage[];

/**
 * Stages for images of 32 px, as in google-research/noisystudent: the first two halvings are left
 * out.
 */
export const smallImageStages: readonly EfficientNetStage[] = efficientnetStages.map((stage, i) =>
  i === 1 || i === 2 ? { ...stage, stride: 1 } : stage,
);

/**
 * Factors of channels and of blocks, training resolution and dropout. Sources: arXiv 1905.11946
 * (B0 to B7), 1911.09665 (B8), 1911.04252, version 1 (L0 and L1) and later (L2).
 */
export const efficientnetScales = {
  b0: { width: 1.0, depth: 1.0, size: 224, drop: 0.2 },
  b1: { width: 1.0, depth: 1.1, size: 240, drop: 0.2 },
  b2: { width: 1.1, depth: 1.2, size: 260, drop: 0.3 },
  b3: { width: 1.2, depth: 1.4, size: 300, drop: 0.3 },
  b4: { width: 1.4, depth: 1.8, size: 380, drop: 0.4 },
  b5: { width: 1.6, depth: 2.2, size: 456, drop: 0.4 },
  b6: { width: 1.8, depth: 2.6, size: 528, drop: 0.5 },
  b7: { width: 2.0, depth: 3.1, size: 600, drop: 0.5 },
  b8: { width: 2.2, depth: 3.6, size: 672, drop: 0.5 },
  l0: { width: 2.8, depth: 3.7, size: 380, drop: 0.5 },
  l1: { width: 3.9, depth: 3.7, size: 380, drop: 0.5 },
  l2: { width: 4.3, depth: 5.3, size: 475, drop: 0.5 },
} as const;

export interface EfficientNetOptions {
  readonly name: string;
  /** Factor of the channels; default 1. */
  readonly width?: number;
  /** Factor of each stage's blocks, rounded up; default 1. */
  readonly depth?: number;
  /** Height and width of the image; default 224. */
  readonly size?: number;
  /** Default 1000. */
  readonly classes?: number;
  /** Default: B0's. */
  readonly stages?: readonly EfficientNetStage[];
  /** Channels of the first convolution, before scaling; default 32. */
  readonly stem?: number;
  /** Channels of the last convolution, before scaling; default 1280. */
  readonly head?: number;
  /** Default 'symmetric'; TensorFlow's weights need 'same'. */
  readonly padding?: 'symmetric' | 'same';
  /** Default: PyTorch's; TensorFlow's weights need an epsilon of 1e-3. */
  readonly norm?: BatchNormStyle;
  /** Dropout rate before the classifier; default 0.2. */
  readonly drop?: number;
  /** Stochastic-depth rate: block i of L is dropped with dropPath * i / L, i from 0; default 0.2. */
  readonly dropPath?: number;
  /** Default: ImageNet's. */
  readonly statistics?: ImageOptions;
  /** View of images in evaluation, unless `statistics` gives it (default: as for `image`). */
  readonly view?: ViewChoices;
  /** Default timm. */
  readonly names?: NameSet;
}

/**
 * An EfficientNet of any width, depth, resolution and stages; image [N,3,H,W] -> logits
 * [N,classes]. Errors: factors that are not above 0, no stages, a resolution too small for the
 * strides. Source: arXiv 1905.11946.
 *
 * @example export default efficientnet({ name: 'narrow_b1', ...efficientnetScales.b1, width: 0.5, classes: 10 });
 */
export function efficientnet(options: EfficientNetOptions): Model {
  const {
    name,
    width = 1,
    depth = 1,
    size = 224,
    classes = 1000,
    stem = 32,
    head = 1280,
  } = options;
  const { stages = efficientnetStages, padding = 'symmetric', norm, names = 'timm' } = options;
  const { drop = 0.2, dropPath = 0.2, statistics = imagenetStatistics, view } = options;
  checkScale(name, width, depth, stages);
  const channels = (count: number): number => roundChannels(count * width);
  const repeats = stages.map(({ blocks }) => Math.ceil(blocks * depth));
  const blocks = repeats.reduce((a, b) => a + b, 0);
  const called = names === 'timm' ? timmNames : torchvisionNames(stages.length);
  return defineModel({
    name,
    input: image(3, size, size, { ...view, ...statistics }),
    classes,
    drop,
    dropPath,
    build(x, { classes, drop, dropPath }) {
      const survivals = linearDecay(blocks, 1 - dropPath).values();
      const [stemConv, stemNorm] = called.stem;
      const first = { name: stemConv, out: channels(stem), kernel: 3, stride: 2 };
      x = conv2d(x, { ...first, padding, bias: false });
      x = silu(batchNorm(x, { ...norm, name: stemNorm }));
      for (const [i, { stride, kernel, expand, out }] of stages.entries())
        for (let j = 0; j < (repeats[i] ?? 0); j++)
          x = mbConv(x, {
            name: called.block(i, j),
            out: channels(out),
            expand,
            kernel,
            stride: j === 0 ? stride : 1,
            padding,
            survival: survivals.next().value ?? 1,
            norm,
            names,
          });
      const [headConv, headNorm] = called.head;
      x = conv2d(x, { name: headConv, out: channels(head), kernel: 1, bias: false });
      x = silu(batchNorm(x, { ...norm, name: headNorm }));
      return classifier(x, { name: called.classifier, classes, dropout: drop });
    },
  });
}

/** The nearest multiple of 8, but not below 90 % of what was asked for, as published. */
function roundChannels(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

const timmNames = {
  stem: ['conv_stem', 'bn1'],
  block: (stage: number, i: number) => `blocks.${stage}.${i}`,
  head: ['conv_head', 'bn2'],
  classifier: 'classifier',
} as const;

/** torchvision numbers stem, stages and head through. */
function torchvisionNames(stages: number) {
  return {
    stem: ['features.0.0', 'features.0.1'],
    block: (stage: number, i: number) => `features.${stage + 1}.${i}`,
    head: [`features.${stages + 1}.0`, `features.${stages + 1}.1`],
    classifier: 'classifier.1',
  } as const;
}

function checkScale(
  name: string,
  width: number,
  depth: number,
  stages: readonly EfficientNetStage[],
): void {
  const counts = stages.flatMap(({ blocks, out }) => [blocks, out]);
  const whole = counts.length > 0 && counts.every((v) => Number.isInteger(v) && v >= 1);
  if (whole && width > 0 && width < Infinity && depth > 0 && depth < Infinity) return;
  throw new ModelError(
    `${name}: invalid EfficientNet of ${stages.length} stages, width ${width} and depth ${depth}`,
    {
      code: 'option',
      where: currentSite(),
      hint: '`width` and `depth` must be factors above 0; the blocks and channels of a stage must be whole numbers of at least 1',
    },
  );
}

/** TensorFlow's own padding and epsilon, which its weights need. */
const tensorflow = { padding: 'same', norm: { epsilon: 1e-3 } } as const;

/** torchvision has B0 to B7; the larger three were trained with TensorFlow's batch normalisation. */
const torchvision = { names: 'torchvision' } as const;
const torchvisionLarge = { ...torchvision, norm: { epsilon: 1e-3, momentum: 0.01 } } as const;

const { b0, b1, b2, b3, b4, b5, b6, b7 } = efficientnetScales;

/** Shares that timm evaluates TensorFlow's weights with, at these sizes; nothing is published for L0 and L1. */
const tensorflowShares: Readonly<Record<string, number>> = {
  ...{ b0: 0.875, b1: 0.882, b2: 0.89, b3: 0.904, b4: 0.922 },
  ...{ b5: 0.934, b6: 0.942, b7: 0.949, b8: 0.954, l2: 0.936 },
};

/** Shares of timm's own weights; of B1 to B4 it takes all, at 256, 288, 320 and 384 px. */
const timmShares: Readonly<Record<string, number>> = {
  ...tensorflowShares,
  ...{ b1: 1, b2: 1, b3: 1, b4: 1 },
};

/** Crop fractions of torchvision's evaluation; for B2 at 288 px. */
const torchvisionShares: Readonly<Record<string, number>> = {
  ...{ b0: 224 / 256, b1: 240 / 256, b2: 288 / 288, b3: 300 / 320, b4: 380 / 384 },
  ...{ b5: 456 / 456, b6: 528 / 528, b7: 600 / 600 },
};

/** Both libraries' filter, and the share of a scale in one of them. */
function viewAt(scale: string, shares: Readonly<Record<string, number>>): ViewChoices {
  return { interpolation: 'bicubic', cropPct: shares[scale] };
}

/**
 * The EfficientNets that are shipped, by scale: `efficientnet_*` and `tf_efficientnet_*` are timm's,
 * `*_32` the same for images of 32 px and 10 classes, `tv_efficientnet_*` torchvision's.
 */
export const shippedEfficientnets: readonly EfficientNetOptions[] = [
  ...Object.entries(efficientnetScales).flatMap(([scale, shared]) => [
    { name: `efficientnet_${scale}`, ...shared, view: viewAt(scale, timmShares) },
    {
      name: `tf_efficientnet_${scale}`,
      ...shared,
      ...tensorflow,
      view: viewAt(scale, tensorflowShares),
    },
  ]),
  ...Object.entries(efficientnetScales)
    .filter(([scale]) => scale.startsWith('b'))
    .flatMap(([scale, { width, depth, drop }]) => {
      const small = { size: 32, classes: 10, stages: smallImageStages, statistics: halfStatistics };
      return [
        { name: `efficientnet_${scale}_32`, width, depth, drop, ...small },
        { name: `tf_efficientnet_${scale}_32`, width, depth, drop, ...small, ...tensorflow },
      ];
    }),
  ...Object.entries({ b0, b1, b2, b3, b4 }).map(([scale, shared]) => ({
    name: `tv_efficientnet_${scale}`,
    ...shared,
    ...torchvision,
    view: viewAt(scale, torchvisionShares),
  })),
  ...Object.entries({ b5, b6, b7 }).map(([scale, shared]) => ({
    name: `tv_efficientnet_${scale}`,
    ...shared,
    ...torchvisionLarge,
    view: viewAt(scale, torchvisionShares),
  })),
];
