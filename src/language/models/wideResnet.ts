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
  relu,
  stochasticDepth,
  type ImageOptions,
  type Model,
} from '../nn/index.js';
import { currentSite } from '../../compiler/trace/callSites.js';
import { ModelError } from '../../support/errors.js';
import { cifarStatistics } from './statistics.js';

interface WideBlockOptions {
  readonly out: number;
  readonly stride: number;
  readonly survival: number;
}

/** Normalisation and activation come first, and if the shape changes the shortcut starts behind them. */
const wideBlock = defineLayer('wide_block', (x: Value, options: WideBlockOptions) => {
  const { out, stride, survival } = options;
  const conv = { out, kernel: 3, padding: 1, bias: false };
  const active = relu(batchNorm(x, { name: 'bn1' }));
  let y = conv2d(active, { ...conv, name: 'conv1', stride });
  y = relu(batchNorm(y, { name: 'bn2' }));
  y = conv2d(y, { ...conv, name: 'conv2' });
  const same = stride === 1 && x.channels === out;
  const project = { name: 'downsample', out, kernel: 1, stride, bias: false };
  return add(same ? x : conv2d(active, project), stochasticDepth(y, { survival }));
});

export interface WideResNetOptions {
  /** Default `wrn_<depth>_<width>`. */
  readonly name?: string;
  /** Layers with weights: 6n + 4. */
  readonly depth: number;
  /** Factor of the channels 16, 32 and 64. */
  readonly width: number;
  /** Height and width of the image; default 32. */
  readonly size?: number;
  /** Default 10. */
  readonly classes?: number;
  /** Dropout rate before the classifier; default 0. */
  readonly drop?: number;
  /** Stochastic-depth rate: block l of L is dropped with dropPath * l / L, l from 1; default 0. */
  readonly dropPath?: number;
  /** Default: CIFAR-10's. */
  readonly statistics?: ImageOptions;
}

/**
 * A Wide-ResNet, pre-activated; image [N,3,H,W] -> logits [N,classes]. Named as a ResNet of
 * torchvision, its last normalisation `bn1`. Errors: another depth, a width that is not a whole number.
 * Source: arXiv 1605.07146 and its code.
 *
 * @example export default wideResnet({ depth: 28, width: 2 });
 */
export function wideResnet(options: WideResNetOptions): Model {
  const { depth, width, name = `wrn_${depth}_${width}`, size = 32, classes = 10 } = options;
  const { drop = 0, dropPath = 0, statistics = cifarStatistics } = options;
  const n = (depth - 4) / 6;
  if (![n, width].every((count) => Number.isInteger(count) && count >= 1))
    throw new ModelError(`${name}: invalid depth ${depth} or width ${width}`, {
      code: 'option',
      where: currentSite(),
      hint: '`depth` must be 6n + 4, for example 28, and `width` a whole number',
    });
  return defineModel({
    name,
    input: image(3, size, size, statistics),
    classes,
    drop,
    dropPath,
    build(x, { classes, drop, dropPath }) {
      const survivals = linearDecay(3 * n, 1 - dropPath, { from: 1 }).values();
      x = conv2d(x, { name: 'conv1', out: 16, kernel: 3, padding: 1, bias: false });
      for (const [i, channels] of [16, 32, 64].entries())
        for (let j = 0; j < n; j++)
          x = wideBlock(x, {
            name: `layer${i + 1}.${j}`,
            out: channels * width,
            stride: i > 0 && j === 0 ? 2 : 1,
            survival: survivals.next().value ?? 1,
          });
      x = relu(batchNorm(x, { name: 'bn1' }));
      const init = { kind: 'fanInUniform' } as const;
      return classifier(x, { name: 'fc', classes, dropout: drop, init });
    },
  });
}
