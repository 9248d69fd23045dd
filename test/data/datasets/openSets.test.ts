import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLabelledSet, openUnlabelledSet } from '../../../src/data/datasets/openSets.js';
import { packDataSet } from '../../../src/data/datasets/packDataSet.js';
import { DataError } from '../../../src/support/errors.js';
import { tinyCifar10, tinyPackage } from './tinyCifar10.js';
import { temporaryFolder } from '../../support/folder.js';

/** Folders and lists of images, of which nothing but the names is of interest here. */
function sets(): string {
  const folder = temporaryFolder();
  const files = {
    'photos/cat/1.jpg': '',
    'photos/dog/2.jpg': '',
    'more/1.jpg': '',
    'empty/notes.txt': '',
    'list.csv': 'path,label\nphotos/dog/2.jpg,dog\nphotos/cat/1.jpg,cat\n',
    'list.jsonl': '{"path":"more/1.jpg"}\n',
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** The tiny CIFAR-10 packed to `cifar10` in a new folder. */
async function packed(): Promise<string> {
  const folder = temporaryFolder();
  const options = { package: await tinyPackage(folder) };
  await packDataSet(tinyCifar10, join(folder, 'cifar10'), options);
  return folder;
}

describe('the name of a set', () => {
  it('is the path of a folder or a list', async () => {
    const folder = sets();
    const opened = await openLabelledSet('photos', { folder });
    expect([opened.count, opened.classNames, opened.label(1)]).toEqual([2, ['cat', 'dog'], 1]);
    expect(await openLabelledSet(join(folder, 'photos'))).toMatchObject({ count: 2 });
    expect((await openLabelledSet('list.csv', { folder })).label(0)).toBe(1);
    expect((await openUnlabelledSet('photos', { folder })).count).toBe(2);
    expect((await openUnlabelledSet('list.jsonl', { folder })).id(0)).toBe('more/1.jpg');
  });

  it('is that of a split that gradus data wrote', async () => {
    const folder = await packed();
    const train = await openLabelledSet('cifar10/train', { folder });
    expect([train.count, train.classNames[3], train.label(3)]).toEqual([100, 'cat', 3]);
    const part = await openUnlabelledSet('cifar10/unlabelled-10.json', { folder });
    expect(part).toMatchObject({ count: 90, name: join(folder, 'cifar10', 'unlabelled-10.json') });
    await expect(openLabelledSet('cifar10', { folder })).rejects.toMatchObject({
      code: 'which-split',
      hint: expect.stringMatching(/^pass one of its splits: .*cifar10\/labelled-10/),
    });
  });

  it('is mnist, with or without a folder', async () => {
    const folder = temporaryFolder();
    const digits = await openLabelledSet('mnist:digits', { folder });
    expect([digits.count, digits.classNames.length]).toEqual([10_000, 10]);
    const again = await openUnlabelledSet(`mnist:${join(folder, 'digits')}`);
    expect(again.fingerprint).toBe(digits.fingerprint);
  });

  it('gets a guess where there is nothing of that name', async () => {
    const folder = sets();
    const cases: [string, RegExp][] = [
      ['potos', /^did you mean photos\?$/],
      ['list.cvs', /^did you mean list.csv\?$/],
      ['nowhere', /^pass a folder of images, /],
      ['no/where', /^pass a folder of images, /],
    ];
    for (const [spec, hint] of cases) {
      const opened = openLabelledSet(spec, { folder });
      await expect(opened).rejects.toThrow(DataError);
      await expect(opened).rejects.toMatchObject({
        message: expect.stringContaining(`data set ${spec} not found: ${folder}`),
        hint: expect.stringMatching(hint),
      });
    }
    await expect(openLabelledSet('cifar10/labeled-10', { folder: await packed() })).rejects.toThrow(
      expect.objectContaining({ hint: 'did you mean cifar10/labelled-10?' }),
    );
    await expect(openLabelledSet('cifar10/everything', { folder: await packed() })).rejects.toThrow(
      expect.objectContaining({
        hint: expect.stringMatching(
          /^available: .*cifar10\/labelled-10,.* cifar10\/test/,
        ) as string,
      }),
    );
    await expect(openLabelledSet('photos/cat/1.jpg', { folder })).rejects.toThrow(
      /1.jpg is not a set of images$/,
    );
  });

  it('is refused where there are no images', async () => {
    const folder = sets();
    await expect(openLabelledSet('empty', { folder })).rejects.toThrow(/empty contains no images$/);
    await expect(openUnlabelledSet('empty', { folder })).rejects.toThrow(
      /empty contains no images$/,
    );
    await expect(openLabelledSet('more', { folder })).rejects.toThrow(/no subfolder for each/);
    await expect(openLabelledSet('list.jsonl', { folder })).rejects.toThrow(
      /^the label is missing$/,
    );
  });
});

describe('the classes that a set must have', () => {
  it('give its labels their numbers, whatever its own order', async () => {
    const folder = sets();
    const classes = ['dog', 'cat'];
    for (const spec of ['photos', 'list.csv']) {
      const images = await openLabelledSet(spec, { folder, classes });
      const names = Array.from({ length: 2 }, (_, i) => images.id(i).split('/').at(-2));
      expect(names.map((name) => classes.indexOf(name ?? ''))).toEqual([
        images.label(0),
        images.label(1),
      ]);
    }
    const { classNames } = await openLabelledSet('mnist:digits', { folder });
    const backwards = await openLabelledSet('mnist:digits', {
      folder,
      classes: [...classNames].reverse(),
    });
    const forwards = await openLabelledSet('mnist:digits', { folder });
    expect(backwards.label(0)).toBe(9 - forwards.label(0));
  });

  it('are named where they differ', async () => {
    const folder = await packed();
    const opened = openLabelledSet('cifar10/test', { folder, classes: ['cat', 'cow'] });
    await expect(opened).rejects.toMatchObject({
      code: 'classes-differ',
      notes: ['missing: cow', expect.stringMatching(/^new: airplane, automobile, bird, deer, /)],
    });
  });
});
