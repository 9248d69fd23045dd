/**
 * A long training of a net of a few parameters: node steps.mjs FOLDER STEPS. It prints, a line of JSON each
 * hundredth of the way: the step, resident bytes, bytes of the heap, open descriptors, bytes of metrics.jsonl.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as gradus from '../../dist/src/index.js';

const { ArrayDataset, ShuffledBatches, classifier, conv2d, defineModel, image, relu, runTraining } =
  gradus;
const [folder, steps] = [process.argv[2], Number(process.argv[3])];
const sampled = Math.max(1, Math.floor(steps / 100));

const count = 64;
const dataset = new ArrayDataset({
  ...{ shape: [1, 4, 4], classes: 2 },
  images: Uint8Array.from({ length: count * 16 }, (_, i) => (i * i * 7) % 251),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
});
const model = defineModel({
  ...{ name: 'few', input: image(1, 4, 4), classes: 2 },
  build(x, { classes }) {
    x = relu(conv2d(x, { name: 'stem', out: 2, kernel: 3, stride: 2 }));
    return classifier(x, { classes });
  },
});

function sample(step) {
  // What is garbage is no growth.
  globalThis.gc?.();
  // Descriptors are counted where the system tells them.
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length - 1 : null;
  const { rss, heapUsed } = process.memoryUsage();
  const metrics = statSync(join(folder, 'metrics.jsonl')).size;
  console.log(JSON.stringify({ step, rss, heapUsed, descriptors, metrics }));
}

const { trainer } = await runTraining(
  {
    ...{ title: 'few', folder, model, steps, keepLast: 2, config: {} },
    trainer: { batch: 4, seed: 3, optimizer: { kind: 'sgd', momentum: 0.9 }, device: 'cpu' },
    source: new ShuffledBatches(dataset, { batch: 4, seed: 3 }),
    schedule: { kind: 'cosine', rate: 0.01 },
    validation: dataset,
    ...{ evaluateEvery: 1000, checkpointEvery: 1000 },
  },
  {
    onEvent: ({ kind, step }) => {
      if (kind === 'step' && step % sampled === 0) sample(step);
    },
  },
);
await trainer.close();
