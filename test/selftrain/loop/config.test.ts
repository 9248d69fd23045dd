import { describe, expect, it } from 'vitest';
import { format, resolveConfig } from 'prettier';
import { rmspropTf } from '../../../src/compiler/optim/index.js';
import {
  parseSelfTrainingConfig,
  selfTrainingConfigSchema,
} from '../../../src/selftrain/loop/config.js';
import { repositoryRoot } from '../../support/paths.js';

const data = { labelled: 'labelled', unlabelled: 'unlabelled', test: 'test' };
const teacher = {
  model: 'wrn_28_2',
  epochs: 10,
  batch: 16,
  optimizer: { kind: 'sgd', momentum: 0.8 },
  noise: { dropout: 0.1, dropPath: 0.2 },
};
const parse = (students: unknown[], own: object = {}) =>
  parseSelfTrainingConfig({ name: 'x', data, teacher: { ...teacher, ...own }, students }, 'c.json');

describe('a self-training config', () => {
  it('gives a student what it leaves out from the generation before', () => {
    const { students } = parse([{ ratio: 4, model: 'a.model.ts' }, { batch: 32 }]);
    expect(students[0]).toMatchObject({ ...teacher, model: 'a.model.ts', ratio: 4 });
    expect(students[1]).toMatchObject({ ...teacher, model: 'a.model.ts', ratio: 4, batch: 32 });
  });

  it('hands on the keys of noise and labels one by one, the optimizer whole', () => {
    const { students } = parse([
      {
        noise: { dropout: 0.5 },
        labels: { threshold: 0.5, kind: 'hard' },
        optimizer: { kind: 'sgd' },
      },
      { labels: { threshold: 0.6 } },
    ]);
    expect(students[0]?.noise).toMatchObject({ dropout: 0.5, dropPath: 0.2 });
    expect(students[0]?.optimizer).toMatchObject({ momentum: 0.9 });
    expect(students[1]?.labels).toMatchObject({ threshold: 0.6, kind: 'hard' });
  });

  it('takes steps in place of the epochs of the generation before', () => {
    const { students } = parse([{ steps: 7 }, { epochs: 2 }]);
    expect(students[0]).toMatchObject({ steps: 7 });
    expect(students[0]?.epochs).toBeUndefined();
    expect(students[1]).toMatchObject({ epochs: 2 });
    expect(students[1]?.steps).toBeUndefined();
  });

  it('does not hand on how a student starts', () => {
    const { students } = parse([{ init: 'teacher' }, {}]);
    expect(students.map(({ init }) => init)).toEqual(['teacher', 'scratch']);
  });

  it('takes an optimizer as its function makes it, of any generation', () => {
    const { students } = parse([{ optimizer: rmspropTf({ decay: 0.8 }) }, {}]);
    expect(students.map(({ optimizer }) => optimizer)).toMatchObject([
      { kind: 'rmspropTf', decay: 0.8 },
      { kind: 'rmspropTf', decay: 0.8 },
    ]);
  });

  it.each([
    [
      'a ratio that is no whole number of images',
      [{ ratio: 1.03 }],
      /students\.0\.ratio: 1\.03 times a batch of 16/,
    ],
    ['epochs and steps', [{ epochs: 1, steps: 1 }], /students\.0\.epochs: set epochs or steps/],
    [
      'a mistyped key',
      [{ labels: { treshold: 1 } }],
      /students\.0\.labels\.treshold: unknown key \(did you mean threshold\?\)/,
    ],
    ['no student', [], /students/],
    [
      'a cap of labels that are made on the fly',
      [{ labels: { onTheFly: true, perClass: 5 } }],
      /students\.0\.labels\.perClass: applies to stored labels only/,
    ],
  ])('refuses %s', (_, students, message) => {
    expect(() => parse(students)).toThrow(message);
  });

  it('names the place of every problem of every generation', () => {
    expect(() => parse([{ batch: 0 }, { ratio: -1 }], { epochs: undefined })).toThrow(/problems/);
  });

  it('has a JSON schema for editors that is current', async () => {
    const file = `${repositoryRoot}/schemas/selftraining-config.schema.json`;
    const options = await resolveConfig(file);
    const text = await format(JSON.stringify(selfTrainingConfigSchema()), {
      ...options,
      filepath: file,
    });
    await expect(text).toMatchFileSnapshot(file);
  });
});
