import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLabelledSet, openUnlabelledSet } from '../../../src/data/datasets/openSets.js';
import { describeSet, heldOutWarning, setLine } from '../../../src/data/sets/describe.js';
import { temporaryFolder } from '../../support/folder.js';
import { write } from '../fixtures.js';

function folderOf(files: readonly string[]): string {
  const folder = temporaryFolder();
  for (const file of files) write(folder, file, '');
  return folder;
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}/${i}.jpg`);

describe('a set is described', () => {
  it('with its classes, what is held out, and what was left out', async () => {
    const names = ['ant', 'bee', 'cat', 'dog'];
    const files = names.flatMap((name) => numbered(name, 3));
    const folder = folderOf([
      ...files,
      'ant/@eaDir/0.jpg',
      'bee/.x.jpg',
      'cat/a.txt',
      'cat/b.txt',
      'dog/x.heic',
    ]);
    const set = describeSet('labelled', await openLabelledSet(folder), 4);
    expect(setLine(set)).toBe(
      'labelled: 12 images of 4 classes, 3 each (ant, bee, cat, ...); held out 4; 1 more cannot be read (HEIC 1); ' +
        'left out: 1 file in @eaDir, 1 hidden file (bee/.x.jpg), 2 other files (such as cat/a.txt)',
    );
    expect(set).toMatchObject({
      images: 12,
      heldOut: 4,
      unreadable: { count: 1, kinds: [{ what: 'HEIC', count: 1 }] },
      classes: { count: 4, names },
    });
  });

  it('with the least and the most images of a class, from a folder as from a list', async () => {
    const folder = folderOf([...numbered('ant', 2), ...numbered('bee', 5)]);
    const rows = [
      ...numbered('ant', 2).map((path) => `${path},ant`),
      ...numbered('bee', 5).map((path) => `${path}, bee`),
    ];
    const list = write(folder, 'list.csv', `path,label\n${rows.join('\n')}\n`);
    const text = '7 images of 2 classes, 2 (ant) to 5 (bee) each (ant, bee)';
    expect(setLine(describeSet('test', await openLabelledSet(folder)))).toBe(
      `test: ${text}; left out: 1 other file (list.csv)`,
    );
    expect(setLine(describeSet('test', await openLabelledSet(list)))).toBe(`test: ${text}`);
    expect(setLine(describeSet('to label', await openUnlabelledSet(list)))).toBe(
      'to label: 7 images',
    );
  });

  it('with a doubt where its folders seem to be sets, and not where they are classes', async () => {
    const doubtOf = async (files: readonly string[]) =>
      describeSet('labelled', await openLabelledSet('.', { folder: folderOf(files) })).doubt;
    const years = ['2019', '2020'].flatMap((year) =>
      ['cat', 'dog'].map((name) => `photos${year}/${name}/1.jpg`),
    );
    expect(await doubtOf(years)).toBe(
      'photos2019 and photos2020 are used as the classes of ., but each has the folders cat and dog: if those are the classes, pass photos2019, or merge the sets into one folder',
    );
    const inside = ['cat', 'dog'].flatMap((name) => [`${name}/train/1.jpg`, `${name}/test/1.jpg`]);
    expect(await doubtOf(inside)).toMatch(/folders test and train: these look like splits/);
    expect(await doubtOf([...years, 'photos2020/own.jpg'])).toBeUndefined();
    expect(await doubtOf(['cat/a/1.jpg', 'dog/b/1.jpg'])).toBeUndefined();
    expect(await doubtOf(['cat/1.jpg', 'dog/1.jpg'])).toBeUndefined();
  });

  it('with a warning where few images are held out', () => {
    expect(heldOutWarning({ heldOut: 20 })).toMatch(
      /only 20 images are held out.* 90 % .* 70 to 97 %/,
    );
    expect(heldOutWarning({ heldOut: 50 })).toBeUndefined();
    expect(heldOutWarning({})).toBeUndefined();
  });
});

describe('a set is refused', () => {
  const classes = (prefix: string): string[] =>
    ['cat', 'dog'].map((name) => `${prefix}/${name}/1.jpg`);

  it.each([
    [['project/train', 'project/val', 'project/test'].flatMap(classes), 'project', 'project/train'],
    [['project/Test', 'project/Training_set'].flatMap(classes), 'project', 'project/Training_set'],
    [classes('zip/pets'), 'zip', 'zip/pets'],
    [classes('zip/a/pets'), 'zip', 'zip/a/pets'],
    [classes('zip/a/pets'), 'zip/a', 'zip/a/pets'],
  ])(
    'where the folder above the right one is given, with the right one: %#',
    async (files, spec, meant) => {
      const folder = folderOf(files);
      for (const wanted of [undefined, ['cat', 'dog']])
        await expect(openLabelledSet(spec, { folder, classes: wanted })).rejects.toMatchObject({
          hint: `did you mean ${meant}?`,
        });
      expect((await openLabelledSet(meant, { folder })).classNames).toEqual(['cat', 'dog']);
    },
  );

  it('where it names splits or a single class', async () => {
    const folder = folderOf([
      'a/cat/1.jpg',
      'b/train/1.jpg',
      'b/test/1.jpg',
      'c/car/1.jpg',
      'c/train/1.jpg',
    ]);
    await expect(openLabelledSet('a', { folder })).rejects.toMatchObject({ code: 'one-class' });
    await expect(openLabelledSet('b', { folder })).rejects.toMatchObject({
      code: 'splits-not-classes',
    });
    expect((await openLabelledSet('c', { folder })).classNames).toEqual(['car', 'train']);
    const list = (text: string): string => write(folder, 'l.csv', `path,label\n${text}`);
    await expect(openLabelledSet(list('a/cat/1.jpg,cat\n'))).rejects.toMatchObject({
      code: 'one-class',
    });
    const splits = list('a/cat/1.jpg,train\nb/test/1.jpg,val\n');
    await expect(openLabelledSet(splits)).rejects.toMatchObject({ code: 'splits-not-classes' });
  });

  it('for a single class only where its classes are not given', async () => {
    const folder = folderOf(['only/cat/1.jpg']);
    const list = write(folder, 'l.csv', 'path,label\nonly/cat/1.jpg,cat\n');
    const wanted = { names: ['cat', 'dog'], source: 'the training', partial: true };
    expect((await openLabelledSet(list, { classes: wanted })).count).toBe(1);
    expect((await openUnlabelledSet(join(folder, 'only'))).count).toBe(1);
  });
});
