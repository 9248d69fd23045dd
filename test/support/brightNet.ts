import { join } from 'node:path';
import type { LabellerOptions } from '../../src/training/labelling/labeller.js';
import { architectureHash } from '../../src/compiler/compile/architecture.js';
import type { LabelledImages } from '../../src/data/sets/images.js';
import { defineModel, flatten, image, linear, traceModel } from '../../src/language/nn/index.js';
import { writeCheckpoint } from '../../src/runtime/storage/checkpoint.js';
import { tensorData } from '../../src/support/tensor.js';

const side = 8;
const pixels = side * side;

/** Class 0 where the mean level is above a half, else class 1: a network to be followed by hand. */
export const brightNet = defineModel({
  name: 'bright',
  input: image(1, side, side),
  classes: 2,
  build: (x, { classes }) => linear(flatten(x), { name: 'fc', out: classes }),
});

/** The same as a file. */
export const brightModule = `
import { defineModel, flatten, image, linear } from 'gradus';
export default defineModel({
  name: 'bright', input: image(1, 8, 8), classes: 2,
  build: (x, { classes }) => linear(flatten(x), { name: 'fc', out: classes }),
});
`;

export const brightNames = ['bright', 'dark'] as const;

/** Writes its checkpoint into a folder; returns what a labeller takes. */
export function brightTeacher(folder: string, config = {}, classes = 2) {
  const traced = traceModel(brightNet, { mode: 'eval', batch: 'dynamic', classes });
  const checkpoint = join(folder, 'checkpoint');
  const meta = { step: 3, epoch: 0, position: 0, seed: 0, best: null, config };
  const weights = Float32Array.from({ length: classes * pixels }, (_, i) =>
    i < pixels ? 4 / pixels : 0,
  );
  writeCheckpoint(
    checkpoint,
    { ...meta, architectureHash: architectureHash(traced) },
    new Map([
      ['fc.weight', tensorData('float32', [classes, pixels], [...weights])],
      ['fc.bias', tensorData('float32', [classes], [0, 2, ...Array<number>(classes - 2).fill(-9)])],
    ]),
  );
  return { checkpoint, model: brightNet };
}

export const brightOptions: LabellerOptions = { batch: 5, threads: 1, classNames: brightNames };

/** Images of one level each, with labels by `labels` or by what they are. */
export function plainImages(levels: readonly number[], labels?: readonly number[]): LabelledImages {
  const own = labels ?? levels.map((level) => (level > 127 ? 0 : 1));
  return {
    name: 'plain',
    count: levels.length,
    fingerprint: levels.join(),
    packed: {
      data: Uint8Array.from(levels.flatMap((level) => Array<number>(pixels).fill(level))),
      layout: 'nchw',
      shape: [1, side, side],
    },
    id: String,
    where: (i) => i,
    classNames: brightNames,
    label: (i) => own[i] ?? 0,
  };
}
