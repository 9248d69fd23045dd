import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ParquetFileWriter } from '../../../src/runtime/storage/parquet/writer.js';
import { diffLabels, type DiffOptions } from '../../../src/selftrain/review/diff.js';
import { filterLabels } from '../../../src/selftrain/choose/filter.js';
import { IdTable } from '../../../src/selftrain/labels/idTable.js';
import { shardPath } from '../../../src/selftrain/labels/labelStore.js';
import { temporaryFolder } from '../../support/folder.js';
import {
  letters,
  randomLabels,
  writeLabels,
  type Labelled,
} from '../../support/syntheticLabels.js';

const labels = randomLabels(1000);
/** Another teacher's: every fifth image has another class, all confidences differ. */
const others = labels.map((own, i) => ({
  ...own,
  label: i % 5 === 0 ? (own.label + 1 + (i % 2)) % 6 : own.label,
  confidence: Math.fround(0.2 + (0.8 * ((i * 37) % 101)) / 101),
}));

const first = (): string => writeLabels(temporaryFolder(), labels, { shards: 3 });
const second = (store: Parameters<typeof writeLabels>[2] = {}): string =>
  writeLabels(temporaryFolder(), others, { shards: 2, teacher: 'c', topK: 2, ...store });

async function diff(before: string, after: string, options: DiffOptions = {}) {
  const { seconds: _seconds, ...rest } = await diffLabels(before, after, options);
  return rest;
}

const mean = (own: readonly Labelled[]): number =>
  own.reduce((sum, { confidence }) => sum + confidence, 0) / own.length;

/** Pairs of the images that changed, as [before, after]. */
const changes = labels
  .map((own, i) => [own, others[i] ?? own] as const)
  .filter(([before, after]) => before.label !== after.label);

describe('a comparison of two labellings', () => {
  it('counts the images that changed class, from class to class', async () => {
    const found = await diff(first(), second());
    expect(found).toMatchObject({ compared: 1000, changed: 200, share: 0.2, csv: null });
    const count = (from: number, to: number): number =>
      changes.filter(([before, after]) => before.label === from && after.label === to).length;
    for (const { from, to, images } of found.moves)
      expect(images).toBe(count(letters.indexOf(from), letters.indexOf(to)));
    expect(found.moves.reduce((sum, { images }) => sum + images, 0)).toBe(200);
    expect(found.moves.map(({ images }) => images)).toEqual(
      found.moves.map(({ images }) => images).sort((a, b) => b - a),
    );
    for (const [i, own] of found.classes.entries()) {
      const [before, after] = [labels, others].map(
        (all) => all.filter(({ label }) => label === i).length,
      );
      const left = changes.filter(([own]) => own.label === i).length;
      const joined = changes.filter(([, own]) => own.label === i).length;
      expect(own).toEqual({ name: letters[i], before, after, left, joined });
    }
  });

  it('tells mean confidences before and after', async () => {
    const { before, after, moves } = await diff(first(), second());
    expect(before.meanConfidence).toBeCloseTo(mean(labels), 12);
    expect(after.meanConfidence).toBeCloseTo(mean(others), 12);
    expect(before.meanConfidenceOfChanged).toBeCloseTo(mean(changes.map(([own]) => own)), 12);
    expect(after.meanConfidenceOfChanged).toBeCloseTo(mean(changes.map(([, own]) => own)), 12);
    const [{ from, to, confidenceBefore, confidenceAfter } = { from: '', to: '' }] = moves;
    const moved = changes.filter(
      ([x, y]) => x.label === letters.indexOf(from) && y.label === letters.indexOf(to),
    );
    expect(confidenceBefore).toBeCloseTo(mean(moved.map(([own]) => own)), 12);
    expect(confidenceAfter).toBeCloseTo(mean(moved.map(([, own]) => own)), 12);
  });

  it('lists the changes in which both were sure, and all of them as CSV', async () => {
    const csv = join(temporaryFolder(), 'new', 'changes.csv');
    const { surest } = await diff(first(), second(), { top: 7, csv });
    const sure = ([x, y]: (typeof changes)[number]): number => Math.min(x.confidence, y.confidence);
    const expected = changes.toSorted((a, b) => sure(b) - sure(a)).slice(0, 7);
    expect(surest).toEqual(
      expected.map(([x, y]) => ({
        id: x.id,
        before: letters[x.label],
        after: letters[y.label],
        confidenceBefore: x.confidence,
        confidenceAfter: y.confidence,
      })),
    );
    const [head, ...lines] = readFileSync(csv, 'utf8').trimEnd().split('\n');
    expect(head).toBe('id,before,after,confidence_before,confidence_after');
    expect(lines.map((line) => line.split(',')[0])).toEqual(changes.map(([{ id }]) => id));
    const numbers = lines.map((line) => Math.fround(Number(line.split(',')[3])));
    expect(numbers).toEqual(changes.map(([{ confidence }]) => confidence));
  });

  it('quotes names that CSV would take apart', async () => {
    const named = (label: number) => [{ id: 'a "b", c.jpg', label, confidence: 1 }];
    const csv = join(temporaryFolder(), 'changes.csv');
    const before = writeLabels(temporaryFolder(), named(0));
    await diff(before, writeLabels(temporaryFolder(), named(1)), { csv });
    expect(readFileSync(csv, 'utf8')).toContain('\n"a ""b"", c.jpg",a,b,1,1\n');
  });

  it('takes kept labels and ledgers, and says which images only one of them has', async () => {
    const folder = first();
    const out = join(folder, 'kept.parquet');
    const { kept } = await filterLabels(folder, { out, threshold: 0.8, allowEmpty: true });
    expect(kept).toBeLessThan(500);
    const sure = await diff(out, second());
    expect(sure).toMatchObject({
      compared: kept,
      before: { images: kept, alone: 0 },
      after: { images: 1000, alone: 1000 - kept },
    });
    const low = changes.filter(([{ confidence }]) => confidence >= Math.fround(0.8));
    expect(sure.changed).toBe(low.length);
    const { before: _before, ...all } = await diff(join(folder, 'ledger.parquet'), second());
    const { before: _folder, ...plain } = await diff(folder, second());
    expect({ ...all, after: 0 }).toEqual({ ...plain, after: 0 });
  });

  it('finds images by their ids where the data or its order is another', async () => {
    const [here, other] = [first(), second({ data: 'd' })];
    const reversed = writeLabels(temporaryFolder(), others.toReversed().slice(0, 600), {
      data: 'd',
      teacher: 'c',
    });
    const same = await diff(here, second());
    const found = await diff(here, other);
    expect({ ...found, after: 0 }).toEqual({ ...same, after: 0 });
    const some = await diff(here, reversed);
    expect(some).toMatchObject({
      compared: 600,
      before: { alone: 400 },
      after: { alone: 0 },
      changed: changes.filter(([own]) => labels.indexOf(own) >= 400).length,
    });
  });
});

describe('labels that cannot be compared', () => {
  const refused = (before: string, after: string) => expect(diff(before, after)).rejects;

  it('have other classes, or the same in another order', async () => {
    const reordered = second({ classes: letters.toReversed() });
    const here = first();
    await refused(here, reordered).toThrow(
      expect.objectContaining({
        name: 'ArtifactError',
        code: 'classes-differ',
        where: reordered,
        message: `${reordered} cannot be compared with ${here}: it was made in another order of classes: class 0 is f, not a`,
      }),
    );
    await refused(here, second({ classes: [...letters, 'g'] })).toThrow('with 7 classes, not 6');
  });

  it('share no image', async () => {
    const strangers = others.map((own) => ({ ...own, id: `other/${own.id}` }));
    const alone = writeLabels(temporaryFolder(), strangers, { data: 'd' });
    await refused(first(), alone).toThrow(/have no image in common/);
  });

  it('are of different data in which images have only numbers', async () => {
    const numbered = labels.map((own, i) => ({ ...own, id: String(i) }));
    const here = writeLabels(temporaryFolder(), numbered);
    const other = writeLabels(temporaryFolder(), numbered.toReversed(), { data: 'd' });
    await refused(here, other).toThrow(
      expect.objectContaining({
        code: 'data-differs',
        message: `${here} and ${other} are labels of different data`,
      }),
    );
  });

  it('are no labels', async () => {
    const here = first();
    const text = join(temporaryFolder(), 'labels.txt');
    writeFileSync(text, 'images/1.jpg cat');
    await refused(here, text).toThrow(`${text} is not a Parquet file: it does not begin with PAR1`);
    const other = join(temporaryFolder(), 'other.parquet');
    const writer = new ParquetFileWriter(other, { a: 'int32' }, {});
    writer.commit();
    await refused(here, other).toThrow(`${other}: it has no column id`);
  });

  it('are missing, incomplete or cut short; a CSV is then left as it was', async () => {
    const here = first();
    const csv = join(temporaryFolder(), 'changes.csv');
    await refused(here, join(here, 'none')).toThrow(/none does not exist/);
    truncateSync(shardPath(here, 2, 3), 1000);
    await expect(diff(here, second(), { csv })).rejects.toThrow(
      expect.objectContaining({ code: 'parquet-damaged', where: shardPath(here, 2, 3) }),
    );
    expect(existsSync(csv)).toBe(false);
  });
});

describe('a table of ids', () => {
  it('finds the number of each id, and none of others', () => {
    const ids = new IdTable(50_000);
    const name = (i: number): string => `images/${i >> 8}/${i}.jpg`;
    for (let i = 0; i < 50_000; i++) ids.add(name(i), i);
    ids.add(name(7), 8);
    for (let i = 0; i < 50_000; i++) if (ids.get(name(i)) !== i) expect.fail(name(i));
    for (let i = 50_000; i < 60_000; i++) if (ids.get(name(i)) !== -1) expect.fail(name(i));
  });
});
