/**
 * Training steps of convnet.model.ts in TensorFlow.js: node tfjsStep.mjs FOLDER BATCH node|cpu|wasm, where FOLDER
 * has its packages. Cross-entropy and SGD with momentum; see takeTurns for what it writes.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { convolutions, digits, kernelValues, takeTurns } from './turns.mjs';

const [folder, words, backend] = process.argv.slice(2);
const batch = Number(words);
const require = createRequire(join(folder, 'package.json'));
const tf = require(backend === 'node' ? '@tensorflow/tfjs-node' : '@tensorflow/tfjs');
if (backend === 'wasm') {
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(folder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/'));
}
if (backend !== 'node' && !(await tf.setBackend(backend))) throw new Error(`no ${backend}`);
await tf.ready();

const layers = convolutions.map(([out, inputs, size, stride]) => ({
  stride,
  kernel: tf.variable(
    tf.tensor4d(kernelValues(out * inputs * size * size, inputs * size * size), [
      ...[size, size],
      ...[inputs, out],
    ]),
  ),
  bias: tf.variable(tf.zeros([out])),
}));
const head = {
  kernel: tf.variable(tf.tensor2d(kernelValues(640, 64), [64, 10])),
  bias: tf.variable(tf.zeros([10])),
};
const { images, labels } = digits(batch);
const x = tf.tensor4d(images, [batch, 28, 28, 1]);
const target = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
const optimizer = tf.train.momentum(0.01, 0.9);

function lossOf() {
  let map = x;
  for (const { kernel, bias, stride } of layers)
    map = tf.relu(tf.add(tf.conv2d(map, kernel, stride, 'same'), bias));
  const logits = tf.add(tf.matMul(tf.mean(map, [1, 2]), head.kernel), head.bias);
  return tf.losses.softmaxCrossEntropy(target, logits);
}

await takeTurns(tf.version.tfjs, async () => {
  const loss = optimizer.minimize(lossOf, true);
  if (!Number.isFinite((await loss.data())[0])) throw new Error('the loss is not finite');
  loss.dispose();
});
