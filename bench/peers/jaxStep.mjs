/**
 * Training steps of convnet.model.ts in jax-js: node jaxStep.mjs FOLDER BATCH, where FOLDER has its package.
 * Cross-entropy, SGD with momentum, all of it under `jit`; see takeTurns for what it writes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { convolutions, digits, kernelValues, takeTurns } from './turns.mjs';

const [folder, words] = process.argv.slice(2);
const batch = Number(words);
const place = join(folder, 'node_modules/@jax-js/jax');
const { version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
// Its kernels ask for the browser, of which Node 20 knows nothing.
globalThis.navigator ??= { userAgent: `Node.js/${process.version}` };
const jax = await import(pathToFileURL(join(place, 'dist/index.js')).href);
const { numpy: np, nn, lax, tree } = jax;
await jax.init('wasm');
jax.defaultDevice('wasm');

const array = (values, shape) => np.array(values).reshape(shape);
let params = {
  convs: convolutions.map(([out, inputs, size]) => ({
    kernel: array(kernelValues(out * inputs * size * size, inputs * size * size), [
      ...[out, inputs],
      ...[size, size],
    ]),
    bias: np.zeros([out, 1, 1]),
  })),
  head: { kernel: array(kernelValues(640, 64), [64, 10]), bias: np.zeros([10]) },
};
let momenta = tree.map((own) => np.zeros(own.shape), tree.ref(params));
const { images, labels } = digits(batch);
const x = array(images, [batch, 1, 28, 28]);
const target = nn.oneHot(np.array(labels, { dtype: np.int32 }), 10);

function lossOf({ convs, head }, input, wanted) {
  let map = input;
  for (const [i, { kernel, bias }] of convs.entries()) {
    const [, , , stride] = convolutions[i];
    const edges = [
      [1, 1],
      [1, 1],
    ];
    const sums = lax.convGeneralDilated(map, kernel, [stride, stride], edges);
    map = nn.relu(sums.add(bias));
  }
  const logits = np.dot(map.mean([2, 3]), head.kernel).add(head.bias);
  return nn.logSoftmax(logits).mul(wanted).sum(1).mean().neg();
}

const step = jax.jit((own, moments, input, wanted) => {
  const [loss, grads] = jax.valueAndGrad(lossOf)(tree.ref(own), input, wanted);
  const next = tree.map((moment, grad) => moment.mul(0.9).add(grad), moments, grads);
  const moved = tree.map((param, moment) => param.sub(moment.mul(0.01)), own, tree.ref(next));
  return [loss, moved, next];
});

await takeTurns(version, async () => {
  const [loss, moved, next] = step(params, momenta, x.ref, target.ref);
  params = moved;
  momenta = next;
  if (!Number.isFinite((await loss.data())[0])) throw new Error('the loss is not finite');
  await jax.blockUntilReady(tree.ref(params));
});
