import { classifier, conv2d, defineModel, image, relu } from 'gradus';

/** A convnet for digits that every library for JavaScript can spell; see jaxStep.mjs and tfjsStep.mjs. */
export default defineModel({
  name: 'convnet',
  input: image(1, 28, 28, { mean: [0.5], std: [0.5] }),
  classes: 10,
  build(x, { classes }) {
    x = relu(conv2d(x, { name: 'conv1', out: 16, kernel: 3, padding: 1 }));
    x = relu(conv2d(x, { name: 'conv2', out: 32, kernel: 3, stride: 2, padding: 1 }));
    x = relu(conv2d(x, { name: 'conv3', out: 64, kernel: 3, stride: 2, padding: 1 }));
    return classifier(x, { classes });
  },
});
