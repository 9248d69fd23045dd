import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  parseTrainingConfig,
  type TrainingConfigInput,
} from '../../../src/training/config/config.js';
import { evaluateCheckpoint } from '../../../src/training/evaluation/evaluateCheckpoint.js';
import type { TrainingControl } from '../../../src/training/run/runTraining.js';
import { trainFromConfig } from '../../../src/training/run/trainFromConfig.js';
import { packDataSet } from '../../../src/data/datasets/packDataSet.js';
import { nadam, sgd } from '../../../src/index.js';
import { quartersImage } from '../../data/fixtures.js';
import { tinyCifar10, tinyPackage } from '../../data/datasets/tinyCifar10.js';
import { suiteFolder, temporaryFolder } from '../../support/folder.js';
import { filesBelow } from '../../support/tinyRun.js';

const noise = { randAugment: { n: 2, m: 10 }, cutout: 8, pad: 4, flip: true } as const;
const packed = { labelled: 'cifar10/train', test: 'cifar10/test' };
const folder = suiteFolder();

beforeAll(async () => {
  writeFileSync(
    join(folder, 'linear.model.js'),
    `import { classifier, conv2d, defineModel, image } from 'gradus';
export default defineModel({
  name: 'linear', input: image(3, 32, 32), classes: 10, drop: 0.1,
  build: (x, { classes, drop }) =>
    classifier(conv2d(x, { name: 'stem', out: 8, kernel: 4, stride: 4 }), { classes, dropout: drop }),
});
`,
  );
  await packDataSet(tinyCifar10, join(folder, 'cifar10'), { package: await tinyPackage(folder) });
  for (const [name, colour] of Object.entries({ grey: 128, white: 255 })) {
    mkdirSync(join(folder, 'photos', name), { recursive: true });
    for (let i = 0; i < 6; i++)
      await quartersImage(48, 40, [
        [i, i, i],
        [colour, colour, colour],
        [0, 0, 0],
        [9, 9, 9],
      ])
        .png()
        .toFile(join(folder, 'photos', name, `${i}.png`));
  }
});

/** Trains a linear network with dropout for six steps, on the tiny CIFAR-10 unless told. */
function train(
  out: string,
  changes: Partial<TrainingConfigInput> = {},
  control: TrainingControl = {},
) {
  const config = parseTrainingConfig(
    {
      ...{ name: 'n', model: './linear.model.js', data: packed, noise, batch: 20, steps: 6 },
      optimizer: sgd({ learningRate: 0.01 }),
      // In the middle of an epoch of 4 steps.
      ...{ checkpoints: { every: 0.75, keepLast: 3 }, validation: { share: 0.2, every: 1 } },
      ...changes,
    },
    'c.json',
  );
  return trainFromConfig(config, { configFolder: folder, out, ...control });
}

describe('gradus train on images', () => {
  it('ends with the same bytes whether it was interrupted in an epoch or not', async () => {
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    const result = await train(whole);
    expect(result).toMatchObject({ step: 6, best: { images: 20 }, test: { images: 20 } });
    const abort = new AbortController();
    const onEvent: TrainingControl['onEvent'] = (event) => {
      if (event.kind === 'step' && event.step === 3) abort.abort();
    };
    expect(await train(parts, {}, { signal: abort.signal, onEvent })).toMatchObject({ step: 3 });
    await train(parts, {}, { resume: true });
    const { 'run.json': _, ...wanted } = filesBelow(whole);
    expect(filesBelow(parts)).toMatchObject(wanted);
    const { accuracy, loss } = await evaluateCheckpoint(whole);
    expect(result.test).toMatchObject({ accuracy, loss });
  });

  it('resumes bit for bit with balanced classes, mixed images and numbers that an optimizer carries', async () => {
    const changes: Partial<TrainingConfigInput> = {
      ...{ criterion: 'focal', classWeights: { automobile: 3 }, sampler: 'balanced' },
      noise: { flip: true, mix: { mixup: 0.5, cutmix: 1, mode: 'elem', offEpoch: 1 } },
      validation: { share: 0.2, every: 0.5, metric: 'macroF1' },
      optimizer: nadam({ learningRate: 0.01 }),
    };
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    const texts: string[] = [];
    await train(whole, changes, {
      onEvent: (event) => {
        if (event.kind === 'message') texts.push(event.text);
      },
    });
    expect(texts.some((text) => text.startsWith('note: classes weigh in the loss: '))).toBe(true);
    expect(texts).toContain(
      'note: classes are balanced twice, by classWeights and by sampler: either would do',
    );
    const info = JSON.parse(readFileSync(join(whole, 'run.json'), 'utf8')) as object;
    expect(info).toMatchObject({ classWeights: { airplane: 1, automobile: 3 } });
    const metrics = readFileSync(join(whole, 'metrics.jsonl'), 'utf8');
    expect(metrics).toMatch(/"kind":"eval".*"macroF1":/);
    const abort = new AbortController();
    const onEvent: TrainingControl['onEvent'] = (event) => {
      if (event.kind === 'step' && event.step === 3) abort.abort();
    };
    expect(await train(parts, changes, { signal: abort.signal, onEvent })).toMatchObject({
      step: 3,
    });
    await train(parts, changes, { resume: true });
    const { 'run.json': _, ...wanted } = filesBelow(whole);
    expect(filesBelow(parts)).toMatchObject(wanted);
  });

  it('goes on with a run of an older version, whose config lacks keys that have come since', async () => {
    const out = temporaryFolder();
    await train(out, { steps: 2 });
    const file = join(out, 'run.json');
    const { config, ...info } = JSON.parse(readFileSync(file, 'utf8')) as { config: object };
    const { precision: _, ...older } = config as { precision: string };
    writeFileSync(file, JSON.stringify({ ...info, config: older }));
    expect(await train(out, { steps: 3 }, { resume: true })).toMatchObject({ step: 3 });
    writeFileSync(file, JSON.stringify({ ...info, config: older }));
    const other = train(out, { steps: 4, precision: 'bfloat16' }, { resume: true });
    await expect(other).rejects.toMatchObject({
      code: 'config-differs',
      notes: ['precision: "float32" then, "bfloat16" now'],
    });
  });

  it('goes on where another word stands for the device it took, and on no other device', async () => {
    const out = temporaryFolder();
    // What a machine without a GPU takes by itself.
    await train(out, { steps: 1, device: 'cpu' });
    const file = join(out, 'run.json');
    const info = JSON.parse(readFileSync(file, 'utf8')) as { config: object };
    expect(info).toMatchObject({ device: 'cpu' });
    const auto = { ...info, config: { ...info.config, device: 'auto' } };
    writeFileSync(file, JSON.stringify(auto));
    expect(await train(out, { steps: 2, device: 'cpu' }, { resume: true })).toMatchObject({
      step: 2,
    });
    writeFileSync(file, JSON.stringify({ ...auto, device: 'cuda' }));
    const other = train(out, { steps: 3, device: 'cpu' }, { resume: true });
    await expect(other).rejects.toMatchObject({
      code: 'config-differs',
      notes: ['device: "cuda" then, "cpu" now'],
    });
  });

  it('ends with a second phase at a larger size, which alone is tested', async () => {
    const changes = {
      fixResolution: { size: 40, epochs: 1, freeze: ['stem'] },
      // More would tell that the run was interrupted.
      checkpoints: { every: 0.75, keepLast: 1 },
    };
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    const result = await train(whole, changes);
    expect(result).toMatchObject({
      step: 6,
      fixed: { step: 4 },
      test: { readings: 1, images: 20 },
    });
    expect(existsSync(join(whole, 'test.json'))).toBe(false);
    expect(existsSync(join(whole, 'fixed/test.json'))).toBe(true);
    const evaluated = await evaluateCheckpoint(whole);
    expect(evaluated.checkpoint).toBe(result.fixed?.chosen.path);
    expect(result.test).toMatchObject({ accuracy: evaluated.accuracy, loss: evaluated.loss });
    const abort = new AbortController();
    const onEvent: TrainingControl['onEvent'] = (event) => {
      if (event.kind === 'begin' && event.title === 'n at 40 px') abort.abort();
    };
    const first = await train(parts, changes, { signal: abort.signal, onEvent });
    expect(first).toMatchObject({ interrupted: true, step: 6, fixed: { step: 1 } });
    await train(parts, changes, { resume: true });
    const { 'run.json': _, ...wanted } = filesBelow(whole);
    expect(filesBelow(parts)).toMatchObject(wanted);
  });

  it('trains at another size than the model\u2019s own', async () => {
    const out = temporaryFolder();
    await train(out, { size: 24, noise: {} });
    const manifest = JSON.parse(
      readFileSync(join(out, 'artifacts/manifest.json'), 'utf8'),
    ) as object;
    expect(manifest).toMatchObject({ image: [3, 24, 24] });
    expect((await evaluateCheckpoint(out)).images).toBe(20);
  });

  it('lists what cannot be read, and stops where that is too much', async () => {
    const out = temporaryFolder();
    const broken = join(folder, 'photos', 'grey', '9.png');
    writeFileSync(broken, 'no picture');
    const data = { labelled: 'photos' };
    const changes = { data, batch: 4, steps: 4, validation: { share: 0.1 } };
    const texts: string[] = [];
    const onEvent: TrainingControl['onEvent'] = (event) => {
      if (event.kind === 'message') texts.push(event.text);
    };
    const result = await train(out, changes, { onEvent });
    expect(result.test).toBeUndefined();
    const [line = ''] = readFileSync(join(out, 'unreadable.jsonl'), 'utf8').split('\n');
    expect(JSON.parse(line)).toMatchObject({ image: broken });
    expect(texts).toContain(
      `warning: 1 image could not be read and is skipped; ${join(out, 'unreadable.jsonl')} lists it`,
    );
    await expect(evaluateCheckpoint(out)).rejects.toMatchObject({ code: 'no-test-set' });
    const strict = { ...changes, data: { ...data, unreadable: 0 } };
    await expect(train(temporaryFolder(), strict)).rejects.toMatchObject({
      code: 'unreadable-images',
    });
  });

  it('refuses wrong data before anything is written', async () => {
    const cases: [Partial<TrainingConfigInput>, string][] = [
      [{ data: { ...packed, test: 'photos' } }, 'classes-differ'],
      [{ data: { labelled: 'cifar10/trian' } }, 'data-set'],
      [{ data: { labelled: 'cifar10' } }, 'which-split'],
      [{ batch: 81 }, 'too-few-images'],
      [{ fixResolution: { size: 32 } }, 'fix-size'],
      [{ classes: 11 }, 'class-count'],
      [{ noise: { pad: 4, crop: 'random' } }, 'noise'],
      [{ noise: { dropPath: 0.1 } }, 'no-such-rate'],
      [{ freeze: ['stm'] }, 'freeze-unknown'],
      [{ init: 'runs/none' }, 'no-checkpoint'],
    ];
    for (const [changes, code] of cases) {
      const runs = join(temporaryFolder(), 'runs');
      await expect(train(join(runs, 'n'), changes)).rejects.toMatchObject({ code });
      expect(existsSync(runs)).toBe(false);
    }
  });
});
