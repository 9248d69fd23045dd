// Trains a small run with a checkpoint after every second step, as a process that tests can kill:
// node tinyRunProcess.mjs FOLDER [DEVICE [STEPS]]. It resumes what it finds, and writes a line of each
// event.
import { writeSync } from 'node:fs';
import {
  ArrayDataset,
  batchNorm,
  classifier,
  conv2d,
  defineModel,
  image,
  mbConv,
  runTraining,
  ShuffledBatches,
  silu,
} from '../../dist/src/index.js';

const [folder, device = 'cpu', steps = '100'] = process.argv.slice(2);

const model = defineModel({
  name: 'killed-net',
  input: image(1, 8, 8),
  classes: 4,
  drop: 0.2,
  build(x, { classes, drop }) {
    x = conv2d(x, { name: 'stem', out: 4, kernel: 3, stride: 2, bias: false });
    x = silu(batchNorm(x, { name: 'bn' }));
    x = mbConv(x, { name: 'block', out: 4, expand: 2, survival: 0.7 });
    return classifier(x, { classes, dropout: drop });
  },
});

const count = 48;
const images = Uint8Array.from({ length: count * 64 }, (_, i) => (i * i * 7) % 251);
const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
const dataset = new ArrayDataset({ shape: [1, 8, 8], classes: 4, images, labels });

const { trainer } = await runTraining(
  {
    title: 'killed',
    folder,
    model,
    trainer: { batch: 8, seed: 3, optimizer: { kind: 'rmspropTf' }, emaDecay: 0.9, device },
    source: new ShuffledBatches(dataset, { batch: 8, seed: 3 }),
    steps: Number(steps),
    schedule: { kind: 'cosine', rate: 0.02 },
    validation: dataset,
    evaluateEvery: 5,
    checkpointEvery: 2,
    keepLast: 2,
    config: {},
  },
  { resume: true, onEvent: ({ kind, step = 0 }) => writeSync(1, `${kind} ${step}\n`) },
);
await trainer.close();
