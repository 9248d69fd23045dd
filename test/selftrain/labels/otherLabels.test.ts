import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { ParquetFileWriter, type Columns } from '../../../src/runtime/storage/parquet/writer.js';
import { diffLabels } from '../../../src/selftrain/review/diff.js';
import { filterLabels } from '../../../src/selftrain/choose/filter.js';
import { KeptSet, loadKept } from '../../../src/selftrain/choose/keptStore.js';
import { LabelSet } from '../../../src/selftrain/labels/labelSet.js';
import {
  infoKey,
  labelColumns,
  probabilityColumns,
  shardPath,
} from '../../../src/selftrain/labels/labelStore.js';
import { UniqueIds } from '../../../src/selftrain/labels/uniqueIds.js';
import { temporaryFolder } from '../../support/folder.js';
import {
  letters,
  randomLabels,
  syntheticOrigin,
  writeLabels,
} from '../../support/syntheticLabels.js';

const golden = (name: string): string =>
  new URL(`../../goldens/labels/${name}.parquet`, import.meta.url).pathname;

function classFile(names: readonly string[] = ['ant', 'bee', 'cat']): string {
  const path = join(temporaryFolder(), 'classes.txt');
  writeFileSync(path, names.join('\n'));
  return path;
}

/** A folder with a file of another program under a name of its own. */
function folderOf(name: string): string {
  const folder = temporaryFolder();
  copyFileSync(golden(name), join(folder, 'all.parquet'));
  return folder;
}

describe('labels that another program wrote', () => {
  it('are read from a folder or a file, with their classes named', async () => {
    const classes = classFile();
    const folder = folderOf('duckdb-zstd');
    for (const path of [folder, join(folder, 'all.parquet')]) {
      const out = join(temporaryFolder(), 'kept.parquet');
      const summary = await filterLabels(path, { out, classes, threshold: 0.6 });
      expect(summary).toMatchObject({ images: 12, kept: 9 });
      expect(summary.classes.map(({ name }) => name)).toEqual(['ant', 'bee', 'cat']);
      expect(summary.warnings).toEqual([
        expect.stringMatching(/was written by DuckDB .*does not record its teacher/),
      ]);
      expect((await KeptSet.open(out)).info.classes).toEqual(['ant', 'bee', 'cat']);
    }
  });

  it('say which of their columns are left out', async () => {
    const { notes } = await LabelSet.open(folderOf('duckdb-types'), { classes: classFile() });
    expect(notes[1]).toBe('columns that are ignored: note, list');
  });

  it('are refused while nobody names their classes, with the ways on', async () => {
    const folder = folderOf('polars');
    await expect(LabelSet.open(folder)).rejects.toThrow(
      expect.objectContaining({
        code: 'label-classes-unknown',
        where: join(folder, 'all.parquet'),
        hint: expect.stringMatching(/classes: FILE.*KV_METADATA/) as string,
      }),
    );
    await expect(LabelSet.open(folder, { classes: classFile(['a', 'b']) })).rejects.toThrow(
      /has 3 columns of probabilities .* for 2 classes/,
    );
  });

  it('are compared with each other by their ids', async () => {
    const classes = classFile();
    const diff = await diffLabels(golden('pandas'), folderOf('polars'), { classes });
    expect(diff).toMatchObject({ compared: 12, changed: 0 });
    expect(diff.notes).toHaveLength(3);
  });

  it('are named for a missing column, not deleted as cut short', async () => {
    const open = LabelSet.open(folderOf('duckdb-missing'), { classes: classFile() });
    await expect(open).rejects.toThrow(/it has no column confidence/);
  });

  it('leave the shards of a folder what they are', async () => {
    const folder = writeLabels(temporaryFolder(), randomLabels(20));
    copyFileSync(golden('polars'), join(folder, 'other.parquet'));
    const { rows, notes } = await LabelSet.open(folder);
    expect(rows).toBe(20);
    expect(notes).toEqual([
      `the shards of ${folder} are read, not ${join(folder, 'other.parquet')}`,
    ]);
  });
});

/** Writes a store of six rows in two shards, one value of which is another. */
function edited(
  column: string,
  value: number | string,
  { topK = null as number | null, row = 4 } = {},
): string {
  const folder = temporaryFolder();
  const classes = letters.slice(0, 3);
  const origin = { ...syntheticOrigin(classes, 6), topK };
  const columns: Columns = { ...labelColumns, ...probabilityColumns(origin) };
  const all: Record<string, (number | string)[]> = {
    id: ['q', 'b', 'c', 'd', 'e', 'a'],
    index: [0, 1, 2, 3, 4, 5],
    label: [0, 1, 2, 0, 1, 2],
    confidence: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    c0: [0, 1, 2, 0, 1, 2],
    c1: [1, 2, 0, 1, 2, 0],
    p0: topK === null ? [0.5, 0.25, 0.25, 0.5, 0.25, 0.25] : Array<number>(6).fill(0.5),
    p1: topK === null ? [0.25, 0.5, 0.25, 0.25, 0.5, 0.25] : Array<number>(6).fill(0.3),
    p2: [0.25, 0.25, 0.5, 0.25, 0.25, 0.5],
    rest: Array<number>(6).fill(0.2),
  };
  (all[column] ?? [])[row] = value;
  for (const index of [1, 2]) {
    const info = { ...origin, format: 'gradus-labels', version: 1, shard: { index, of: 2 } };
    const writer = new ParquetFileWriter(shardPath(folder, index, 2), columns, {
      [infoKey]: JSON.stringify(info),
    });
    const rows: Record<string, Int32Array | Float32Array | string[]> = {};
    for (const [name, type] of Object.entries(columns)) {
      const own = (all[name] ?? []).slice(3 * index - 3, 3 * index);
      if (type === 'int32') rows[name] = Int32Array.from(own, Number);
      else if (type === 'float32') rows[name] = Float32Array.from(own, Number);
      else rows[name] = own.map(String);
    }
    writer.write(rows);
    writer.commit();
  }
  return folder;
}

describe('labels that make no sense', () => {
  const filter = (folder: string) =>
    filterLabels(folder, { out: join(folder, 'kept.parquet'), allowEmpty: true });

  it.each([
    ['confidence', NaN, 'a confidence NaN'],
    ['confidence', 2, 'a confidence 2'],
    ['confidence', -1, 'a confidence -1'],
    ['label', 3, '3 in the column label'],
    ['label', -1, '-1 in the column label'],
    ['index', 6, 'an index of 6 in 6 images'],
    ['index', -1, 'an index of -1 in 6 images'],
    ['index', 0, 'the index 0 a second time'],
    ['id', 'q', 'a second label of q'],
    ['id', '', 'an empty id'],
    ['p1', NaN, 'p1: NaN'],
    ['p1', -0.5, 'p1: -0.5'],
    ['p1', 0.3, 'probabilities that sum to 0.8'],
  ])('%s %s: refused with shard and row', async (column, value, message) => {
    const folder = edited(column, value);
    const error: unknown = await filter(folder).catch((cause: unknown) => cause);
    const where = shardPath(folder, 2, 2);
    expect(error).toMatchObject({ name: 'DataError', code: 'label-senseless', where });
    expect(String(error)).toContain(`${where}, row 1: ${message}`);
  });

  it.each([
    ['c1', 3, 'c1: 3 of 3 classes'],
    ['c1', 1, 'c1: class 1 again'],
    ['p1', 0.6, 'probabilities that sum to 1.3'],
    ['rest', NaN, 'rest: NaN'],
  ])('among the likeliest, %s %s', async (column, value, message) => {
    const folder = edited(column, value, { topK: 2 });
    await expect(filter(folder)).rejects.toThrow(`row 1: ${message}`);
  });

  it('are taken where only rounding is wrong', async () => {
    expect(await filter(edited('p1', 0.505))).toMatchObject({ kept: 6 });
  });

  it('are told of where a label is not the likeliest class', async () => {
    const { warnings } = await filter(edited('label', 0));
    expect(warnings).toEqual([expect.stringMatching(/^a label is not the most probable class/)]);
  });

  it('are refused in kept labels as well', async () => {
    const folder = edited('label', 1);
    const out = join(folder, 'kept.parquet');
    await filter(folder);
    const kept = await KeptSet.open(out);
    const columns: Columns = {
      ...labelColumns,
      copies: 'int32',
      reason: 'category',
      ...probabilityColumns(kept.info),
    };
    const writer = new ParquetFileWriter(out, columns, { [infoKey]: JSON.stringify(kept.info) });
    for await (const rows of kept.read(columns))
      writer.write({ ...rows, copies: new Int32Array(rows['label']?.length ?? 0).fill(-1) });
    writer.commit();
    await expect(loadKept(out)).rejects.toThrow(`${out}, row 0: copies: -1`);
  });

  it.each([
    ['a million classes', { classes: Array<string>(1_000_000).fill('a') }],
    ['a billion probabilities', { topK: 1e9 }],
    ['a billion shards', { shard: { index: 1, of: 1e9 } }],
    ['more images than places', { data: { name: 'x', fingerprint: 'y', size: 2 ** 33 } }],
  ])('%s: refused before anything is made for them', async (_what, more) => {
    const folder = temporaryFolder();
    const info = { ...syntheticOrigin(letters, 6), format: 'gradus-labels', version: 1 };
    const shard = { index: 1, of: 1 };
    new ParquetFileWriter(shardPath(folder, 1, 1), labelColumns, {
      [infoKey]: JSON.stringify({ ...info, shard, ...more }),
    }).commit();
    await expect(LabelSet.open(folder)).rejects.toThrow(
      expect.objectContaining({ name: 'ArtifactError', code: 'label-file-invalid' }),
    );
  });
});

describe('ids', () => {
  const blocks = (ids: readonly string[], size: number): string[][] =>
    Array.from({ length: Math.ceil(ids.length / size) }, (_, i) =>
      ids.slice(i * size, (i + 1) * size),
    );

  it.each([
    [
      'in the order of text',
      Array.from({ length: 50 }, (_, i) => `a/${String(i).padStart(3, '0')}`),
    ],
    ['in the order of numbers', Array.from({ length: 50 }, (_, i) => String(i))],
    ['in no order', Array.from({ length: 50 }, (_, i) => `x${(i * 7) % 50}`)],
  ])('%s that stand there twice are found, others not', async (_order, ids) => {
    for (const [from, to] of [
      [0, 49],
      [10, 11],
      [48, 3],
      [-1, -1],
    ] as const) {
      const own = ids.with(Math.max(to, 0), ids[from] ?? ids[0] ?? '');
      const groups = blocks(own, 7);
      async function* reread(): AsyncGenerator<string[]> {
        yield* await Promise.resolve(groups);
      }
      const unique = new UniqueIds(own.length, reread);
      let found: { first: number; again: number } | undefined;
      for (const group of groups) found ??= await unique.add(group);
      const expected =
        from < 0 ? undefined : { first: Math.min(from, to), again: Math.max(from, to) };
      expect(found).toEqual(expected);
    }
  });
});

describe('what Gradus writes', () => {
  it('has least and largest values of labels and confidences, and none of probabilities', () => {
    const folder = writeLabels(temporaryFolder(), randomLabels(100));
    const bytes = readFileSync(shardPath(folder, 1, 1));
    const { row_groups: groups } = parquetMetadata(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    );
    const chunks = groups[0]?.columns.map(({ meta_data: meta }) => ({
      name: meta?.path_in_schema[0],
      codec: meta?.codec,
      bounded: meta?.statistics?.max_value !== undefined,
    }));
    expect(chunks?.slice(0, 5)).toEqual([
      { name: 'id', codec: 'SNAPPY', bounded: true },
      { name: 'index', codec: 'SNAPPY', bounded: true },
      { name: 'label', codec: 'SNAPPY', bounded: true },
      { name: 'confidence', codec: 'UNCOMPRESSED', bounded: true },
      { name: 'p0', codec: 'UNCOMPRESSED', bounded: false },
    ]);
  });

  it('has no such values of a column that holds NaN', () => {
    const path = join(temporaryFolder(), 'a.parquet');
    const writer = new ParquetFileWriter(path, { x: 'float32' }, {});
    writer.write({ x: Float32Array.of(0.2, NaN) });
    writer.commit();
    const bytes = readFileSync(path);
    const { row_groups: groups } = parquetMetadata(new Uint8Array(bytes));
    expect(groups[0]?.columns[0]?.meta_data?.statistics).toBeUndefined();
  });

  it('is refused where a teacher says NaN', async () => {
    const { ShardWriter } = await import('../../../src/selftrain/labels/labelStore.js');
    const shard = { index: 1, of: 1 };
    const writer = new ShardWriter(join(temporaryFolder(), 'a.parquet'), {
      ...syntheticOrigin(letters, 1),
      shard,
    });
    expect(() => {
      writer.add('images/1.jpg', 0, new Float32Array(6).fill(NaN));
    }).toThrow(/the teacher returns NaN for images\/1.jpg/);
    writer.discard();
  });
});
