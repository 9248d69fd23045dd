import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFlatFolder, openImageFolder } from '../../../src/data/sets/folder.js';
import {
  drawByClass,
  labelsOf,
  remaining,
  subsetOf,
  type Images,
  type LabelledImages,
} from '../../../src/data/sets/images.js';
import { openImageList, openUnlabelledList } from '../../../src/data/sets/list.js';
import { DataError } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';

const wanted = (names: readonly string[]) => ({ names, source: 'the labelled images' });

/** A folder with these files; what an image holds is of no interest here. */
function folderOf(files: readonly string[]): string {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}

function listOf(name: string, text: string, files = ['a.jpg', 'b.png', 'c, "d".webp']): string {
  const path = join(folderOf(files), name);
  writeFileSync(path, text);
  return path;
}

const ids = (images: Images): string[] =>
  Array.from({ length: images.count }, (_, i) => images.id(i));
const classesOf = (images: LabelledImages): (string | undefined)[] =>
  Array.from({ length: images.count }, (_, i) => images.classNames[images.label(i)]);

describe('a folder of classes', () => {
  const files = ['dog/2.PNG', 'dog/10.jpg', 'cat/deep/b.webp', 'cat/a.jpeg', 'cat/notes.txt'];

  it('has its classes and images by name', () => {
    const folder = folderOf([...files, '.cache/x.jpg', 'cat/.hidden.jpg', 'top.jpg']);
    const images = openImageFolder(folder);
    expect(images.classNames).toEqual(['cat', 'dog']);
    expect(ids(images)).toEqual(['cat/a.jpeg', 'cat/deep/b.webp', 'dog/10.jpg', 'dog/2.PNG']);
    expect(classesOf(images)).toEqual(['cat', 'cat', 'dog', 'dog']);
    expect(images.where(2)).toBe(join(folder, 'dog', '10.jpg'));
  });

  it('takes the order of the classes that it must have', () => {
    const images = openImageFolder(folderOf(files), wanted(['dog', 'cat']));
    expect(ids(images)[0]).toBe('dog/10.jpg');
    expect(classesOf(images)).toEqual(['dog', 'dog', 'cat', 'cat']);
  });

  it('follows links, but not around in circles', () => {
    const folder = folderOf(files);
    symlinkSync(join(folder, 'dog'), join(folder, 'wolf'));
    expect(openImageFolder(folder).classNames).toEqual(['cat', 'dog', 'wolf']);
    symlinkSync(folder, join(folder, 'dog', 'again'));
    expect(() => openImageFolder(folder)).toThrow(/is nested too deeply/);
  });

  it('is refused where the classes differ, and says which', () => {
    expect(() => openImageFolder(folderOf(files), wanted(['bird', 'cat']))).toThrow(
      expect.objectContaining({
        code: 'classes-differ',
        notes: ['missing: bird', 'new: dog'],
      }),
    );
  });

  it('is refused where there are no images, no classes or no folder', () => {
    const cases: [string[], RegExp][] = [
      [[], /contains no images$/],
      [['notes.txt'], /contains no images$/],
      [['a.jpg'], /has 1 image but no subfolder for each class$/],
      [['cat/a.jpg', 'dog/notes.txt'], /dog contains no images$/],
    ];
    for (const [content, message] of cases)
      expect(() => openImageFolder(folderOf(content))).toThrow(message);
    expect(() => openImageFolder('/nowhere')).toThrow('/nowhere does not exist');
    const folder = folderOf(['file']);
    expect(() => openImageFolder(join(folder, 'file'))).toThrow(/is a file, not a folder/);
  });
});

describe('a folder without classes', () => {
  it('has all images below it, in an order that stays', () => {
    const folder = folderOf(['b.jpg', 'a/2.png', 'a/1.png', 'c.txt']);
    const images = openFlatFolder(folder);
    expect(ids(images)).toEqual(['b.jpg', 'a/1.png', 'a/2.png']);
    expect(openFlatFolder(folder).fingerprint).toBe(images.fingerprint);
    writeFileSync(join(folder, 'd.jpg'), '');
    expect(openFlatFolder(folder).fingerprint).not.toBe(images.fingerprint);
  });

  it('is refused where it is empty', () => {
    expect(() => openFlatFolder(folderOf([]))).toThrow(DataError);
  });
});

describe('a list', () => {
  it('is read from CSV, quotes and all', async () => {
    const path = listOf('l.csv', 'label, path\r\ncat,a.jpg\r\n\r\ndog,"c, ""d"".webp"\r\n');
    const images = await openImageList(path);
    expect(ids(images)).toEqual(['a.jpg', 'c, "d".webp']);
    expect(classesOf(images)).toEqual(['cat', 'dog']);
    expect(images.where(1)).toBe(join(dirname(path), 'c, "d".webp'));
  });

  it('is read from JSON lines, with a root and classes of its own', async () => {
    const path = listOf('l.jsonl', '{"path":"b.png","label":3}\n{"path":"/x/../a.jpg"}\n', []);
    const root = folderOf(['b.png']);
    await expect(openImageList(path, { root })).rejects.toThrow('the label is missing');
    const images = await openImageList(listOf('m.jsonl', '{"path":"b.png","label":3}'), {
      root,
      wanted: { ...wanted(['1', '3']), partial: true },
    });
    expect([images.count, images.label(0), images.where(0)]).toEqual([1, 1, join(root, 'b.png')]);
  });

  it('needs no labels where nobody asks for them', async () => {
    const images = await openUnlabelledList(listOf('l.csv', 'path\na.jpg\nb.png'));
    expect(ids(images)).toEqual(['a.jpg', 'b.png']);
  });

  it('sorts classes by name, and numbers by their value', async () => {
    const numbers = listOf('l.csv', 'path,label\na.jpg,10\nb.png,9\n');
    expect((await openImageList(numbers)).classNames).toEqual(['9', '10']);
    const names = listOf('l.csv', 'path,label\na.jpg,b10\nb.png,b9\n');
    expect((await openImageList(names)).classNames).toEqual(['b10', 'b9']);
  });

  it.each([
    [
      'an unknown class',
      'path,label\na.jpg,cat\nb.png,hrose\n',
      3,
      /^the classes of .*l\.csv differ from those of the labelled images$/,
    ],
    ['a missing file', 'path,label\n\nx.jpg,cat\n', 3, /x\.jpg does not exist$/],
    ['a folder', 'path,label\n.,cat\n', 2, /is not a file$/],
    ['no label', 'path,label\na.jpg,\n', 2, /^the label is missing$/],
    ['a field too many', 'path,label\na.jpg,cat,1\n', 2, /^3 fields, but 2 columns$/],
    ['an open quote', 'path,label\n"a.jpg,cat\n', 2, /^a quote is not closed/],
    ['no columns', 'a.jpg,cat\n', 1, /names no column "path"$/],
    ['no images', 'path,label\n', undefined, /lists no images$/],
    ['nothing', '', undefined, /lists no images$/],
  ])('is refused for %s, with the line', async (_, text, line, message) => {
    const path = listOf('l.csv', text);
    const opened = openImageList(path, { wanted: wanted(['cat', 'horse']) });
    await expect(opened).rejects.toThrow(DataError);
    await expect(opened).rejects.toMatchObject({
      message: expect.stringMatching(message),
      where: line === undefined ? path : `${path}:${line}`,
    });
  });

  it.each([
    ['{"path":"a.jpg","label":"cat"', /^this line is not JSON$/],
    ['["a.jpg"]', /^the text "path" is missing$/],
    ['3', /^this line is not a JSON object$/],
    ['{"path":"a.jpg","label":[1]}', /^"label" is neither text nor a number$/],
  ])('is refused for the line %s', async (line, message) => {
    await expect(openImageList(listOf('l.jsonl', `${line}\n`))).rejects.toThrow(message);
  });

  it('shows a few of many wrong lines and counts them all', async () => {
    const rows = Array.from({ length: 9 }, (_, i) => `x${i}.jpg,cat`).join('\n');
    await expect(openImageList(listOf('l.csv', `path,label\n${rows}`))).rejects.toMatchObject({
      message: expect.stringMatching(/^9 lines of .* are wrong$/),
      notes: [
        expect.stringMatching(/^line 2: .*x0.jpg does not exist$/),
        ...Array.from({ length: 4 }, (): unknown => expect.stringMatching(/^line/)),
        'and 4 more',
      ],
    });
  });
});

describe('parts of a set', () => {
  const labels = Array.from({ length: 60 }, (_, i) => i % 3);

  it('are drawn class by class, fewer inside more, the same for a seed', () => {
    const draw = (wanted: number, seed = 1) => drawByClass(labels, 3, () => wanted, seed, 'test');
    const five = draw(5);
    expect([0, 1, 2].map((c) => [...five].filter((i) => labels[i] === c).length)).toEqual([
      5, 5, 5,
    ]);
    expect([...five]).toEqual([...five].toSorted((a, b) => a - b));
    expect(new Set([...draw(8), ...five]).size).toBe(24);
    expect(draw(5)).toEqual(five);
    expect(draw(5, 2)).not.toEqual(five);
    expect(() => draw(21)).toThrow(/class 0 has only 20 of 21 images/);
    const rest = remaining(60, five);
    expect([...five, ...rest].toSorted((a, b) => a - b)).toEqual([...labels.keys()]);
  });

  it('keep names and classes', () => {
    const images = openImageFolder(folderOf(['a/1.jpg', 'a/2.jpg', 'b/1.jpg']));
    const part = subsetOf(images, [2, 0, 2]);
    expect(ids(part)).toEqual(['b/1.jpg', 'a/1.jpg', 'b/1.jpg']);
    expect([...labelsOf(part)]).toEqual([1, 0, 1]);
    expect(part.fingerprint).not.toBe(images.fingerprint);
    expect(part.where(1)).toBe(images.where(0));
  });
});
