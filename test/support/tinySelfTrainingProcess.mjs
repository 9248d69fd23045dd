// Runs a self-training of seconds, as a process that tests can kill: node FILE FOLDER. It goes on with
// what it finds, and writes a line of each event.
import { writeSync } from 'node:fs';
import {
  batchNorm,
  classifier,
  conv2d,
  defineModel,
  image,
  mbConv,
  parseSelfTrainingConfig,
  selfTrain,
  silu,
} from '../../dist/src/index.js';

const [folder] = process.argv.slice(2);
const classNames = ['a', 'b'];

/** Images of two classes: bright above or bright below. */
function images(count, seed) {
  const data = Uint8Array.from({ length: count * 64 }, (_, at) => {
    const bright = Number(at % 64 >= 32) === Math.floor(at / 64) % 2;
    return ((at * (at + seed) * 7) % 151) + (bright ? 90 : 0);
  });
  return {
    name: `set ${seed}`,
    count,
    fingerprint: `set ${seed} ${count}`,
    packed: { data, layout: 'nchw', shape: [1, 8, 8] },
    id: String,
    where: (i) => i,
    classNames,
    label: (i) => i % 2,
  };
}

const tiny = defineModel({
  name: 'tiny',
  input: image(1, 8, 8),
  classes: 2,
  drop: 0.2,
  build(x, { classes, drop }) {
    x = conv2d(x, { name: 'stem', out: 4, kernel: 3, stride: 2, bias: false });
    x = silu(batchNorm(x, { name: 'bn' }));
    x = mbConv(x, { name: 'block', out: 4, expand: 2, survival: 0.7 });
    return classifier(x, { classes, dropout: drop });
  },
});

const config = parseSelfTrainingConfig(
  {
    name: 'killed',
    data: { labelled: 'given', unlabelled: 'given', test: 'given' },
    teacher: {
      model: 'tiny',
      steps: 30,
      batch: 8,
      optimizer: { kind: 'rmspropTf', learningRate: 0.02 },
      ema: 0.9,
      noise: { augment: { shift: 1 } },
      checkpoints: { every: 0.5, keepLast: 2 },
    },
    students: [{ ratio: 2, steps: 20, labels: { threshold: 0.5, allowEmpty: true } }, {}],
    control: true,
    labelling: { batch: 8, shards: 5 },
    threads: 1,
  },
  'killed.json',
);

const sets = {
  labelled: images(48, 1),
  validation: images(16, 2),
  unlabelled: images(60, 3),
  test: images(20, 4),
};
await selfTrain(config, {
  configFolder: '.',
  out: folder,
  sets,
  models: { tiny },
  onEvent: ({ kind, step = 0 }) => writeSync(1, `${kind} ${step}\n`),
});
