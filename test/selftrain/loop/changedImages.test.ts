import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ablate } from '../../../src/selftrain/tasks/ablate.js';
import { parseSelfTrainingConfig } from '../../../src/selftrain/loop/config.js';
import type { RunEvent } from '../../../src/contract/events.js';
import { selfTrain, type SelfTrainOptions } from '../../../src/selftrain/loop/selfTrain.js';
import { quartersImage, write } from '../../data/fixtures.js';
import { suiteFolder } from '../../support/folder.js';
import { tinyNet } from '../../support/tinyDigits.js';

const folder = suiteFolder();
const out = join(folder, 'run');

beforeAll(async () => {
  const colours = { cat: 40, dog: 200 };
  for (const [name, grey] of Object.entries(colours))
    for (let i = 0; i < 16; i++) {
      const image = await quartersImage(8, 8, [
        [grey, i, 0],
        [i, grey, 0],
        [9, 9, i],
        [0, 0, grey],
      ])
        .png()
        .toBuffer();
      const set = i < 8 ? `labelled/${name}` : i < 12 ? `test/${name}` : 'unlabelled';
      write(folder, `${set}/${set === 'unlabelled' ? name : ''}${i}.png`, image);
    }
});

const config = parseSelfTrainingConfig(
  {
    name: 'pets',
    data: { labelled: 'labelled', unlabelled: 'unlabelled', test: 'test' },
    teacher: { model: 'tiny', steps: 2, batch: 4, optimizer: { kind: 'sgd', learningRate: 0.1 } },
    students: [{ ratio: 1, labels: { threshold: 0, allowEmpty: true } }],
    validation: { share: 0.25 },
    ...{ device: 'cpu', threads: 1 },
  },
  'pets.json',
);
async function run(
  options: Partial<SelfTrainOptions> = {},
  start: typeof selfTrain | typeof ablate = selfTrain,
) {
  const texts: string[] = [];
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'message') texts.push(event.text);
  };
  const models = { tiny: tinyNet() };
  await start(config, { configFolder: folder, out, models, onEvent, ...options });
  return texts.flatMap((text) => /^(\S+): done before$/.exec(text)?.[1] ?? []);
}

describe('a self-training whose images changed under the same names', () => {
  it('is refused, and does again the stages that read them where that is accepted', async () => {
    expect(await run()).toEqual([]);
    const all = ['teacher/train', 'teacher/label', 'teacher/filter', 'student-1/train', 'test'];
    expect(await run()).toEqual(all);
    const [one, other, aside] = ['cat12.png', 'dog12.png', 'aside'].map((name) =>
      join(folder, 'unlabelled', name),
    ) as [string, string, string];
    renameSync(one, aside);
    renameSync(other, one);
    renameSync(aside, other);
    await expect(run()).rejects.toMatchObject({
      code: 'data-changed',
      message: expect.stringMatching(/^the unlabelled images .*: 2 changed$/) as string,
      notes: ['changed: cat12.png, dog12.png'],
    });
    expect(await run({ acceptData: true })).toEqual(['teacher/train']);
    expect(await run()).toEqual(all);
  }, 120_000);

  it('is refused with other labelled images, of which all would be done again', async () => {
    const [cat, dog] = [join(folder, 'labelled/cat'), join(folder, 'labelled/dog')];
    renameSync(cat, join(folder, 'aside'));
    renameSync(dog, cat);
    renameSync(join(folder, 'aside'), dog);
    await expect(run()).rejects.toMatchObject({
      code: 'data-changed',
      message: expect.stringMatching(/^the labelled images .*: 16 changed$/) as string,
    });
  }, 120_000);

  it('is refused with a class folder of another name, as an ablation is', async () => {
    const renamed = { code: 'classes-differ', notes: [expect.stringContaining('cat')] };
    const rename = (set: string, from: string, to: string) => {
      renameSync(join(folder, set, from), join(folder, set, to));
    };
    for (const sets of [['labelled'], ['labelled', 'test'], ['test']]) {
      for (const set of sets) rename(set, 'cat', 'Cat');
      await expect(run()).rejects.toMatchObject(renamed);
      await expect(run({ acceptData: true })).rejects.toMatchObject(renamed);
      await expect(run({}, ablate)).rejects.toMatchObject(renamed);
      for (const set of sets) rename(set, 'Cat', 'cat');
    }
  });
});
