import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLabelledSet } from '../../../src/data/datasets/openSets.js';
import { holdOut } from '../../../src/training/record/trainingData.js';
import { RunFolder } from '../../../src/runtime/storage/runFolder.js';
import { heldOutOfSelfTraining } from '../../../src/selftrain/tasks/heldOut.js';
import { Stages } from '../../../src/selftrain/loop/lineage.js';
import { write } from '../../data/fixtures.js';
import { temporaryFolder } from '../../support/folder.js';

/** A run's folder with what heldOutOfSelfTraining reads, of images that nobody looks into; and a checkpoint there. */
async function run() {
  const folder = temporaryFolder();
  for (let i = 0; i < 20; i++) write(folder, `labelled/${i % 2}/${i}.png`, 'pixels');
  const all = await openLabelledSet('labelled', { folder });
  const { validation } = holdOut(all, 0.3, 5);
  const config = {
    ...{ seed: 5, validation: { share: 0.3, every: 1 } },
    data: { labelled: 'labelled', unlabelled: 'unlabelled', test: 'test' },
  };
  const opened = RunFolder.open(join(folder, 'run'));
  opened.writeInfo({ config, configFolder: folder, classes: [...validation.classNames] });
  await new Stages(opened.path).run({
    name: 'teacher/train',
    inputs: { validation: validation.fingerprint },
    outputs: () => [],
    run: () => Promise.resolve(1),
    clear: () => undefined,
  });
  opened.close();
  const checkpoint = join(opened.path, 'student-1/fixed/checkpoints/step-00000006');
  return { folder, validation, checkpoint };
}

describe('the images that a self-training held out', () => {
  it('are found from a checkpoint of any of its networks', async () => {
    const { validation, checkpoint } = await run();
    const found = await heldOutOfSelfTraining(checkpoint);
    if (!found || 'lost' in found) throw new TypeError(found?.lost ?? 'no run');
    expect(found.notes).toEqual([
      expect.stringMatching(
        /run has no record of its held-out images .* drawn again from labelled, 30 % of each class by seed 5; a change of these images since the training cannot be noticed/,
      ),
    ]);
    const { count, fingerprint, name, classNames } = found.images;
    expect({ count, fingerprint, classNames: [...classNames] }).toEqual({
      ...{ count: 6, fingerprint: validation.fingerprint, classNames: ['0', '1'] },
    });
    expect(name).toBe(`the images that ${checkpoint} held out`);
  });

  it('are said to be those of the folder that an older run recorded, though a copy has its own', async () => {
    const { folder, checkpoint } = await run();
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    const file = join(copy, 'run/run.json');
    const info = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...info, configFolder: folder }));
    const found = await heldOutOfSelfTraining(checkpoint.replace(folder, copy));
    if (!found || 'lost' in found) throw new TypeError(found?.lost ?? 'no run');
    expect(found.notes[0]).toBe(
      `${join(copy, 'run')} was made in ${folder}; using its labelled, although ${copy} has one, too`,
    );
  });

  it('are lost where the labelled images changed, or are gone', async () => {
    const { folder, checkpoint } = await run();
    write(folder, 'labelled/0/more.png', 'pixels');
    expect(await heldOutOfSelfTraining(checkpoint)).toEqual({
      lost: 'labelled has changed since its training',
    });
    writeFileSync(
      join(folder, 'run/run.json'),
      JSON.stringify({
        config: {
          ...{ seed: 5, validation: { share: 0.3 } },
          data: { labelled: 'elsewhere', unlabelled: 'u' },
        },
        configFolder: folder,
      }),
    );
    expect(await heldOutOfSelfTraining(checkpoint)).toEqual({
      lost: expect.stringContaining(
        `elsewhere does not exist (looked for: ${join(folder, 'elsewhere')}, `,
      ) as string,
    });
  });

  it('are none of a checkpoint outside of a self-training', async () => {
    const folder = temporaryFolder();
    const checkpoint = join(folder, 'run/checkpoints/step-00000001');
    mkdirSync(checkpoint, { recursive: true });
    expect(await heldOutOfSelfTraining(checkpoint)).toBeUndefined();
    const config = { data: { labelled: 'labelled' }, validation: { share: 0.1 }, seed: 1 };
    writeFileSync(join(folder, 'run/run.json'), JSON.stringify({ config, configFolder: folder }));
    expect(await heldOutOfSelfTraining(checkpoint)).toBeUndefined();
  });
});
