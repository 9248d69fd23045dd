import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lines } from '../../../src/data/text/lines.js';
import { DataError } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';

const all = (lines: Lines): string[] => Array.from({ length: lines.count }, (_, i) => lines.at(i));

async function ofText(text: string) {
  const path = join(temporaryFolder(), 'list.txt');
  writeFileSync(path, text);
  const numbers: [string, number][] = [];
  const lines = await Lines.ofFile(path, (line, number) => numbers.push([line, number]));
  return { path, lines, numbers };
}

describe('lines of a file', () => {
  it('are found by number, in any order', async () => {
    const wanted = Array.from({ length: 1000 }, (_, i) => `line ${i} ${'ä'.repeat(i % 7)}`);
    const { lines } = await ofText(wanted.join('\n'));
    expect(all(lines)).toEqual(wanted);
    for (const i of [999, 0, 31, 32, 33, 500, 64, 63]) expect(lines.at(i)).toBe(wanted[i]);
  });

  it('are counted without the blank ones, and numbered with them', async () => {
    const { lines, numbers } = await ofText('\uFEFFa\r\n\r\nb\r\n  \n\nc \n');
    expect(all(lines)).toEqual(['a', 'b', 'c ']);
    expect(numbers).toEqual([
      ['a', 1],
      ['b', 3],
      ['c ', 6],
    ]);
  });

  it('may be longer than a chunk that is read', async () => {
    const wanted = ['x'.repeat(3_000_000), 'y', 'z'.repeat(1_500_000), ''];
    const { lines } = await ofText(wanted.join('\n'));
    expect(all(lines)).toEqual(wanted.slice(0, 3));
  });

  it('are none in an empty file', async () => {
    const { lines } = await ofText('\n\n');
    expect(lines.count).toBe(0);
  });

  it('have another fingerprint where one changes', async () => {
    const [a, b, c] = await Promise.all(['a\nb\n', 'a\nb\n', 'a\nc\n'].map(ofText));
    expect(a?.lines.fingerprint).toBe(b?.lines.fingerprint);
    expect(a?.lines.fingerprint).not.toBe(c?.lines.fingerprint);
  });

  it('are missed where the file becomes shorter', async () => {
    const { path, lines } = await ofText('a\nb\nc\n');
    truncateSync(path, 2);
    expect(() => lines.at(2)).toThrow(/the file has become shorter/);
    lines.close();
  });

  it('are refused where there is no file', async () => {
    const path = join(temporaryFolder(), 'none.csv');
    await expect(Lines.ofFile(path)).rejects.toThrow(DataError);
    await expect(Lines.ofFile(path)).rejects.toMatchObject({ code: 'missing-file', where: path });
  });
});

describe('lines of a program', () => {
  it('are the same in memory and beyond it', () => {
    const wanted = Array.from({ length: 500 }, (_, i) => `${i}.jpg`);
    const [inMemory, inFile] = [Lines.from(wanted, 'made'), Lines.from(wanted, 'made', 100)];
    expect(all(inMemory)).toEqual(wanted);
    expect(all(inFile)).toEqual(wanted);
    expect(inFile.fingerprint).toBe(inMemory.fingerprint);
  });
});
