import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ParquetFile } from '../../../src/runtime/storage/parquet/file.js';
import { temporaryFolder } from '../../support/folder.js';

const goldens = new URL('../../goldens/labels/', import.meta.url).pathname;

const columns = {
  id: 'text',
  index: 'int32',
  label: 'int32',
  confidence: 'float32',
  p0: 'float32',
  p1: 'float32',
  p2: 'float32',
} as const;

async function readAll(path: string) {
  const file = await ParquetFile.open(path);
  const rows: { id: string; index: number; label: number; confidence: number; p: number[] }[] = [];
  try {
    for await (const { id, index, label, confidence, p0, p1, p2 } of file.read(columns))
      for (const [i, own] of id.entries())
        rows.push({
          id: own,
          index: index[i] ?? NaN,
          label: label[i] ?? NaN,
          confidence: confidence[i] ?? NaN,
          p: [p0[i] ?? NaN, p1[i] ?? NaN, p2[i] ?? NaN],
        });
  } finally {
    file.close();
  }
  return rows;
}

/** The table that make.py writes. */
const expected = Array.from({ length: 12 }, (_, i) => {
  const confidence = Math.fround(0.5 + (0.44 * i) / 11);
  const p = [0, 1, 2].map((c) => (c === i % 3 ? confidence : (1 - confidence) / 2));
  const id = `images/bücher ${String(i).padStart(2, '0')}.jpg`;
  return { id, index: 11 - i, label: i % 3, confidence, p };
});

function requireExpected(rows: Awaited<ReturnType<typeof readAll>>, digits = 6): void {
  expect(rows.map(({ id, index, label }) => ({ id, index, label }))).toEqual(
    expected.map(({ id, index, label }) => ({ id, index, label })),
  );
  for (const [i, { confidence, p }] of rows.entries()) {
    expect(confidence).toBeCloseTo(expected[i]?.confidence ?? NaN, digits);
    for (const [c, own] of p.entries()) expect(own).toBeCloseTo(expected[i]?.p[c] ?? NaN, digits);
  }
}

const whole = [
  ...['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw', 'v2'].map(
    (own) => `duckdb-${own}`,
  ),
  'duckdb-types',
  'polars',
  'polars-types',
  'pandas',
  'pyarrow-split',
];

describe('a Parquet file of another program', () => {
  it.each(whole)('%s is read as it was meant', async (name) => {
    requireExpected(
      await readAll(join(goldens, `${name}.parquet`)),
      name === 'duckdb-types' ? 5 : 6,
    );
  });

  it('of 16-bit floats is read to their digits', async () => {
    requireExpected(await readAll(join(goldens, 'pyarrow-float16.parquet')), 3);
  });

  it('may have whole numbers for ids', async () => {
    const rows = await readAll(join(goldens, 'duckdb-ids.parquet'));
    expect(rows.map(({ id }) => id)).toEqual(expected.map(({ index }) => String(100 - index)));
  });

  it.each([
    ['duckdb-missing', 'parquet-column', 'it has no column confidence'],
    ['duckdb-text', 'parquet-column', 'the column label holds text, not whole numbers'],
    ['duckdb-null', 'parquet-value', 'row 5: the column confidence has no value'],
  ])('%s is refused by what is wrong with it', async (name, code, message) => {
    const path = join(goldens, `${name}.parquet`);
    const error: unknown = await readAll(path).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'ArtifactError', code, where: path });
    expect(String(error)).toContain(message);
    expect(error).not.toMatchObject({ hint: expect.stringContaining('cut short') as string });
  });
});

describe('a Parquet file of which bytes were changed', () => {
  it('is read, or refused by name', async () => {
    const path = join(temporaryFolder(), 'changed.parquet');
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (const name of readdirSync(goldens).filter((own) => own.endsWith('.parquet'))) {
      const bytes = readFileSync(join(goldens, name));
      for (let i = 0; i < 25; i++) {
        const changed = Buffer.from(bytes);
        for (let k = 0; k <= i % 3; k++) changed[random(changed.length)] = random(256);
        writeFileSync(path, changed);
        const error: unknown = await readAll(path).then(
          () => undefined,
          (cause: unknown) => cause,
        );
        if (error !== undefined)
          expect(error).toMatchObject({ name: 'ArtifactError', where: path });
      }
    }
  });
});
