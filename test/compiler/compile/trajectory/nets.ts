import {
  batchNorm,
  classifier,
  conv2d,
  defineModel,
  dropout,
  globalAvgPool,
  image,
  linear,
  maxPool,
  mbConv,
  relu,
  silu,
} from '../../../../src/language/nn/index.js';

/** ConvNet of test/goldens/trajectory/nets.py. */
export const convNet = defineModel({
  name: 'conv-net',
  input: image(1, 12, 12),
  classes: 10,
  build(x, { classes }) {
    x = conv2d(x, { name: 'conv1', out: 8, kernel: 3, padding: 1 });
    x = maxPool(relu(batchNorm(x, { name: 'bn1' })), { kernel: 2 });
    const second = { name: 'conv2', out: 16, kernel: 3, stride: 2, bias: false } as const;
    x = conv2d(x, { ...second, padding: 'symmetric' });
    x = globalAvgPool(silu(batchNorm(x, { name: 'bn2' })));
    return linear(dropout(x, { rate: 0.2 }), { name: 'classifier', out: classes });
  },
});

/** MbConvNet of test/goldens/trajectory/nets.py. */
export const mbConvNet = defineModel({
  name: 'mb-conv-net',
  input: image(3, 16, 16),
  classes: 10,
  build(x, { classes }) {
    const norm = { epsilon: 1e-3 };
    const shared = { padding: 'same', norm } as const;
    const stem = { name: 'conv_stem', out: 8, kernel: 3, stride: 2, bias: false } as const;
    x = conv2d(x, { ...stem, padding: 'same' });
    x = silu(batchNorm(x, { name: 'bn1', ...norm }));
    x = mbConv(x, { ...shared, name: 'blocks.0', out: 12, expand: 1 });
    x = mbConv(x, { ...shared, name: 'blocks.1', out: 16, expand: 4, kernel: 5, stride: 2 });
    x = mbConv(x, { ...shared, name: 'blocks.2', out: 16, expand: 4, survival: 0.8 });
    x = conv2d(x, { name: 'conv_head', out: 32, kernel: 1, bias: false });
    x = silu(batchNorm(x, { name: 'bn2', ...norm }));
    return classifier(x, { classes, dropout: 0.1 });
  },
});
