import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EvaluationReport } from '../../src/training/evaluation/evaluateCheckpoint.js';
import { exportModel } from '../../src/training/weights/exportModel.js';
import { corruptionNames } from '../../src/data/augment/corruptions/corrupt.js';
import { describeEvaluation } from '../../src/cli/evaluationText.js';
import { figuresByClass, meansOfClasses } from '../../src/support/statistics/byClass.js';
import { wilson } from '../../src/support/statistics/interval.js';
import { brightTeacher } from '../support/brightNet.js';
import { temporaryFolder } from '../support/folder.js';
import { gradusBin } from '../support/paths.js';

const confusion = [
  [3, 1],
  [0, 1],
];
const perClass = figuresByClass(confusion);

const report: EvaluationReport = {
  ...{ checkpoint: 'runs/a/checkpoints/step-00000120', name: 'a', step: 120, data: 'photos/test' },
  ...{ images: 5, ofImages: 5, unreadable: 0, unreadableList: null, seconds: 0.5, digest: '' },
  ...{ n: 5, interval: wilson(4, 5), top5Interval: wilson(5, 5) },
  ...{ accuracy: 0.8, top5: 1, loss: 0.25, calibrationError: 0.031, calibration: [] },
  classNames: ['cat', 'a very long name'],
  ...{ confusion, perClass, ...meansOfClasses(perClass) },
  ...{ corruptions: null, perturbations: null, monteCarlo: null, notes: [] },
};

const byCorruption = <T>(value: T) =>
  Object.fromEntries(corruptionNames.map((name) => [name, value])) as Record<
    (typeof corruptionNames)[number],
    T
  >;

describe('what gradus eval prints', () => {
  it('is a line of figures and a small confusion matrix', () => {
    expect(describeEvaluation(report)).toMatchInlineSnapshot(`
      "checkpoint                        step            top-1    loss  calibration error  images  images/s
      --------------------------------  ----  ---------------  ------  -----------------  ------  --------
      runs/a/checkpoints/step-00000120   120  80 % (38 to 96)  0.2500             0.0310       5        10
      on photos/test

      class             images           accuracy          precision     F1
      ----------------  ------  -----------------  -----------------  -----
      cat                    4    75 % (30 to 95)  100 % (44 to 100)  0.857
      a very long name       1  100 % (21 to 100)     50 % (9 to 91)  0.667
      balanced accuracy 87.50 %, macro F1 0.7619

      is, taken for  cat  a very lon
      -------------  ---  ----------
      cat              3           1
      a very lon       .           1"
    `);
  });

  it('is the most confused pairs of many classes, and says what was left out', () => {
    const classNames = Array.from({ length: 13 }, (_, i) => `class ${i}`);
    const confusion = classNames.map((_, i) =>
      classNames.map((__, j): number => (i === j ? 7 : 0)),
    );
    confusion[2]?.splice(5, 1, 3);
    confusion[4]?.splice(0, 1, 1);
    const skipped = { images: 95, unreadable: 2, unreadableList: 'a.unreadable.jsonl' };
    const perClass = figuresByClass(confusion);
    const byClass = { perClass, ...meansOfClasses(perClass) };
    const many = { ...report, classNames, confusion, ...byClass, step: null, ...skipped };
    expect(describeEvaluation({ ...many, ofImages: 1000 })).toMatchInlineSnapshot(`
      "checkpoint                                  top-1                    top-5    loss  calibration error  images  images/s
      --------------------------------  ---------------  -----------------------  ------  -----------------  ------  --------
      runs/a/checkpoints/step-00000120  80 % (71 to 87)  100.0 % (96.1 to 100.0)  0.2500             0.0310      95       190
      on photos/test
      a sample of 97 images, evenly spread over 1,000
      2 of the images could not be read: a.unreadable.jsonl lists them

      class     images           accuracy          precision     F1
      --------  ------  -----------------  -----------------  -----
      class 0        7  100 % (65 to 100)    88 % (53 to 98)  0.933
      class 1        7  100 % (65 to 100)  100 % (65 to 100)  1.000
      class 2       10    70 % (40 to 89)  100 % (65 to 100)  0.824
      class 3        7  100 % (65 to 100)  100 % (65 to 100)  1.000
      class 4        8    88 % (53 to 98)  100 % (65 to 100)  0.933
      class 5        7  100 % (65 to 100)    70 % (40 to 89)  0.824
      class 6        7  100 % (65 to 100)  100 % (65 to 100)  1.000
      class 7        7  100 % (65 to 100)  100 % (65 to 100)  1.000
      class 8        7  100 % (65 to 100)  100 % (65 to 100)  1.000
      class 9        7  100 % (65 to 100)  100 % (65 to 100)  1.000
      class 10       7  100 % (65 to 100)  100 % (65 to 100)  1.000
      class 11       7  100 % (65 to 100)  100 % (65 to 100)  1.000
      class 12       7  100 % (65 to 100)  100 % (65 to 100)  1.000
      balanced accuracy 96.73 %, macro F1 0.9626

      is       taken for  images  of its own
      -------  ---------  ------  ----------
      class 2  class 5         3     30.00 %
      class 4  class 0         1     12.50 %"
    `);
  });

  it('tells of corruptions, flips and passes', () => {
    const facts = { n: 5, interval: wilson(4, 5) };
    const figures = { accuracy: 0.8, top5: 1, loss: 0.25, calibrationError: 0.031 };
    const all: EvaluationReport = {
      ...report,
      corruptions: {
        ...{ images: 5, seed: 1, severities: [1, 5] },
        errors: { ...byCorruption([0.1, 0.3]), fog: [0.2, 0.6] },
        means: { ...byCorruption(0.2), fog: 0.4 },
        families: { noise: 0.2, blur: 0.2, weather: 0.25, digital: 0.2 },
        ...{ mean: 0.2133, mCE: 76.7, notes: ['frost is another'] },
      },
      perturbations: {
        ...{ images: 5, seed: 1, frames: { rotate: 31, gaussianNoise: 31 } },
        flips: { rotate: 0.05, gaussianNoise: 0.012 },
        ...{ mean: 0.031, mFR: null, notes: [] },
      },
      monteCarlo: {
        ...{ passes: 20, seed: 1, images: 5, single: { ...figures, ...facts } },
        ensemble: { ...figures, ...facts, accuracy: 0.82, loss: 0.21 },
      },
    };
    const [, , , ...rest] = describeEvaluation(all).split('\n\n');
    expect(rest.join('\n\n')).toMatchInlineSnapshot(`
      "error in % on 5 corrupted images
      corruption      severity 1  severity 5   mean
      --------------  ----------  ----------  -----
      gaussian noise       10.00       30.00  20.00
      shot noise           10.00       30.00  20.00
      impulse noise        10.00       30.00  20.00
        noise              10.00       30.00  20.00
      defocus blur         10.00       30.00  20.00
      glass blur           10.00       30.00  20.00
      motion blur          10.00       30.00  20.00
      zoom blur            10.00       30.00  20.00
        blur               10.00       30.00  20.00
      snow                 10.00       30.00  20.00
      frost                10.00       30.00  20.00
      fog                  20.00       60.00  40.00
      brightness           10.00       30.00  20.00
        weather            12.50       37.50  25.00
      contrast             10.00       30.00  20.00
      elastic              10.00       30.00  20.00
      pixelate             10.00       30.00  20.00
      jpeg                 10.00       30.00  20.00
        digital            10.00       30.00  20.00
      --------------  ----------  ----------  -----
      all                  10.67       32.00  21.33
      mCE 76.7 % of AlexNet's
      note: frost is another

      flip rate in % over the frames of 5 images
      perturbation    frames  flips
      --------------  ------  -----
      rotate              31   5.00
      gaussian noise      31   1.20
      --------------  ------  -----
      all                      3.10

      network                             top-1    loss  calibration error
      ------------------------  ---------------  ------  -----------------
      without noise             80 % (38 to 96)  0.2500             0.0310
      mean of 20 noised passes  82 % (39 to 97)  0.2100             0.0310"
    `);
  });
});

describe('Ctrl-C while gradus evaluates', () => {
  it('ends it at the first press, with 130', async () => {
    const folder = temporaryFolder();
    const { checkpoint, model } = brightTeacher(folder, {}, 10);
    const out = join(folder, 'bright.onnx');
    await exportModel(checkpoint, { model, out });
    const args = [gradusBin, 'eval', out, '--data', 'mnist', '--corruptions'];
    const child = spawn(process.execPath, args, { cwd: folder });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    // The digits are packed when they are opened.
    while (!existsSync(join(folder, 'data/mnist')) && child.exitCode === null) await wait(20);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(stderr).toContain('interrupted');
  });
});
