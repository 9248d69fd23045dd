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
  type Value,
} from 'gradus';

/** Normalisation and activation come first, as in a Wide-ResNet (arXiv 1605.07146). */
const block = defineLayer(
  'block',
  (x: Value, { out, stride, survival }: { out: number; stride: number; survival: number }) => {
    const active = relu(batchNorm(x, { name: 'bn1' }));
    let y = conv2d(active, { name: 'conv1', out, kernel: 3, padding: 1, stride, bias: false });
    y = relu(batchNorm(y, { name: 'bn2' }));
    y = conv2d(y, { name: 'conv2', out, kernel: 3, padding: 1, bias: false });
    const project = { name: 'downsample', out, kernel: 1, stride, bias: false };
    return add(x.channels === out ? x : conv2d(active, project), stochasticDepth(y, { survival }));
  },
);

/**
 * A residual network for 32 px whose 4x4 stem halves the map: twice the channels for the same
 * arithmetic, and maps of few channels at full resolution, which only wait for memory, are spared.
 */
export default defineModel({
  name: 'small',
  input: image(3, 32, 32, { mean: [0.491, 0.482, 0.447], std: [0.247, 0.243, 0.262] }),
  classes: 10,
  drop: 0.1,
  dropPath: 0.1,
  build(x, { classes, drop, dropPath }) {
    const survivals = linearDecay(3, 1 - dropPath, { from: 1 });
    x = conv2d(x, { name: 'conv_stem', out: 32, kernel: 4, stride: 2, padding: 1, bias: false });
    for (const [i, out] of [32, 80, 160].entries())
      x = block(x, {
        name: `layer${i + 1}`,
        out,
        stride: i === 0 ? 1 : 2,
        survival: survivals[i] ?? 1,
      });
    x = relu(batchNorm(x, { name: 'bn' }));
    return classifier(x, { name: 'fc', classes, dropout: drop });
  },
});
