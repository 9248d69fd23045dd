import { ArrayDataset } from '../../src/data/loader/dataset.js';
import {
  add,
  batchNorm,
  classifier,
  conv2d,
  defineModel,
  flatten,
  image,
  linear,
  mbConv,
  relu,
  silu,
  type Model,
} from '../../src/language/nn/index.js';
import { fnv1a32 } from '../../src/support/hash.js';
import { uniform } from '../../src/support/random.js';

const size = 8;
const classes = 4;

/** A network of every kind of layer that has state or noise, small enough for hundreds of steps a second. */
export function tinyNet({ channels = 4, name = 'tiny-net' } = {}): Model {
  return defineModel({
    name,
    input: image(1, size, size),
    classes,
    drop: 0.2,
    dropPath: 0.3,
    build(x, { classes, drop, dropPath }) {
      x = conv2d(x, { name: 'stem', out: channels, kernel: 3, stride: 2, bias: false });
      x = silu(batchNorm(x, { name: 'bn' }));
      x = mbConv(x, { name: 'block', out: channels, expand: 2, survival: 1 - dropPath });
      return classifier(x, { classes, dropout: drop });
    },
  });
}

/** The same without batch statistics, so that an image's gradient does not depend on its batch. */
export function normFreeNet(): Model {
  return defineModel({
    name: 'norm-free',
    input: image(1, size, size),
    classes,
    drop: 0.2,
    build(x, { classes, drop }) {
      x = relu(conv2d(x, { name: 'stem', out: 4, kernel: 3, stride: 2 }));
      x = add(x, relu(conv2d(x, { name: 'conv', out: 4, kernel: 3 })));
      return classifier(x, { classes, dropout: drop });
    },
  });
}

/** One of pixels up to 100, so that its gradients are too large for the loss scale that float16 begins with. */
export const overflowingNet = defineModel({
  name: 'overflowing',
  input: image(1, size, size, { std: [0.01] }),
  classes,
  build: (x, { classes }) => linear(flatten(x), { name: 'fc', out: classes }),
});

/** Noisy images of 4 classes, told apart by the quarter that is bright. */
export function quarters(count: number, seed = 1): ArrayDataset {
  const pixels = size * size;
  const noise = uniform(count * pixels, seed, { site: fnv1a32('quarters'), step: 0, sample: 0 });
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const images = Uint8Array.from(noise, (u, at) => {
    const [i, pixel] = [Math.floor(at / pixels), at % pixels];
    const quarter = 2 * Number(pixel >= pixels / 2) + Number(pixel % size >= size / 2);
    return Math.floor(128 * u) + (quarter === i % classes ? 96 : 0);
  });
  return new ArrayDataset({ shape: [1, size, size], classes, images, labels });
}
