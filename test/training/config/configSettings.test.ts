import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configChanges } from '../../../src/training/config/configChanges.js';
import type { ConfigSetting } from '../../../src/training/config/configSettings.js';
import { loadTrainingConfig } from '../../../src/training/config/loadTrainingConfig.js';
import { settingsOf } from '../../../src/cli/settings.js';
import { loadSelfTrainingConfig } from '../../../src/selftrain/loop/loadSelfTrainingConfig.js';
import { ConfigError } from '../../../src/support/errors.js';
import { suiteFolder } from '../../support/folder.js';

const folder = suiteFolder();

const one = {
  name: 'digits',
  model: 'resnet18',
  data: { kind: 'mnist' },
  epochs: 2,
  optimizer: { kind: 'sgd', momentum: 0.5 },
  schedule: { kind: 'exponential', decay: 0.9 },
};
const many = {
  name: 'many',
  data: { labelled: 'a', unlabelled: 'b', test: 'c' },
  teacher: { model: 'resnet18', steps: 4, optimizer: { kind: 'sgd' }, noise: { flip: true } },
  students: [{ ema: 0.9 }, {}],
};

function file(name: string, config: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
  return path;
}

/** A training config of `one` with `--set` of each text. */
async function trained(...set: string[]) {
  return (await loadTrainingConfig(file('one.json', one), settingsOf({ set }))).config;
}

async function selfTrained(...set: string[]) {
  return (await loadSelfTrainingConfig(file('many.json', many), settingsOf({ set }))).config;
}

async function refusal(loading: Promise<unknown>): Promise<ConfigError> {
  const error = await loading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ConfigError) return error;
  throw new TypeError('the config was accepted', { cause: error });
}

describe('a setting beside a config', () => {
  it('takes the place of what the file says, below any key, the last one of a key', async () => {
    const config = await trained('optimizer.momentum=0.7', 'batch=8', 'batch=16');
    expect(config.optimizer).toMatchObject({ kind: 'sgd', momentum: 0.7 });
    expect(config.batch).toBe(16);
  });

  it('makes what is missing around it, and keeps what is beside it', async () => {
    const config = await trained('noise.randAugment.m=5', 'noise.cutout=8');
    expect(config.noise).toEqual({ randAugment: { n: 2, m: 5 }, cutout: 8 });
  });

  it('is JSON if it is, else text', async () => {
    const config = await trained(
      'name="7"',
      'model=./my.model.ts',
      'freeze=["conv1"]',
      'noise.crop={"kind":"random","area":[0.5,1]}',
      'checkpointing=true',
    );
    expect(config).toMatchObject({ name: '7', model: './my.model.ts', freeze: ['conv1'] });
    expect(config.noise.crop).toMatchObject({ area: [0.5, 1] });
    expect(config.checkpointing).toBe(true);
  });

  it('leaves a key out with null', async () => {
    const config = await trained('epochs=null', 'steps=10', 'schedule=null');
    expect(config).toMatchObject({ steps: 10, schedule: { kind: 'constant' } });
    expect(config.epochs).toBeUndefined();
  });

  it('reaches students by number, each on its own, and what they inherit', async () => {
    const { teacher, students } = await selfTrained(
      'students.1.ratio=2',
      'teacher.optimizer.learningRate=0.01',
      'students.0.noise.dropout=0.3',
    );
    expect(students.map(({ ratio }) => ratio)).toEqual([1, 2]);
    expect([teacher, ...students].map(({ optimizer }) => optimizer.learningRate)).toEqual([
      0.01, 0.01, 0.01,
    ]);
    expect(students[0]?.noise).toEqual({ flip: true, dropout: 0.3 });
  });

  it('reaches into an optimizer that a function made, and leaves the file alone', async () => {
    const source = `import { adamw, defineTraining } from 'gradus';
      export default defineTraining({ name: 'a', model: 'resnet18', data: { kind: 'mnist' }, epochs: 1,
        optimizer: adamw({ beta1: 0.8 }) });`;
    const path = file('call.mjs', source);
    const set = settingsOf({ set: 'optimizer.learningRate=0.02' });
    const { config } = await loadTrainingConfig(path, set);
    expect(config.optimizer).toMatchObject({ kind: 'adamw', beta1: 0.8, learningRate: 0.02 });
    const { config: without } = await loadTrainingConfig(path);
    expect(without.optimizer.learningRate).toBe(0.001);
  });

  it('is a change of the config for a run that began without it', async () => {
    expect(configChanges(await trained(), await trained('noise.cutout=8', 'epochs=9'))).toEqual([
      'noise.cutout: nothing then, 8 now',
    ]);
  });
});

describe('a setting that is wrong', () => {
  it.each([
    ['batc=8', 'batc', 'batc: unknown key (did you mean batch?); allowed: '],
    ['optimiser.momentum=1', 'optimiser', 'optimiser: unknown key (did you mean optimizer?)'],
    ['epohcs=null', 'epohcs', 'epohcs: unknown key (did you mean epochs?)'],
    ['noise.cutuot=8', 'noise.cutuot', 'noise.cutuot: unknown key (did you mean cutout?)'],
    ['optimizer.momentum=2', 'optimizer.momentum', 'optimizer.momentum: expected less than 1'],
    ['optimizer.kind=adam', 'optimizer.kind', '"adam" is not known (did you mean adamw?)'],
    ['batch=many', 'batch', 'batch: expected a number, not "many"'],
    ['name=7', 'name', 'name: expected text, not 7'],
    ['batch.size=8', 'batch', 'batch: expected a number, not an object'],
    ['__proto__.batch=8', '__proto__', '__proto__: unknown key'],
    ['name.first=8', 'name.first', 'name is "digits", which has no keys'],
  ])('is refused by the name of its flag: %s', async (text, key, message) => {
    const error = await refusal(trained(text));
    expect(error.where).toBe(`--set ${text.split('=')[0] ?? ''}`);
    expect(error.where).toContain(key);
    expect(error.message).toContain(message);
  });

  it('is told of where the file does not go with it', async () => {
    const error = await refusal(trained('schedule.kind=cosine'));
    expect(error.message).toContain('schedule.decay: unknown key');
    expect(error.where).toMatchObject({ line: 1 });
    expect(error.notes).toEqual(['with --set schedule.kind']);
    expect((await refusal(trained('steps=5'))).notes).toEqual(['with --set steps']);
  });

  it('is named among several problems', async () => {
    const { notes } = await refusal(trained('batc=8', 'noise.flip=3', 'epochs=3'));
    expect(notes[0]).toMatch(/^--set noise.flip noise.flip: expected true or false, not 3$/);
    expect(notes[1]).toMatch(/^--set batc batc: unknown key/);
  });

  it.each([
    ['students.2.ratio=2', 'students is a list of 2 items, and 2 is not the number of one'],
    ['students.ratio=2', 'students is a list of 2 items, and ratio is not the number of one'],
    ['students.-1.ratio=2', 'and -1 is not the number of one'],
    ['students.0.ratoi=2', 'students.0.ratoi: unknown key (did you mean ratio?)'],
    ['teacher.modle=x', 'teacher.modle: unknown key (did you mean model?)'],
  ])('is refused in a self-training: %s', async (text, message) => {
    const error = await refusal(selfTrained(text));
    expect(error.message).toContain(message);
    expect(error.where).toBe(`--set ${text.split('=')[0] ?? ''}`);
  });

  it('asks for an object where the whole config is none', async () => {
    const setting: ConfigSetting = { path: ['batch'], value: 8, where: '--set batch' };
    const error = await refusal(loadTrainingConfig(file('text.json', '"text"'), [setting]));
    expect(error.message).toBe('the config is "text", which has no keys');
  });
});
