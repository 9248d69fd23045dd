import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunEvent } from '../../../src/contract/events.js';
import { selfTrain, type SelfTrainOptions } from '../../../src/selftrain/loop/selfTrain.js';
import { temporaryFolder } from '../../support/folder.js';
import { tinyOptions, tinySelfTraining } from '../../support/tinySelfTraining.js';
import { quarterNames } from '../../support/tinyTeacher.js';

/** A teacher, a student of corrected labels and a control, of a few steps each. */
async function run(out: string, options: Partial<SelfTrainOptions> = {}) {
  const config = tinySelfTraining({
    teacher: { steps: 12 },
    students: [
      { steps: 12, labels: { allowEmpty: true, threshold: 0, corrections: 'corrections.csv' } },
    ],
  });
  const texts: string[] = [];
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'message') texts.push(event.text);
  };
  const result = await selfTrain(config, { ...tinyOptions(out), onEvent, ...options });
  const done = texts.flatMap((text) => /^(\S+): done before$/.exec(text)?.[1] ?? []);
  return { result, done };
}

function correct(out: string, image: number): void {
  const text = `image,class\nimages/${image}.png,${quarterNames[image % 4] ?? ''}\n`;
  writeFileSync(join(out, 'corrections.csv'), text);
}

it('corrected labels are refused by the name of their file, and do again what depends on them, not the control', async () => {
  const out = temporaryFolder();
  correct(out, 1);
  await run(out);
  correct(out, 2);
  await expect(run(out)).rejects.toMatchObject({
    code: 'config-differs',
    message: expect.stringContaining('teacher/filter') as string,
    notes: ['corrections.csv changed'],
  });
  const { done } = await run(out, { acceptData: true });
  expect(done).toEqual(['teacher/train', 'teacher/label', 'control/train']);
  // An older version recorded all of the student as that by which the control is trained.
  const file = join(out, 'lineage.json');
  const lineage = JSON.parse(readFileSync(file, 'utf8')) as {
    stages: Record<string, { inputs: { like?: object }; result: object }>;
  };
  const { 'control/train': control, 'student-1/train': student } = lineage.stages;
  expect(control?.inputs.like).toEqual({ steps: 12, stepImages: 24, stepsPerEpoch: 6 });
  Object.assign(control?.inputs ?? {}, { like: student?.result });
  writeFileSync(file, JSON.stringify(lineage));
  correct(out, 3);
  expect((await run(out, { overwrite: true })).done).toContain('control/train');
}, 120_000);
