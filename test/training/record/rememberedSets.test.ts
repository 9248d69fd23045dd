import {
  cpSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../../src/training/config/config.js';
import { openRememberedSets } from '../../../src/training/record/rememberedSets.js';
import type { MemoryOptions } from '../../../src/data/memory/setMemory.js';
import type { Images } from '../../../src/data/sets/images.js';
import { write } from '../../data/fixtures.js';
import { temporaryFolder } from '../../support/folder.js';

/** Files that nobody decodes; each has contents of its own. */
let folder: string;
let run: string;
let told: string[];

beforeEach(() => {
  [folder, run, told] = [temporaryFolder(), temporaryFolder(), []];
  for (const name of ['a', 'b'])
    for (let i = 0; i < 10; i++) write(folder, `labelled/${name}/${i}.png`, `${name} ${i}`);
  for (const name of ['a', 'b'])
    for (let i = 0; i < 3; i++) write(folder, `test/${name}/${i}.png`, `test ${name} ${i}`);
  write(
    folder,
    'list.csv',
    listOf((i) => i),
  );
});

/** A list of the labelled images, in an order of their numbers. */
function listOf(at: (i: number) => number, more = ''): string {
  const rows = Array.from({ length: 20 }, (_, i) => at(i)).map((i) => {
    const name = i < 10 ? 'a' : 'b';
    return `labelled/${name}/${i % 10}.png,${name}\n`;
  });
  return `path,label\n${rows.join('')}${more}`;
}

async function open(
  options: Partial<MemoryOptions> = {},
  { labelled = 'labelled', test = 'test' }: { labelled?: string; test?: string } = {},
) {
  told = [];
  const config: Pick<TrainingConfig, 'data' | 'seed' | 'validation'> = {
    data: { kind: 'images', labelled, test, unreadable: 0, decode: 'fast' },
    seed: 3,
    validation: { share: 0.3, every: 1 },
  };
  const tell = (text: string) => told.push(text);
  const { sets, keep } = await openRememberedSets(config, folder, {
    ...{ folder: run, resume: false, tell, ...options },
  });
  await keep();
  return {
    labelled: ids(sets.labelled),
    heldOut: ids(sets.validation),
    fingerprint: sets.labelled.fingerprint,
  };
}

function ids(images: Images): string[] {
  return Array.from({ length: images.count }, (_, i) => images.id(i));
}

const resume = { resume: true };
const accept = { resume: true, acceptData: true };

describe('the images of a run that is resumed', () => {
  it('are parted as they were, and nothing is said', async () => {
    const first = await open();
    expect(await open(resume)).toEqual(first);
    expect(told).toEqual([]);
  });

  it.each<[string, () => void, string, string[]]>([
    ['were added', () => write(folder, 'labelled/a/00.png', 'new'), '1 added', ['added: a/00.png']],
    ['are gone', () => rmSync(join(folder, 'labelled/b/4.png')), '1 removed', ['removed: b/4.png']],
    [
      'have other contents of the same size and time',
      () => {
        utimesSync(write(folder, 'labelled/a/3.png', 'A 3'), 1000, 1000);
      },
      '1 changed',
      ['changed: a/3.png'],
    ],
    [
      'have changed places',
      () => {
        renameSync(join(folder, 'labelled/a'), join(folder, 'labelled/c'));
        renameSync(join(folder, 'labelled/b'), join(folder, 'labelled/a'));
        renameSync(join(folder, 'labelled/c'), join(folder, 'labelled/b'));
      },
      '20 changed',
      ['changed: a/0.png, a/1.png, a/2.png, a/3.png, a/4.png, and 15 more'],
    ],
  ])('are refused where some %s', async (_, change, counts, notes) => {
    utimesSync(join(folder, 'labelled/a/3.png'), 1000, 1000);
    await open();
    change();
    await expect(open(resume)).rejects.toMatchObject({
      code: 'data-changed',
      message: `the labelled images (${join(folder, 'labelled')}) have changed since ${run} began: ${counts}`,
      notes,
      hint: expect.stringContaining('acceptData: true') as string,
    });
  });

  it('are refused where the test images changed', async () => {
    await open();
    write(folder, 'test/a/0.png', 'other');
    await expect(open(resume)).rejects.toMatchObject({
      code: 'data-changed',
      message: expect.stringMatching(/^the test images .*: 1 changed$/) as string,
    });
  });

  it('stay held out where changes are accepted; new ones are trained on, and removed ones are not', async () => {
    const first = await open();
    const [gone = '', ...held] = first.heldOut;
    for (let i = 0; i < 5; i++) write(folder, `labelled/a/0${i}.png`, `new ${i}`);
    rmSync(join(folder, 'labelled', gone));
    const second = await open(accept);
    expect(second.heldOut).toEqual(held);
    expect(second.labelled).toEqual(
      [...first.labelled, ...[0, 1, 2, 3, 4].map((i) => `a/0${i}.png`)].sort(),
    );
    expect(told).toEqual([expect.stringMatching(/have changed .*: 5 added, 1 removed$/)]);
    // What was accepted is what is known from now on.
    expect(await open(resume)).toEqual(second);
  });

  it('may be copied: other times and the same contents are no change', async () => {
    const first = await open();
    cpSync(join(folder, 'labelled'), join(folder, 'copy'), { recursive: true });
    rmSync(join(folder, 'labelled'), { recursive: true });
    renameSync(join(folder, 'copy'), join(folder, 'labelled'));
    expect(await open(resume)).toEqual(first);
    expect(told).toEqual([
      `20 files of ${join(folder, 'labelled')} have a new modification time; their contents are unchanged`,
    ]);
    await open(resume);
    expect(told).toEqual([]);
  });

  it('are taken in the order of then where the rows of a list are in another', async () => {
    const list = { labelled: 'list.csv' };
    const first = await open({}, list);
    writeFileSync(
      join(folder, 'list.csv'),
      listOf((i) => (7 * i) % 20),
    );
    expect(await open(resume, list)).toEqual(first);
    expect(told).toEqual([expect.stringMatching(/list\.csv lists its images in another order/)]);
    writeFileSync(join(folder, 'list.csv'), listOf((i) => i).replace('a/2.png,a', 'a/2.png,b'));
    await expect(open(resume, list)).rejects.toMatchObject({
      notes: ['with another class: labelled/a/2.png (a, now b)'],
    });
  });

  it('of an older version are parted by the seed as before, which is said once', async () => {
    const first = await open();
    rmSync(join(run, 'sets'), { recursive: true });
    expect(await open(resume)).toEqual(first);
    expect(told).toEqual([
      expect.stringMatching(
        /has no record of its images.* held-out images are drawn from them again/,
      ),
    ]);
    await open(resume);
    expect(told).toEqual([]);
  });

  it('are refused with a damaged record', async () => {
    await open();
    const path = join(run, 'sets/labelled.gz');
    writeFileSync(path, readFileSync(path).subarray(0, -20));
    await expect(open(resume)).rejects.toMatchObject({ code: 'set-record', where: path });
  });
});

describe('images that are there twice', () => {
  it('are counted, and never both held out and trained on', async () => {
    const list = { labelled: 'list.csv' };
    const rows = listOf((i) => i)
      .split('\n')
      .slice(1);
    writeFileSync(
      join(folder, 'list.csv'),
      listOf((i) => i, rows.join('\n')),
    );
    const { labelled: rest, heldOut } = await open({}, list);
    expect(told).toEqual([
      `${join(folder, 'list.csv')}: 20 images repeat another image, by path or by contents (labelled/a/0.png, labelled/a/1.png, labelled/a/2.png, ...); none is both held out and trained on`,
    ]);
    expect(heldOut).toHaveLength(6);
    expect(new Set(heldOut).size).toBe(6);
    expect(rest).toHaveLength(28);
    expect(rest.filter((id) => heldOut.includes(id))).toEqual([]);
    expect(await open(resume, list)).toMatchObject({ labelled: rest, heldOut });
  });

  it('are an error with both lines where they have two classes', async () => {
    writeFileSync(
      join(folder, 'list.csv'),
      listOf((i) => i, '\nlabelled/a/4.png,b\n'),
    );
    await expect(open({}, { labelled: 'list.csv' })).rejects.toMatchObject({
      code: 'two-classes',
      message: 'an image has two classes',
      notes: [
        `${join(folder, 'list.csv')}:6: labelled/a/4.png is a, ${join(folder, 'list.csv')}:23: labelled/a/4.png is b: the same file`,
      ],
    });
    symlinkSync('../a/1.png', join(folder, 'labelled/b/link.png'));
    await expect(open()).rejects.toMatchObject({
      notes: ['a/1.png is a, b/link.png is b: the same file'],
    });
  });

  it('as copies of two classes are an error, unless that is accepted', async () => {
    write(folder, 'labelled/b/copy.png', 'a 1');
    await expect(open()).rejects.toMatchObject({
      notes: ['a/1.png is a, b/copy.png is b: the same contents'],
    });
    await open({ acceptData: true });
    expect(told).toEqual([
      expect.stringMatching(
        /^warning: 1 of the images .* has the contents of one of another class/,
      ),
    ]);
  });

  it('are counted among test images, and refused where they are all of them', async () => {
    write(folder, 'test/a/shared.png', 'a 1');
    symlinkSync('../../labelled/b/1.png', join(folder, 'test/b/link.png'));
    await open();
    expect(told).toEqual([
      'warning: 2 of 8 test images are labelled ones too (a/shared.png, b/link.png): the test accuracy will be too optimistic',
    ]);
    await expect(open({}, { test: 'labelled' })).rejects.toMatchObject({
      code: 'test-is-labelled',
      message: 'all 20 test images are among the labelled ones',
    });
    write(folder, 'test/b/wrong.png', 'a 2');
    await expect(open()).rejects.toMatchObject({
      code: 'two-classes',
      notes: ['a/2.png is a, b/wrong.png is b: the same contents'],
    });
  });
});
