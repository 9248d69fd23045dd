import {
  classifier,
  convBnAct,
  defineModel,
  image,
  linearDecay,
  mbConv,
  type BatchSource,
  type Model,
} from '../src/index.js';

export const classes = 1000;

/** Repeats, kernel, stride, expand, out; arXiv 1905.11946, table 1. */
const stages = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
] as const;

/** What a step of the benchmarks does, beside the forward and backward pass. */
export const trainerOptions = {
  optimizer: { kind: 'rmspropTf', weightDecay: 1e-5 },
  emaDecay: 0.9999,
} as const;

/** EfficientNet-B0 for images [3,size,size], with dropout and stochastic depth. */
export function b0(size: number): Model {
  return defineModel({
    name: 'b0',
    input: image(3, size, size),
    classes,
    drop: 0.2,
    dropPath: 0.2,
    build(x, { classes, drop, dropPath }) {
      const survivals = linearDecay(16, 1 - dropPath);
      let block = 0;
      x = convBnAct(x, { name: 'stem', out: 32, kernel: 3, stride: 2 });
      for (const [s, [repeats, kernel, stride, expand, out]] of stages.entries())
        for (let i = 0; i < repeats; i++) {
          const survival = survivals[block++] ?? 1;
          const name = `blocks.${s}.${i}`;
          x = mbConv(x, { name, out, kernel, stride: i === 0 ? stride : 1, expand, survival });
        }
      x = convBnAct(x, { name: 'head', out: 1280, kernel: 1 });
      return classifier(x, { name: 'classifier', classes, dropout: drop });
    },
  });
}

/** Batches that cost next to nothing to make. */
export function cheapBatches(): BatchSource {
  return {
    stepsPerEpoch: 1000,
    fill: ({ image: pixels, target, weight }, step) => {
      for (let i = 0; i < pixels.length; i++) pixels[i] = ((i * 2654435761 + step) % 997) / 997;
      target.fill(0);
      for (const row of weight.keys()) target[row * classes + ((row * 37 + step) % classes)] = 1;
      weight.fill(1);
    },
  };
}
