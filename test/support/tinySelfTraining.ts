import { createHash } from 'node:crypto';
import type { ArrayDataset } from '../../src/data/loader/dataset.js';
import type { LabelledImages } from '../../src/data/sets/images.js';
import { parseSelfTrainingConfig } from '../../src/selftrain/loop/config.js';
import type { SelfTrainOptions } from '../../src/selftrain/loop/selfTrain.js';
import type { SelfTrainingSets } from '../../src/selftrain/loop/sets.js';
import { quarters, tinyNet } from './tinyDigits.js';
import { quarterNames } from './tinyTeacher.js';

/** Images of `quarters` as the loader takes them. */
export function quarterImages(count: number, seed: number): LabelledImages {
  const data = bytesOf(quarters(count, seed));
  return {
    name: `quarters ${seed}`,
    count,
    fingerprint: createHash('sha256').update(data).digest('hex'),
    packed: { data, layout: 'nchw', shape: [1, 8, 8] },
    id: (i) => `images/${i}.png`,
    where: (i) => i,
    classNames: quarterNames,
    label: (i) => i % quarterNames.length,
  };
}

function bytesOf(set: ArrayDataset): Uint8Array {
  const [pixels, image] = [64, new Float32Array(64)];
  const bytes = new Uint8Array(set.count * pixels);
  for (let i = 0; i < set.count; i++) {
    set.image(i, image);
    bytes.set(
      image.map((v) => Math.round(255 * v)),
      i * pixels,
    );
  }
  return bytes;
}

export function quarterSets(): SelfTrainingSets {
  return {
    labelled: quarterImages(48, 1),
    validation: quarterImages(32, 2),
    unlabelled: quarterImages(120, 3),
    test: quarterImages(40, 4),
  };
}

/** A teacher, two students and a control, of seconds. */
export function tinySelfTraining(changes: { teacher?: object; students?: object[] } = {}) {
  const { teacher = {}, students = [{}, {}] } = changes;
  return parseSelfTrainingConfig(
    {
      name: 'tiny',
      data: { labelled: 'given', unlabelled: 'given', test: 'given' },
      teacher: {
        model: 'tiny',
        steps: 40,
        batch: 8,
        optimizer: { kind: 'rmspropTf', learningRate: 0.02 },
        ema: 0.9,
        noise: { augment: { shift: 1 } },
        checkpoints: { every: 2, keepLast: 2 },
        ...teacher,
      },
      students: students.map((own, i) => ({
        ...(i === 0 && { ratio: 2, steps: 60, labels: { perClass: 40, threshold: 0.26 } }),
        ...own,
      })),
      control: true,
      threads: 1,
    },
    'tiny.json',
  );
}

/** Options of a run in a folder, with the sets and the model that the config means. */
export function tinyOptions(out: string): SelfTrainOptions {
  return {
    configFolder: out,
    out,
    sets: quarterSets(),
    models: { tiny: tinyNet(), wider: tinyNet({ channels: 8 }) },
  };
}
