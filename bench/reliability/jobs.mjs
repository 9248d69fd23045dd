/**
 * The work that the proofs of reliability interrupt: a training, a self-training, labels, a filter, an
 * export, each of about a second, on what users run: dist/. As a process: node jobs.mjs KIND FOLDER
 * INPUTS; each goes on with what it finds in FOLDER.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as gradus from '../../dist/src/index.js';
import { filterLabels } from '../../dist/src/selftrain/choose/filter.js';
import { labelImages } from '../../dist/src/selftrain/labels/label.js';
import { network, tinyProcessRun } from '../../test/support/tinyProcessRun.mjs';

const classNames = ['a', 'b', 'c', 'd'];
const model = network(gradus, { block: true });

async function train(folder, { steps = 100 } = {}) {
  const trainer = await tinyProcessRun(gradus, folder, { steps, onEvent: () => undefined });
  await trainer.close();
}

async function selftrain(folder) {
  process.argv[2] = folder;
  await import('../../test/support/tinySelfTrainingProcess.mjs');
}

async function label(folder, inputs, { count = 3000, shards = 12 } = {}) {
  const images = Uint8Array.from({ length: count * 64 }, (_, i) => (i * i * 7) % 251);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
  const set = new gradus.ArrayDataset({ shape: [1, 8, 8], classes: 4, images, labels });
  const ids = Array.from({ length: count }, (_, i) => `images/${i}.png`);
  const labeller = await gradus.Labeller.create(
    { model, checkpoint: join(inputs, 'run') },
    { batch: 16, threads: 1, classNames },
  );
  try {
    const source = gradus.arraySource(set, { name: 'made up', ids });
    await labelImages(labeller, source, { out: folder, shards });
  } finally {
    await labeller.close();
  }
}

async function filter(folder, inputs) {
  await filterLabels(join(inputs, 'labels'), {
    ...{ out: join(folder, 'kept.parquet'), threshold: 0.1, perClass: 900, allowEmpty: true },
  });
}

async function exportNetwork(folder, inputs) {
  for (const name of ['net.onnx', 'net.safetensors'])
    await gradus.exportModel(join(inputs, 'run'), { model, out: join(folder, name) });
}

export const jobs = {
  train: (folder) => train(folder),
  selftrain,
  label,
  filter,
  export: exportNetwork,
};

/** What labels, filters and exports begin with: a trained network, and its labels. */
export async function prepare(inputs) {
  await train(join(inputs, 'run'));
  await label(join(inputs, 'labels'), inputs);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , kind, folder, inputs] = process.argv;
  // Its code is loaded: what is to kill it counts from here.
  process.stdout.write('ready\n');
  if (kind === 'prepare') await prepare(folder);
  else await jobs[kind](folder, inputs);
}
