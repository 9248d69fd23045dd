import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { recordedHeldOut } from '../../../src/data/memory/heldOutRecord.js';
import { openLabelledSet } from '../../../src/data/datasets/openSets.js';
import { rememberMeasured, requireTestOfThen } from '../../../src/data/memory/measuredSet.js';
import { openRememberedSets } from '../../../src/training/record/rememberedSets.js';
import type { Images } from '../../../src/data/sets/images.js';
import { write } from '../fixtures.js';
import { temporaryFolder } from '../../support/folder.js';

let folder: string;
let run: string;
let heldOut: string[];

beforeEach(async () => {
  [folder, run] = [temporaryFolder(), temporaryFolder()];
  for (const name of ['a', 'b']) {
    for (let i = 0; i < 10; i++) write(folder, `labelled/${name}/${i}.png`, `${name} ${i}`);
    for (let i = 0; i < 3; i++) write(folder, `test/${name}/${i}.png`, `test ${name} ${i}`);
  }
  const { sets, keep } = await openRememberedSets(
    {
      data: { kind: 'images', labelled: 'labelled', test: 'test', unreadable: 0, decode: 'fast' },
      ...{ seed: 3, validation: { share: 0.3, every: 1 } },
    },
    folder,
    { folder: run, resume: false },
  );
  await keep();
  heldOut = ids(sets.validation);
});

const open = (spec: string) => openLabelledSet(spec, { folder });

function ids(images: Images): string[] {
  return Array.from({ length: images.count }, (_, i) => images.id(i));
}

describe('the held-out images of a run', () => {
  const recalled = async () => recordedHeldOut(run, await open('labelled'));

  it('are those of the record, whatever was added since', async () => {
    for (let i = 0; i < 5; i++) write(folder, `labelled/a/0${i}.png`, `new ${i}`);
    const found = await recalled();
    if (!found || 'lost' in found) throw new TypeError(found?.lost ?? 'no record');
    expect(ids(found.images)).toEqual(heldOut);
  });

  it('are lost where one of them changed, and unknown without a record', async () => {
    write(folder, `labelled/${heldOut[0] ?? ''}`, 'other');
    expect(await recalled()).toEqual({
      lost: `1 image of the images that ${run} held out changed or disappeared since`,
    });
    rmSync(join(run, 'sets'), { recursive: true });
    expect(await recalled()).toBeUndefined();
  });
});

describe('images that a run is measured on', () => {
  it('are refused as its test set where they changed, unless that is accepted', async () => {
    const unchanged = await requireTestOfThen(run, await open('test'), {});
    expect(unchanged.notes).toEqual([]);
    write(folder, 'test/a/1.png', 'other');
    await expect(requireTestOfThen(run, await open('test'), {})).rejects.toMatchObject({
      code: 'data-changed',
      notes: ['changed: a/1.png'],
      hint: expect.stringContaining('; data selects others') as string,
    });
    const accepted = await requireTestOfThen(run, await open('test'), { acceptData: true });
    expect(accepted.notes).toEqual([expect.stringMatching(/: 1 changed$/)]);
    expect(accepted.digest).not.toBe(unchanged.digest);
  });

  it('are said to be learned from, or to have changed since they were measured', async () => {
    expect((await rememberMeasured(run, await open('labelled'), {})).notes).toEqual([
      expect.stringMatching(
        /^warning: the network learned from 14 of these 20 images \(\S+\.png, /,
      ),
    ]);
    expect((await rememberMeasured(run, await open('test'), {})).notes).toEqual([]);
    write(folder, 'test/a/1.png', 'other');
    expect((await rememberMeasured(run, await open('test'), {})).notes).toEqual([
      expect.stringMatching(/changed since this run was last measured on it: 1 changed/),
    ]);
    expect((await rememberMeasured(undefined, await open('test'), {})).digest).toMatch(/^\w{64}$/);
  });
});
