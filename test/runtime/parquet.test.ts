import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { asyncBufferFromFile } from 'hyparquet/src/node.js';
import { describe, expect, it } from 'vitest';
import { ParquetFileWriter } from '../../src/runtime/parquet.js';
import { ParquetFile } from '../../src/runtime/parquetFile.js';
import { temporaryFolder } from '../support/folder.js';
import { smallDisk } from '../support/smallDisk.js';

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
          hint: 'it may have been cut short: delete it and make it again',
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
