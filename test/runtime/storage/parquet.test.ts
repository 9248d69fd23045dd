import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { asyncBufferFromFile } from 'hyparquet/src/node.js';
import { describe, expect, it } from 'vitest';
import { ParquetFileWriter } from '../../../src/runtime/storage/parquet/writer.js';
import { ParquetFile } from '../../../src/runtime/storage/parquet/file.js';
import { temporaryFolder } from '../../support/folder.js';
import { smallDisk } from '../../support/smallDisk.js';

const columns = { id: 'text', class: 'category', index: 'int32', p: 'float32' } as const;

function rowsFrom(first: number, count: number) {
  const numbers = Array.from({ length: count }, (_, i) => first + i);
  return {
    id: numbers.map((i) => `bücher/${i}.jpg`),
    class: numbers.map((i) => (i % 3 === 0 ? 'cat' : 'dog')),
    index: Int32Array.from(numbers),
    p: Float32Array.from(numbers, (i) => i / 7),
  };
}

/** Three row groups of different sizes. */
function write(path: string): number {
  const writer = new ParquetFileWriter(path, columns, { about: '{"a":1}' });
  writer.write(rowsFrom(0, 5));
  writer.write(rowsFrom(5, 0));
  writer.write(rowsFrom(5, 1));
  writer.write(rowsFrom(6, 1000));
  expect(writer.rows).toBe(1006);
  return writer.commit();
}

async function readAll(path: string) {
  const file = await ParquetFile.open(path);
  try {
    const groups = [];
    for await (const group of file.read(columns)) groups.push(group);
    return { groups, about: file.metadata('about'), rows: file.rows };
  } finally {
    file.close();
  }
}

describe('a Parquet file', () => {
  it('gives back its row groups, types and metadata', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.parquet');
    const bytes = write(path);
    expect(readFileSync(path).length).toBe(bytes);
    expect(readdirSync(folder)).toEqual(['a.parquet']);
    const { groups, about, rows } = await readAll(path);
    expect(groups).toEqual([rowsFrom(0, 5), rowsFrom(5, 1), rowsFrom(6, 1000)]);
    expect({ about, rows }).toEqual({ about: '{"a":1}', rows: 1006 });
  });

  it('is read by columns, only those asked for', async () => {
    const path = join(temporaryFolder(), 'a.parquet');
    write(path);
    const file = await ParquetFile.open(path);
    const indices = [];
    for await (const { index } of file.read({ index: 'int32' })) indices.push(...index);
    expect(indices).toEqual(Array.from({ length: 1006 }, (_, i) => i));
    await expect(file.read({ q: 'int32' }).next()).rejects.toThrow(/it has no column q/);
    file.close();
  });

  it('is an ordinary one to another reader', async () => {
    const path = join(temporaryFolder(), 'a.parquet');
    write(path);
    const objects = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
    expect(objects[1005]).toEqual({
      id: 'bücher/1005.jpg',
      class: 'cat',
      index: 1005,
      p: Math.fround(1005 / 7),
    });
  });

  it('is not there before it is committed, nor after it is discarded', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.parquet');
    const writer = new ParquetFileWriter(path, columns, {});
    writer.write(rowsFrom(0, 10));
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.a\.parquet\.new-/)]);
    writer.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names itself when it was cut short, anywhere', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.parquet');
    const bytes = write(path);
    const cut = join(folder, 'cut.parquet');
    for (const size of [0, 3, 8, 200, Math.floor(bytes / 2), bytes - 1]) {
      copyFileSync(path, cut);
      truncateSync(cut, size);
      await expect(ParquetFile.open(cut)).rejects.toThrow(
        expect.objectContaining({
          name: 'ArtifactError',
          code: 'parquet-damaged',
          where: cut,
          hint: 'delete it and make it again: it may have been cut short',
        }),
      );
    }
  });

  it('names itself when its middle is missing', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.parquet');
    write(path);
    const whole = readFileSync(path);
    const hole = join(folder, 'hole.parquet');
    writeFileSync(hole, Buffer.concat([whole.subarray(0, 40), whole.subarray(4000)]));
    await expect(readAll(hole)).rejects.toThrow(
      expect.objectContaining({ code: 'parquet-damaged', where: hole }),
    );
  });

  it('stops at a full disk, gives the room back and leaves the file before it', async (context) => {
    const folder = smallDisk(context);
    const path = join(folder, 'a.parquet');
    write(path);
    const writer = new ParquetFileWriter(path, columns, {});
    const fill = (): void => {
      for (let i = 0; i < 100; i++) writer.write(rowsFrom(i * 1000, 1000));
    };
    expect(fill).toThrow(
      expect.objectContaining({ name: 'TrainingError', code: 'disk-full', where: path }),
    );
    expect(readdirSync(folder)).toEqual(['a.parquet']);
    expect((await readAll(path)).rows).toBe(1006);
  });
});

/** A row group for each list of ids, and how each is compressed. */
async function textGroups(...groups: readonly string[][]) {
  const path = join(temporaryFolder(), 'text.parquet');
  const writer = new ParquetFileWriter(path, { id: 'text' }, {});
  for (const id of groups) writer.write({ id });
  writer.commit();
  const { row_groups } = await parquetMetadataAsync(await asyncBufferFromFile(path));
  const file = await ParquetFile.open(path);
  const read: string[][] = [];
  try {
    for await (const { id } of file.read({ id: 'text' })) read.push(id);
  } finally {
    file.close();
  }
  return { path, read, codecs: row_groups.map(({ columns: [id] }) => id?.meta_data?.codec) };
}

describe('text in a Parquet file', () => {
  it.each([
    ['ASCII', ['a', '', 'b c'], undefined],
    ['long values', ['x'.repeat(127), 'y'.repeat(128), 'z'.repeat(70_000)], undefined],
    ['other scripts', ['bücher/1', '', '写真/2', '\u{1f993}', 'a\u{fffd}', '\u{feff}b'], undefined],
    ['half characters', ['a\ud83e', '\udd93b'], ['a\ufffd', '\ufffdb']],
  ])('comes back as it was: %s', async (_, texts, becomes) => {
    expect((await textGroups(texts)).read).toEqual([becomes ?? texts]);
  });

  it('is refused where its bytes are not UTF-8, not made into other text', async () => {
    const { path } = await textGroups(['b\u00fccher'], ['x']);
    const bytes = readFileSync(path);
    bytes[bytes.indexOf('b\u00fccher') + 1] = 0x80;
    writeFileSync(path, bytes);
    const file = await ParquetFile.open(path);
    await expect(file.read({ id: 'text' }).next()).rejects.toMatchObject({
      code: 'parquet-damaged',
    });
    file.close();
  });

  it('is compressed as long as that saves much', async () => {
    const counted = (from: number) =>
      Array.from({ length: 999 }, (_, i) => `photos/part-0001/${from + i}.jpg`);
    const random = (from: number) =>
      counted(from).map((id) => createHash('sha256').update(id).digest('base64'));
    expect((await textGroups(counted(0), counted(999))).codecs).toEqual(['SNAPPY', 'SNAPPY']);
    expect((await textGroups(random(0), random(999))).codecs).toEqual(['SNAPPY', 'UNCOMPRESSED']);
  });
});
