import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportLabels } from '../../../src/selftrain/review/exportLabels.js';
import { filterLabels } from '../../../src/selftrain/choose/filter.js';
import type { ExportTargetName } from '../../../src/selftrain/review/labelExport/index.js';
import { shortestFloat32 } from '../../../src/support/floatText.js';
import { gradusHere } from '../../support/gradusHere.mjs';
import { temporaryFolder } from '../../support/folder.js';
import {
  letters,
  randomLabels,
  writeLabels,
  type Labelled,
} from '../../support/syntheticLabels.js';

const golden = new URL('../../goldens/labels/duckdb-zstd.parquet', import.meta.url).pathname;

async function exported(labels: string, to: ExportTargetName, classes?: string) {
  const out = join(temporaryFolder(), `new/labels.${to}`);
  const summary = await exportLabels(labels, { to, out, classes });
  const text = readFileSync(out, 'utf8');
  expect(summary.bytes).toBe(Buffer.byteLength(text));
  expect(text.endsWith('\n')).toBe(true);
  return { summary, lines: text.trimEnd().split('\n') };
}

/** Lines of JSON as objects. */
const parsed = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>);

const labels = randomLabels(100);

describe('labels that are exported', () => {
  it('are a line of CSV each, with class names and all digits of their numbers', async () => {
    const folder = writeLabels(temporaryFolder(), labels, { shards: 3 });
    const { summary, lines } = await exported(folder, 'csv');
    expect(summary).toMatchObject({ kind: 'labels', to: 'csv', rows: 100, classes: letters });
    const [header, ...rows] = lines;
    expect(header).toBe('id,index,label,class,confidence,p0,p1,p2,p3,p4,p5');
    expect(rows).toHaveLength(100);
    for (const [i, row] of rows.entries()) {
      const [id, index, label, name, confidence, ...p] = row.split(',');
      const own = labels[i] as Labelled;
      expect([id, index, label, name]).toEqual([
        own.id,
        `${i}`,
        `${own.label}`,
        letters[own.label],
      ]);
      expect(Math.fround(Number(confidence))).toBe(own.confidence);
      expect(confidence?.length).toBeLessThan(12);
      expect(p).toHaveLength(6);
      expect(p[own.label]).toBe(confidence);
    }
  });

  it('are an object of JSON each, with probabilities by the names of classes', async () => {
    const classes = ['10', '__proto__', '9', 'e "f"'];
    const some = [{ id: 'a\n"b.jpg', label: 1, confidence: 0.75 }];
    const folder = writeLabels(temporaryFolder(), some, { classes });
    const { lines } = await exported(folder, 'jsonl');
    const p = String(shortestFloat32(Math.fround(0.25 / 3)));
    expect(lines).toEqual([
      String.raw`{"id":"a\n\"b.jpg","index":0,"label":1,"class":"__proto__","confidence":0.75,` +
        String.raw`"probabilities":{"10":${p},"__proto__":0.75,"9":${p},"e \"f\"":${p}}}`,
    ]);
  });

  it('have of the likeliest classes their names or numbers, and the rest', async () => {
    const some = [{ id: 'a.jpg', label: 2, confidence: 0.75 }];
    const folder = writeLabels(temporaryFolder(), some, { topK: 2 });
    const { lines } = await exported(folder, 'csv');
    expect(lines).toEqual([
      'id,index,label,class,confidence,c0,p0,c1,p1,rest',
      'a.jpg,0,2,c,0.75,2,0.75,0,0.05,0.2',
    ]);
    const [object] = parsed((await exported(folder, 'jsonl')).lines);
    expect(object).toMatchObject({ probabilities: { c: 0.75, a: 0.05 }, rest: 0.2 });
  });

  it('of kept labels and ledgers say why they were kept, and how often', async () => {
    const folder = writeLabels(temporaryFolder(), labels);
    const out = join(folder, 'kept.parquet');
    const { kept } = await filterLabels(folder, { out, threshold: 0.7 });
    const [first, ...rows] = (await exported(out, 'csv')).lines;
    expect(first).toMatch(/^id,index,label,class,confidence,copies,reason,p0,p1,/);
    expect(rows).toHaveLength(kept);
    expect(rows[0]).toMatch(/,1,confident,/);
    const ledger = parsed((await exported(join(folder, 'ledger.parquet'), 'jsonl')).lines);
    expect(ledger).toHaveLength(100);
    expect(ledger.filter(({ status }) => status === 'kept')).toHaveLength(kept);
    const keys = ['id', 'index', 'label', 'class', 'confidence', 'generation', 'status', 'reason'];
    expect(Object.keys(ledger[0] ?? {})).toEqual([...keys, 'copies']);
  });

  it('of another program need names for their classes', async () => {
    const classes = join(temporaryFolder(), 'classes.txt');
    writeFileSync(classes, 'ant\n=1+1\ncat\n');
    const merged = join(temporaryFolder(), 'all.parquet');
    copyFileSync(golden, merged);
    const { summary, lines } = await exported(merged, 'csv', classes);
    expect(summary.notes).toEqual([expect.stringContaining('was written by DuckDB')]);
    // A spreadsheet would compute it.
    expect(lines[2]).toMatch(
      /^images\/bücher 01\.jpg,10,1,'=1\+1,0\.54,0\.22999999,0\.54,0\.22999999$/,
    );
    await expect(exported(merged, 'csv')).rejects.toThrow(/does not name its classes/);
  });

  it('of our own files are not given other names', async () => {
    const folder = writeLabels(temporaryFolder(), labels);
    const out = join(folder, 'kept.parquet');
    await filterLabels(folder, { out });
    const classes = join(folder, 'classes.txt');
    writeFileSync(classes, 'x\nb\nc\nd\ne\nf\n');
    for (const path of [folder, out, join(folder, 'ledger.parquet')])
      await expect(exported(path, 'csv', classes)).rejects.toThrow(
        /names its own classes; those given come with other classes: missing: a; new: x/,
      );
  });

  it('that make no sense leave no file behind', async () => {
    const folder = temporaryFolder();
    const twice = { id: 'a', label: 0, confidence: 0.5 };
    writeLabels(folder, [twice, twice]);
    const out = join(folder, 'out.csv');
    await expect(exportLabels(folder, { to: 'csv', out })).rejects.toThrow(/a second label of a/);
    expect(existsSync(out)).toBe(false);
  });
});

describe('gradus labels export', () => {
  it('writes a file and says so, and never in the place of labels', async () => {
    const folder = temporaryFolder();
    writeLabels(join(folder, 'labels'), labels);
    const run = (...args: string[]) => gradusHere(['labels', 'export', 'labels', ...args], folder);
    const done = await run('--to', 'jsonl', '--out', 'l.jsonl');
    expect(done.stdout).toMatch(/^l\.jsonl: 100 labels of 6 classes, \d+\.\d kB\n$/);
    const json = await run('--to', 'csv', '--out', 'l.csv', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ to: 'csv', out: 'l.csv', rows: 100 });
    const shard = 'labels/shard-00001-of-00001.parquet';
    const lost = await run('--to', 'csv', '--out', shard);
    expect(lost).toMatchObject({ status: 2 });
    expect(lost.stderr).toContain(`${shard} would be csv under the name of labels`);
    expect((await run('--to', 'xml', '--out', 'l.xml')).status).toBe(2);
  });
});

describe('the shortest digits of a 32-bit float', () => {
  it('are read back as the same float', () => {
    for (const [value, digits] of [
      [0.3, '0.3'],
      [1 / 3, '0.33333334'],
      [1e-20, '1e-20'],
      [0, '0'],
      [1, '1'],
      [2 ** -149, '1e-45'],
    ] as const) {
      expect(String(shortestFloat32(Math.fround(value)))).toBe(digits);
    }
    for (let i = 0; i < 1000; i++) {
      const value = Math.fround(Math.sin(i) ** 2);
      expect(Math.fround(shortestFloat32(value))).toBe(value);
    }
  });
});
