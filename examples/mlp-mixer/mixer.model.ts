import {
  classifier,
  conv2d,
  defineLayer,
  defineModel,
  gelu,
  image,
  layerNorm,
  linear,
  linearDecay,
  reshape,
  residual,
  transpose,
  type Value,
} from 'gradus';

const patch = 4;
const side = 28 / patch;
const width = 64;

/** Two linear layers over the last axis. */
const mlp = defineLayer('mlp', (x: Value, { hidden, out }: { hidden: number; out: number }) =>
  linear(gelu(linear(x, { name: 'fc1', out: hidden })), { name: 'fc2', out }),
);

/** Mixes patches, then channels; x [N,patches,width] -> same. Source: arXiv 2105.01601, section 2. */
const mixerBlock = defineLayer('mixer', (x: Value, { survival }: { survival: number }) => {
  const mixed = residual(
    x,
    (y) => {
      const byChannel = transpose(layerNorm(y, { name: 'norm' }), [0, 2, 1]);
      const hidden = mlp(byChannel, { hidden: 32, out: side * side });
      return transpose(hidden, [0, 2, 1]);
    },
    { name: 'tokens', survival },
  );
  return residual(mixed, (y) => mlp(layerNorm(y, { name: 'norm' }), { hidden: 256, out: width }), {
    name: 'channels',
    survival,
  });
});

/** An MLP-Mixer for 28x28 digits: no convolution but the one that cuts the image into patches. */
export default defineModel({
  name: 'mlp-mixer',
  input: image(1, 28, 28),
  classes: 10,
  drop: 0.1,
  dropPath: 0.1,
  build(x, { classes, drop, dropPath }) {
    x = conv2d(x, { name: 'stem', out: width, kernel: patch, stride: patch });
    x = transpose(reshape(x, [width, side * side]), [0, 2, 1]);
    for (const [i, survival] of linearDecay(4, 1 - dropPath).entries())
      x = mixerBlock(x, { name: `blocks.${i}`, survival });
    x = transpose(layerNorm(x, { name: 'norm' }), [0, 2, 1]);
    return classifier(reshape(x, [width, side, side]), { name: 'head', classes, dropout: drop });
  },
});
