import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { readClassNames } from '../../../src/data/text/classFile.js';
import { csvFields, readCsv } from '../../../src/data/text/csv.js';
import { openImageFolder } from '../../../src/data/sets/folder.js';
import { Lines } from '../../../src/data/text/lines.js';
import { openImageList } from '../../../src/data/sets/list.js';
import { readCorrections } from '../../../src/selftrain/labels/corrections.js';
import { temporaryFolder } from '../../support/folder.js';

const images = ['a.jpg', 'b.jpg', 'c.jpg'];

/** A file beside a few images. */
function fileOf(content: string | Uint8Array, name = 'list.csv'): string {
  const folder = temporaryFolder();
  for (const image of images) writeFileSync(join(folder, image), '');
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** UTF-16 with its mark. */
function utf16(text: string, bigEndian = false): Buffer {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
}

const all = (lines: Lines): string[] => Array.from({ length: lines.count }, (_, i) => lines.at(i));

async function labelsOf(content: string | Uint8Array, name?: string): Promise<string[]> {
  const list = await openImageList(fileOf(content, name));
  return Array.from({ length: list.count }, (_, i) => list.classNames[list.label(i)] ?? '');
}

describe('a list of images', () => {
  const wanted = ['cat', 'dog', 'cat'];
  const rows = ['path,label', 'a.jpg,cat', 'b.jpg,dog', 'c.jpg,cat'];

  it.each([
    ['line feeds', rows.join('\n')],
    ['line ends of Windows', `${rows.join('\r\n')}\r\n`],
    ['lone carriage returns', `${rows.join('\r')}\r`],
    ['line ends of all kinds', 'path,label\r\na.jpg,cat\rb.jpg,dog\n\r\rc.jpg,cat'],
    ['a mark', `\uFEFF${rows.join('\n')}`],
    ['UTF-16', utf16(rows.join('\r\n'))],
    ['UTF-16 of the other order', utf16(rows.join('\r'), true)],
    ['spaces beside commas', rows.join('\n').replaceAll(',', ' , ')],
    ['spaces within quotes', 'path,label\na.jpg,"cat "\nb.jpg, "dog" \nc.jpg,cat'],
  ])('is read with %s', async (_, content) => {
    expect(await labelsOf(content)).toEqual(wanted);
  });

  it('takes composed and decomposed accents for one name, and trims those of JSON', async () => {
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'];
    const text = `path,label\na.jpg,${composed}\nb.jpg,${decomposed}\n`;
    expect(await labelsOf(text)).toEqual([composed, composed]);
    const json = ['cat', 'cat ', ' cat'].map((label, i) =>
      JSON.stringify({ path: images[i], label }),
    );
    expect(await labelsOf(json.join('\n'), 'l.jsonl')).toEqual(['cat', 'cat', 'cat']);
    const list = fileOf(text);
    const names = { names: [decomposed], source: 'the training' };
    expect((await openImageList(list, { wanted: names })).label(1)).toBe(0);
  });

  it.each([
    ['Cat', 'cat', 'upper and lower case'],
    ['sea  lion', 'sea lion', 'spaces'],
    ['sea\u00a0lion', 'sealion', 'spaces'],
    ['\uff43at', 'cat', 'case, spaces or Unicode form'],
    ['ca\u200bt', 'cat', 'case, spaces or Unicode form'],
    ['STRASSE', 'stra\u00dfe', 'case, spaces or Unicode form'],
  ])('is refused where two labels look alike: %s and %s', async (a, b, what) => {
    for (const [name, text] of [
      ['l.csv', `path,label\na.jpg,${a}\n\nb.jpg,${b}\nc.jpg,${b}\n`],
      ['l.jsonl', `\n{"path":"a.jpg","label":"${a}"}\n\n{"path":"b.jpg","label":"${b}"}\n`],
    ] as const)
      await expect(openImageList(fileOf(text, name))).rejects.toMatchObject({
        code: 'near-names',
        message: expect.stringContaining(`differ only in ${what}`),
        notes: [expect.stringMatching(/\(line 2\) and ".*" \(line 4\)$/)],
      });
  });

  it.each([
    ['Latin-1', Buffer.from('path,label\na.jpg,cat\nb.jpg,p\u00e4r\n', 'latin1'), 3],
    ['Latin-1 with carriage returns', Buffer.from('path,label\rb.jpg,p\u00e4r\r', 'latin1'), 2],
    ['letters lost before', 'path,label\na.jpg,p\uFFFDr\n', 2],
    ['UTF-16 without a mark', Buffer.from('path,label\na.jpg,cat\n', 'utf16le'), 1],
    ['half a character in UTF-16', utf16('path,label\na.jpg,\ud800\n'), 2],
    ['a NUL', 'path,label\na.jpg,cat\nb.jpg,do\0g\n', 3],
  ])('is refused with the line for %s', async (_, content, line) => {
    const path = fileOf(content);
    await expect(openImageList(path)).rejects.toMatchObject({
      code: 'not-utf8',
      where: `${path}:${line}`,
      hint: 'save it as UTF-8',
    });
  });

  it.each([
    ['path;label\na.jpg;cat\n', 'the columns are not separated by commas'],
    ['path,label,label\na.jpg,cat,dog\n', 'the first line names the column "label" twice'],
    ['path,label\na.jpg,"cat\nb.jpg,dog"\n', '2 lines of .* are wrong'],
    ['path,label\n"a.jpg"x,cat\n', 'a quote is not closed, or stands inside a value'],
    ['path,label\na.jpg,12" record\n', 'a quote is not closed, or stands inside a value'],
    ['path,label\na.jpg," "\n', 'the label is missing'],
  ])('is refused: %j', async (text, message) => {
    await expect(openImageList(fileOf(text))).rejects.toThrow(new RegExp(`^${message}$`));
  });
});

describe('lines of a file', () => {
  it('are found by number and byte whatever ends them, across chunks', async () => {
    const lines = Array.from({ length: 70_000 }, (_, i) => `${i} ${'\u00e4'.repeat(i % 9)}x`);
    const ends = ['\r', '\n', '\r\n', '\r\n\r\n', '\r\r'];
    const text = lines.map((line, i) => line + (ends[i % 5] ?? '')).join('');
    for (const content of [text, utf16(text)]) {
      const numbers: number[] = [];
      const found = await Lines.ofFile(fileOf(content), (_, number) => numbers.push(number));
      expect(found.count).toBe(lines.length);
      expect(all(found)).toEqual(lines);
      expect(numbers.slice(0, 7)).toEqual([1, 2, 3, 4, 6, 8, 9]);
    }
  });

  it('are refused where one is longer than any list has', async () => {
    const path = fileOf(`a\n${'x'.repeat(2 ** 24 + 2 ** 20)}`);
    await expect(Lines.ofFile(path)).rejects.toMatchObject({
      code: 'long-line',
      where: `${path}:2`,
    });
  });
});

describe('CSV', () => {
  it('of a line is read as by the library, fast or not', () => {
    const pieces = ['a', '"', '""', ' ', ',', 'b c', '\t', '"x,y"', '\u00e9'];
    let seed = 1;
    const next = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 3000; round++) {
      const line = Array.from({ length: 1 + next(7) }, () => pieces[next(pieces.length)]).join('');
      let wanted: unknown;
      try {
        wanted = parse(line, { delimiter: ',', trim: true, record_delimiter: '\n' })[0] ?? [''];
      } catch {
        wanted = expect.stringMatching(/^a quote is not closed/);
      }
      expect(csvFields(line), JSON.stringify(line)).toEqual(wanted);
    }
  });

  it('of a file has the lines that rows begin at', () => {
    const path = fileOf('\uFEFFa,b\r\n\r\n"1\r\n2",3\r4,5\n , \n6,"7"\n');
    expect(readCsv(path)).toEqual([
      { cells: ['a', 'b'], line: 1 },
      { cells: ['1\n2', '3'], line: 3 },
      { cells: ['4', '5'], line: 5 },
      { cells: ['6', '7'], line: 7 },
    ]);
  });
});

describe('corrections', () => {
  const read = (content: string | Uint8Array) =>
    readCorrections(fileOf(content), ['cat', 'dog', '\u00e9']);

  it('are read with all line ends, spaces and encodings', () => {
    const text = 'image,class\n a.jpg , dog\n"b.jpg", "cat"\nc.jpg,e\u0301\n';
    for (const content of [
      text,
      text.replaceAll('\n', '\r'),
      text.replaceAll('\n', '\r\n'),
      utf16(text),
    ])
      expect([...read(content).labels]).toEqual([
        ['a.jpg', 1],
        ['b.jpg', 0],
        ['c.jpg', 2],
      ]);
  });

  it.each([
    ['an open quote', 'image,class\na.jpg,dog\n\n"b.jpg,cat\nc.jpg,dog\n', 4],
    ['a quote that runs into another', 'image,class\n"a.jpg,dog\nb.jpg,"cat"\n', 2],
    ['a quote inside a value', 'image,class\na.jpg,do"g\n', 2],
    ['a missing comma', 'image,class\na.jpg,dog\nb.jpg\n', 3],
    ['a cell too many', 'image,class\na.jpg,dog,cat\n', 2],
    ['Latin-1', Buffer.from('image,class\na.jpg,\u00e9\n', 'latin1'), 2],
  ])('are refused with the line for %s', (_, content, line) => {
    expect(() => read(content)).toThrow(
      expect.objectContaining({ where: expect.stringMatching(new RegExp(`:${line}$`)) }),
    );
  });
});

describe('a file of class names', () => {
  it('has one a line, commas and all', () => {
    for (const end of ['\n', '\r\n', '\r'])
      expect(
        readClassNames(fileOf(['tench, Tinca', ' "12"" record" ', 'e\u0301', ''].join(end))),
      ).toEqual(['tench, Tinca', '12" record', '\u00e9']);
    expect(readClassNames(fileOf(utf16('a\r\nb\r\n\r\n')))).toEqual(['a', 'b']);
  });

  it.each([
    ['a blank line', 'cat\n\ndog\n', 2, /^line 2 is blank$/],
    ['a name twice', 'cat\ndog\ncat\n', 3, /^the class "cat" is named twice: lines 1 and 3$/],
    ['an open quote', 'cat\n"dog\n', 2, /^line 2 has a quote that is not closed/],
    ['nothing', '\n', 1, /names no classes$/],
    ['Latin-1', Buffer.from('cat\np\u00e4r\n', 'latin1'), 2, /^line 2 of .* is not UTF-8$/],
    ['names that look alike', 'cat\nCat\n', undefined, /differ only in upper and lower case$/],
  ])('is refused for %s', (_, content, line, message) => {
    const path = fileOf(content);
    expect(() => readClassNames(path)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(message),
        where: line === undefined ? path : `${path}:${line}`,
      }),
    );
  });
});

describe('class folders', () => {
  const folderOf = (...names: string[]): string => {
    const folder = temporaryFolder();
    for (const name of names) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, '1.jpg'), '');
    }
    return folder;
  };

  it('are refused where two names look alike', () => {
    for (const pair of [
      ['Cat', 'cat'],
      ['cat', 'cat '],
      ['caf\u00e9', 'cafe\u0301'],
    ])
      expect(() => openImageFolder(folderOf('dog', ...pair))).toThrow(
        expect.objectContaining({ code: 'near-names' }),
      );
  });

  it('give their names composed and without outer spaces, and their files as they lie', () => {
    const folder = folderOf('dog ', 'e\u0301');
    const images = openImageFolder(folder);
    expect(images.classNames).toEqual(['dog', '\u00e9']);
    expect(images.where(1)).toBe(join(folder, 'e\u0301', '1.jpg'));
  });
});
