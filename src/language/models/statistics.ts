import type { ImageOptions } from '../nn/index.js';

/** Mean and deviation of ImageNet's channels, which timm's and torchvision's models are trained with. */
export const imagenetStatistics = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const satisfies ImageOptions;

/** Mean and deviation of CIFAR-10's channels over all pixels of its training images. */
export const cifarStatistics = {
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
} as const satisfies ImageOptions;

/** From 0..1 to -1..1, if no statistics are published. */
export const halfStatistics = {
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
} as const satisfies ImageOptions;
