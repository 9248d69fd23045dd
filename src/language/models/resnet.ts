import type { Value } from '../../compiler/ir/graph.js';
import {
  add,
  batchNorm,
  classifier,
  conv2d,
  defineLayer,
  defineModel,
  image,
  linearDecay,
  maxPool,
  pad,
  relu,
  stochasticDepth,
  type ImageOptions,
  type Model,
} from '../nn/index.js';
import { currentSite } from '../../compiler/trace/callSites.js';
import { ModelError } from '../../support/errors.js';
import type { ViewChoices } from '../../support/imageView.js';
import { cifarStatistics, imagenetStatistics } from './statistics.js';

/**
 * Shortcut around a block that changes the shape: a 1x1 convolution, or the input with zeros as new
 * channels.
 */
export type Shortcut = 'project' | 'pad';

interface BlockOptions {
  /** Channels of the 3x3 convolutions. */
  readonly channels: number;
  readonly stride: number;
  readonly survival: number;
  readonly shortcut: Shortcut;
}

interface ConvNormOptions {
  readonly conv: string;
  readonly norm: string;
  readonly out: number;
  readonly kernel: number;
  readonly stride?: number;
}

function convNorm(x: Value, { conv, norm, ...window }: ConvNormOptions): Value {
  const y = conv2d(x, { ...window, name: conv, padding: 'symmetric', bias: false });
  return batchNorm(y, { name: norm });
}

/** Two 3x3 convolutions. Source: arXiv 1512.03385, figure 5, left. */
const basicBlock = defineLayer('basic_block', (x: Value, options: BlockOptions) => {
  const { channels: out, stride, survival } = options;
  let y = relu(convNorm(x, { conv: 'conv1', norm: 'bn1', out, kernel: 3, stride }));
  y = convNorm(y, { conv: 'conv2', norm: 'bn2', out, kernel: 3 });
  return relu(add(around(x, y, options), stochasticDepth(y, { survival })));
});

/**
 * 1x1, 3x3 and 1x1 convolutions, four times as many channels at the end. The stride is the 3x3
 * convolution's, as in torchvision and timm. Source: arXiv 1512.03385, figure 5, right.
 */
const bottleneckBlock = defineLayer('bottleneck', (x: Value, options: BlockOptions) => {
  const { channels, stride, survival } = options;
  let y = relu(convNorm(x, { conv: 'conv1', norm: 'bn1', out: channels, kernel: 1 }));
  y = relu(convNorm(y, { conv: 'conv2', norm: 'bn2', out: channels, kernel: 3, stride }));
  y = convNorm(y, { conv: 'conv3', norm: 'bn3', out: 4 * channels, kernel: 1 });
  return relu(add(around(x, y, options), stochasticDepth(y, { survival })));
});

/** x in the shape of y. Source: arXiv 1512.03385, section 3.3, options A (pad) and B (project). */
function around(x: Value, y: Value, { stride, shortcut }: BlockOptions): Value {
  const out = y.channels;
  if (stride === 1 && x.channels === out) return x;
  if (shortcut === 'project')
    return convNorm(x, { conv: 'downsample.0', norm: 'downsample.1', out, kernel: 1, stride });
  const kept = stride === 1 ? x : maxPool(x, { kernel: 1, stride });
  return pad(kept, { after: out - x.channels });
}

export interface ResNetOptions {
  readonly name: string;
  /** Default basic. */
  readonly block?: 'basic' | 'bottleneck';
  /** Blocks of each stage; every stage but the first halves the map. */
  readonly blocks: readonly number[];
  /** Channels of the first stage's 3x3 convolutions, doubled in every other; default 64. */
  readonly channels?: number;
  /** `imagenet`: a 7x7 convolution and a pool, which halve the map twice; `cifar`: a 3x3 convolution. Default imagenet. */
  readonly stem?: 'imagenet' | 'cifar';
  /** Default project. */
  readonly shortcut?: Shortcut;
  /** Height and width of the image; default 224. */
  readonly size?: number;
  /** Default 1000. */
  readonly classes?: number;
  /** Dropout rate before the classifier; default 0. */
  readonly drop?: number;
  /** Stochastic-depth rate: block l of L is dropped with dropPath * l / L, l from 1; default 0. */
  readonly dropPath?: number;
  /** Default: ImageNet's. */
  readonly statistics?: ImageOptions;
  /** View of images in evaluation, unless `statistics` gives it (default: as for `image`). */
  readonly view?: ViewChoices;
}

/**
 * A ResNet with torchvision's names, which are timm's too; image [N,3,H,W] -> logits [N,classes].
 * Errors: no blocks. Source: arXiv 1512.03385; stochastic depth: arXiv 1603.09382.
 *
 * @example export default resnet({ name: 'resnet26', blocks: [3, 3, 3, 3], classes: 10 });
 */
export function resnet(options: ResNetOptions): Model {
  const { name, block = 'basic', blocks, channels = 64, stem = 'imagenet' } = options;
  const { shortcut = 'project', size = 224, classes = 1000, drop = 0, dropPath = 0 } = options;
  checkBlocks(name, blocks);
  const residual = block === 'basic' ? basicBlock : bottleneckBlock;
  const total = blocks.reduce((a, b) => a + b, 0);
  return defineModel({
    name,
    input: image(3, size, size, { ...options.view, ...(options.statistics ?? imagenetStatistics) }),
    classes,
    drop,
    dropPath,
    build(x, { classes, drop, dropPath }) {
      const survivals = linearDecay(total, 1 - dropPath, { from: 1 }).values();
      const window = stem === 'imagenet' ? { kernel: 7, stride: 2 } : { kernel: 3 };
      x = relu(convNorm(x, { conv: 'conv1', norm: 'bn1', out: channels, ...window }));
      if (stem === 'imagenet') x = maxPool(x, { kernel: 3, stride: 2, padding: 1 });
      for (const [i, count] of blocks.entries())
        for (let j = 0; j < count; j++)
          x = residual(x, {
            name: `layer${i + 1}.${j}`,
            channels: channels * 2 ** i,
            stride: i > 0 && j === 0 ? 2 : 1,
            survival: survivals.next().value ?? 1,
            shortcut,
          });
      return pytorchClassifier(x, { classes, dropout: drop });
    },
  });
}

/** The classifier of PyTorch's models: `fc`, which starts as PyTorch's Linear does. */
function pytorchClassifier(x: Value, options: { classes: number; dropout: number }): Value {
  const bound = 1 / Math.sqrt(x.channels);
  const init = { kind: 'uniform', low: -bound, high: bound } as const;
  return classifier(x, { ...options, name: 'fc', init, biasInit: init });
}

export interface CifarResNetOptions extends Pick<
  ResNetOptions,
  'classes' | 'drop' | 'dropPath' | 'statistics'
> {
  /** Default `resnet<depth>_cifar`. */
  readonly name?: string;
  /** Layers with weights: 6n + 2. */
  readonly depth: number;
}

/**
 * The ResNet of 6n + 2 layers for images of 32 px; image [N,3,H,W] -> logits [N,classes]. Shortcuts
 * have no weights (option A): with the projections of option B the published counts, 0.46 million
 * for 32 layers and 0.85 for 56, would be 0.47 and 0.86. The last block survives with a probability
 * of 0.5 unless told. Errors: another depth. Source: arXiv 1512.03385, section 4.2; 1603.09382.
 *
 * @example export default cifarResnet({ depth: 110, classes: 100 });
 */
export function cifarResnet(options: CifarResNetOptions): Model {
  const { depth, name = `resnet${depth}_cifar`, classes = 10, dropPath = 0.5 } = options;
  const n = (depth - 2) / 6;
  if (!Number.isInteger(n) || n < 1)
    throw new ModelError(`${name}: ${depth} layers`, {
      code: 'option',
      where: currentSite(),
      hint: '`depth` must be 6n + 2, for example 20, 56 or 110',
    });
  return resnet({
    statistics: cifarStatistics,
    ...options,
    name,
    blocks: [n, n, n],
    channels: 16,
    stem: 'cifar',
    shortcut: 'pad',
    size: 32,
    classes,
    dropPath,
  });
}

function checkBlocks(name: string, blocks: readonly number[]): void {
  if (blocks.length > 0 && blocks.every((count) => Number.isInteger(count) && count >= 1)) return;
  throw new ModelError(`${name}: invalid ResNet of [${blocks.join(',')}] blocks`, {
    code: 'option',
    where: currentSite(),
    hint: '`blocks` must hold a whole number of at least 1 for each stage, for example [2, 2, 2, 2]',
  });
}

/** torchvision's evaluation: a short side of 256 px, bilinear, of which the middle 224. */
const view = { interpolation: 'bilinear', cropPct: 224 / 256 } as const satisfies ViewChoices;

/** The ResNets that are shipped: torchvision's for ImageNet. */
export const shippedResnets: readonly ResNetOptions[] = [
  { name: 'resnet18', view, blocks: [2, 2, 2, 2] },
  { name: 'resnet34', view, blocks: [3, 4, 6, 3] },
  { name: 'resnet50', view, block: 'bottleneck', blocks: [3, 4, 6, 3] },
  { name: 'resnet101', view, block: 'bottleneck', blocks: [3, 4, 23, 3] },
  { name: 'resnet152', view, block: 'bottleneck', blocks: [3, 8, 36, 3] },
];

/** Layers of the CIFAR ResNets that are shipped. */
export const shippedCifarDepths: readonly number[] = [20, 32, 44, 56, 110, 302, 602, 1202];
