import {
  batchNorm,
  classifier,
  conv2d,
  defineModel,
  image,
  linearDecay,
  mbConv,
  silu,
  type Model,
} from '../../src/nn/index.js';

/** Stages of arXiv 1905.11946, table 1: expansion, output channels, blocks, first stride, kernel. */
const stages = [
  [1, 16, 1, 1, 3],
  [6, 24, 2, 2, 3],
  [6, 40, 2, 2, 5],
  [6, 80, 3, 2, 3],
  [6, 112, 3, 1, 5],
  [6, 192, 4, 2, 5],
  [6, 320, 1, 1, 3],
] as const;

/** EfficientNet-B0 with timm's names, written out of the blocks for the tests of this folder. */
export function efficientnetB0(padding: 'same' | 'symmetric' = 'symmetric'): Model {
  return defineModel({
    name: 'efficientnet_b0',
    input: image(3, 224, 224),
    classes: 1000,
    drop: 0.2,
    dropPath: 0.2,
    build(x, { classes, drop, dropPath }) {
      const survivals = linearDecay(16, 1 - dropPath);
      x = conv2d(x, { name: 'conv_stem', out: 32, kernel: 3, stride: 2, padding, bias: false });
      x = silu(batchNorm(x, { name: 'bn1' }));
      let block = 0;
      for (const [stage, [expand, out, repeats, first, kernel]] of stages.entries())
        for (let i = 0; i < repeats; i++) {
          const stride = i === 0 ? first : 1;
          const name = `blocks.${stage}.${i}`;
          const survival = survivals[block++] ?? 1;
          x = mbConv(x, { name, out, expand, kernel, stride, padding, survival });
        }
      x = conv2d(x, { name: 'conv_head', out: 1280, kernel: 1, bias: false });
      x = silu(batchNorm(x, { name: 'bn2' }));
      return classifier(x, { classes, dropout: drop });
    },
  });
}
