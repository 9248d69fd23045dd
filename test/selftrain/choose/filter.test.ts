import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { ParquetFile } from '../../../src/runtime/storage/parquet/file.js';
import {
  besideKept,
  filterLabels,
  type FilterOptions,
} from '../../../src/selftrain/choose/filter.js';
import { keptColumns, KeptSet, loadKept } from '../../../src/selftrain/choose/keptStore.js';
import { listShards } from '../../../src/selftrain/labels/labelStore.js';
import { ledgerColumns } from '../../../src/selftrain/choose/ledger.js';
import { temporaryFolder } from '../../support/folder.js';
import { smallDisk } from '../../support/smallDisk.js';
import {
  letters,
  randomLabels,
  writeLabels,
  type Labelled,
} from '../../support/syntheticLabels.js';

const classes = letters;
const { length } = classes;

/** Filters labels in a folder of their own. */
async function filter(
  labels: readonly Labelled[],
  options: Partial<FilterOptions> = {},
  store: Parameters<typeof writeLabels>[2] = {},
) {
  const folder = writeLabels(temporaryFolder(), labels, { classes, ...store });
  const out = join(folder, 'kept.parquet');
  const summary = await filterLabels(folder, { out, ...options });
  return { folder, out, summary, kept: await readKept(out), ledger: await readLedger(folder) };
}

async function readKept(path: string) {
  const set = await KeptSet.open(path);
  const kept: { id: string; label: number; confidence: number; copies: number }[] = [];
  const { reason: _reason, ...columns } = keptColumns(set.info);
  for await (const rows of set.read(columns))
    for (const [row, id] of rows.id.entries())
      kept.push({
        id,
        label: rows.label[row] ?? -1,
        confidence: rows.confidence[row] ?? -1,
        copies: rows.copies[row] ?? -1,
      });
  return kept;
}

async function readLedger(folder: string) {
  const file = await ParquetFile.open(join(folder, 'ledger.parquet'));
  const ledger: {
    id: string;
    status: string;
    reason: string;
    copies: number;
    label: number;
    name: string;
  }[] = [];
  for await (const rows of file.read(ledgerColumns))
    for (const [row, id] of rows.id.entries())
      ledger.push({
        id,
        status: rows.status[row] ?? '',
        reason: rows.reason[row] ?? '',
        copies: rows.copies[row] ?? -1,
        label: rows.label[row] ?? -1,
        name: rows.class[row] ?? '',
      });
  file.close();
  return ledger;
}

const ids = (labels: readonly { readonly id: string }[]): string[] =>
  labels.map(({ id }) => id).sort();

const best = (labels: readonly Labelled[], label: number, count: number): Labelled[] =>
  labels
    .filter((own) => own.label === label && own.confidence >= Math.fround(0.3))
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, count);

describe('the threshold', () => {
  it('keeps what reaches it, in order, with the labels as they were', async () => {
    const labels = randomLabels(500);
    const { kept, summary } = await filter(labels, { threshold: 0.6 });
    const expected = labels.filter(({ confidence }) => confidence >= Math.fround(0.6));
    expect(expected.length).toBeGreaterThan(100);
    expect(kept).toEqual(expected.map((own) => ({ ...own, copies: 1 })));
    expect(summary).toMatchObject({ images: 500, kept: expected.length, copies: expected.length });
  });

  it('is reached by a confidence that is the same number in 24 bits', async () => {
    const at = (confidence: number, i: number) => ({ id: `${i}`, label: i % 3, confidence });
    const exactly = [0.3, 0.3, 0.3, 0.29, 0.31, 0.2999].map(at);
    const { kept } = await filter(exactly, { allowEmpty: true });
    expect(ids(kept)).toEqual(['0', '1', '2', '4']);
  });
});

describe('an exact cap', () => {
  it('keeps the most confident images of each class, and fills small classes with copies', async () => {
    const labels = randomLabels(3000);
    const wanted = 600;
    const { kept, summary } = await filter(labels, { perClass: wanted });
    const sizes = classes.map((_, label) => best(labels, label, Infinity).length);
    expect(sizes[0]).toBeGreaterThan(wanted);
    expect(sizes[5]).toBeLessThan(wanted);
    for (const [label, size] of sizes.entries()) {
      const own = kept.filter((image) => image.label === label);
      expect(ids(own)).toEqual(ids(best(labels, label, wanted)));
      const copies = own.reduce((sum, image) => sum + image.copies, 0);
      // Each image is there once or once more: the number of those is binomial.
      if (size > wanted) expect(copies).toBe(wanted);
      else expect(Math.abs(copies - wanted)).toBeLessThan(4 * Math.sqrt(wanted));
      expect(summary.classes[label]).toMatchObject({ eligible: size, kept: own.length, copies });
    }
  });

  it('chooses among equal confidences by the images themselves, not by their places', async () => {
    const labels = Array.from({ length: 1200 }, (_, i) => ({
      id: `i${i}`,
      label: i % 3,
      confidence: i % 2 === 0 ? 1 : 0.5,
    }));
    const options = { perClass: 70, allowEmpty: true };
    const first = await filter(labels, options);
    expect(first.kept).toHaveLength(210);
    expect(first.kept.every(({ confidence }) => confidence === 1)).toBe(true);
    const again = await filter(labels.toReversed(), options, { shards: 7 });
    expect(ids(again.kept)).toEqual(ids(first.kept));
    const other = await filter(labels, { ...options, seed: 2 });
    expect(ids(other.kept)).not.toEqual(ids(first.kept));
    expect(other.kept).toHaveLength(210);
  });

  it.each([1, 2, 99, 100, 101, 333, 500])(
    'keeps exactly %i of many equal ones',
    async (perClass) => {
      const labels = Array.from({ length: 1500 }, (_, i) => ({
        id: `images/${i}.jpg`,
        label: i % 3,
        confidence: [0.25, 0.4, 0.4000001, 1][i % 4] ?? 0,
      }));
      const { summary } = await filter(labels, { perClass, maxCopies: 1, allowEmpty: true });
      const eligible = 375;
      for (const own of summary.classes.slice(0, 3))
        expect(own.kept).toBe(Math.min(perClass, eligible));
    },
  );
});

/** The published code's rule over all labels at once. */
function publishedRule(labels: readonly Labelled[], label: number, numImage: number) {
  const own = labels.filter((image) => image.label === label).map(({ confidence }) => confidence);
  for (let k = 100; ; k--) {
    const threshold = Math.max(Math.fround(k / 100), Math.fround(0.3));
    const count = own.filter((confidence) => confidence >= threshold).length;
    if (count >= numImage || threshold === Math.fround(0.3))
      return { threshold, count, ratio: numImage / count };
  }
}

describe('a cap on the grid of thresholds', () => {
  it('cuts and copies as the published code', async () => {
    const labels = randomLabels(4000, 2);
    const { kept, summary, ledger } = await filter(labels, { perClass: 700, cap: 'grid' });
    for (const label of classes.keys()) {
      const { threshold, count, ratio } = publishedRule(labels, label, 700);
      expect(summary.classes[label]?.threshold).toBe(threshold);
      const own = kept.filter((image) => image.label === label);
      expect(own.every(({ confidence }) => confidence >= threshold)).toBe(true);
      const allowed = [Math.floor(ratio), Math.ceil(ratio)];
      expect(own.every(({ copies }) => allowed.includes(copies))).toBe(true);
      if (ratio >= 1) expect(own).toHaveLength(count);
      const copies = own.reduce((sum, image) => sum + image.copies, 0);
      expect(Math.abs(copies - 700)).toBeLessThan(4 * Math.sqrt(700));
    }
    // A class with more than enough above its threshold loses some by lot.
    expect(new Set(ledger.map(({ reason }) => reason))).toEqual(
      new Set(['confident', 'scarce-class', 'below-threshold', 'beyond-cap', 'not-drawn']),
    );
  });
});

describe('copies', () => {
  it('are limited, and belong to an image whatever its shard and neighbours', async () => {
    const labels = randomLabels(400);
    const options = { perClass: 500, maxCopies: 2.5 };
    const [one, five] = [
      await filter(labels, options),
      await filter(labels, options, { shards: 5, topK: 2 }),
    ];
    expect(five.kept).toEqual(one.kept);
    expect(Math.max(...one.kept.map(({ copies }) => copies))).toBe(3);
    const some = one.kept.filter(({ label }) => label === 5);
    expect(new Set(some.map(({ copies }) => copies))).toEqual(new Set([2, 3]));
  });

  it('are none without a cap', async () => {
    const { kept } = await filter(randomLabels(100));
    expect(kept.every(({ copies }) => copies === 1)).toBe(true);
  });

  it('warn where a class is a handful of images', async () => {
    const labels = [...randomLabels(600, 1, 5), { id: 'rare', label: 5, confidence: 0.9 }];
    const { summary } = await filter(labels, { perClass: 40 });
    expect(summary.warnings.map(String)).toEqual([
      'each of the 1 images of f is used 40 times; maxCopies limits this',
    ]);
  });
});

describe('the ledger', () => {
  it('tells of every image what became of it and why', async () => {
    const labels = randomLabels(900, 4);
    const { ledger, kept } = await filter(labels, { perClass: 200 });
    expect(ledger.map(({ id }) => id)).toEqual(labels.map(({ id }) => id));
    const copies = new Map(kept.map((own) => [own.id, own.copies]));
    for (const [i, entry] of ledger.entries()) {
      const own = copies.get(entry.id) ?? 0;
      expect(entry.copies).toBe(own);
      expect(entry.name).toBe(classes[labels[i]?.label ?? -1]);
      expect(entry.status).toBe(['dropped', 'kept'][own] ?? 'duplicated');
      const low = (labels[i]?.confidence ?? 0) < 0.3;
      const reasons = low ? ['below-threshold'] : ['beyond-cap'];
      expect(own > 0 ? ['confident', 'scarce-class'] : reasons).toContain(entry.reason);
    }
  });

  it('has columns of plain types, none of them nested or null, for whatever reads Parquet', async () => {
    const { folder } = await filter(randomLabels(50));
    const bytes = readFileSync(join(folder, 'ledger.parquet'));
    const { schema } = parquetMetadata(new Uint8Array(bytes).buffer);
    const types = schema.slice(1).map(({ name, type, converted_type, repetition_type }) => {
      expect(repetition_type).toBe('REQUIRED');
      return `${name}: ${[type, converted_type].filter(Boolean).join(' ')}`;
    });
    expect(types).toEqual([
      'id: BYTE_ARRAY UTF8',
      'index: INT32',
      'label: INT32',
      'confidence: FLOAT',
      'class: BYTE_ARRAY UTF8',
      'generation: INT32',
      'status: BYTE_ARRAY UTF8',
      'reason: BYTE_ARRAY UTF8',
      'copies: INT32',
    ]);
  });

  it('lies beside the kept labels, named after them', () => {
    expect(besideKept('x/labels/kept.parquet')).toEqual({
      ledger: 'x/labels/ledger.parquet',
      histograms: 'x/labels/classes.svg',
    });
    expect(besideKept('strict.parquet')).toEqual({
      ledger: 'strict.ledger.parquet',
      histograms: 'strict.classes.svg',
    });
  });
});

describe('corrections by a person', () => {
  const labels = randomLabels(300, 5);

  async function corrected(lines: readonly string[], options: Partial<FilterOptions> = {}) {
    const path = join(temporaryFolder(), 'corrections.csv');
    writeFileSync(path, ['id,label', ...lines].join('\n'));
    return filter(labels, { corrections: path, ...options });
  }

  it('replace labels and probabilities, keep the image, or drop it', async () => {
    const low = labels.find(({ confidence, label }) => confidence > 0.35 && label === 0)?.id ?? '';
    const { kept, ledger, out, summary } = await corrected(['images/7.jpg,', `"${low}",c`], {
      threshold: 0.7,
    });
    const entry = (id: string) => ledger.find((own) => own.id === id);
    expect(entry('images/7.jpg')).toMatchObject({ status: 'dropped', reason: 'rejected' });
    expect(summary).toMatchObject({ corrected: 1, rejected: 1 });
    expect(entry(low)).toMatchObject({ status: 'kept', reason: 'corrected', label: 2 });
    const row = kept.findIndex(({ id }) => id === low);
    expect(kept[row]).toMatchObject({ label: 2, confidence: 1 });
    const { targets } = await loadKept(out);
    expect([...targets.slice(length * row, length * (row + 1))]).toEqual([0, 0, 1, 0, 0, 0]);
  });

  it('hold with the largest probabilities as well', async () => {
    const path = join(temporaryFolder(), 'corrections.csv');
    writeFileSync(path, 'label,id\r\nb,images/0.jpg\r\n');
    const { kept, out } = await filter(labels, { corrections: path }, { topK: 2 });
    const row = kept.findIndex(({ id }) => id === 'images/0.jpg');
    const { targets } = await loadKept(out);
    expect([...targets.slice(length * row, length * (row + 1))]).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it('are never beyond the cap', async () => {
    const sure = labels.map((own) => ({ ...own, confidence: 1 }));
    const some = sure.filter(({ label }) => label === 0).slice(-5);
    const path = join(temporaryFolder(), 'corrections.csv');
    writeFileSync(path, ['id,label', ...some.map(({ id }) => `${id},a`)].join('\n'));
    const { ledger } = await filter(sure, { corrections: path, perClass: 10 });
    for (const { id } of some)
      expect(ledger.find((own) => own.id === id)).toMatchObject({ reason: 'corrected', copies: 1 });
  });

  it('may name their columns image and class, and leave lines undecided', async () => {
    const path = join(temporaryFolder(), 'corrections.csv');
    const lines = ['image,class,teacher,why', 'images/0.jpg,b,a,surest', 'images/1.jpg,?,c,surest'];
    writeFileSync(path, `${lines.join('\n')}\n`);
    const { ledger, out } = await filter(labels, { corrections: path });
    const corrected = ledger.filter(({ reason }) => reason === 'corrected');
    expect(corrected).toEqual([
      expect.objectContaining({ id: 'images/0.jpg', label: 1, name: 'b' }),
    ]);
    const set = await KeptSet.open(out);
    const reasons: string[] = [];
    for await (const { reason } of set.read({ reason: 'category' })) reasons.push(...reason);
    expect(reasons.indexOf('corrected')).toBe(0);
    expect(new Set(reasons)).toEqual(new Set(['corrected', 'confident']));
  });

  it('name the line of an image that is not there', async () => {
    await expect(corrected(['images/1.jpg,a', 'x.jpg,b', '', 'y.jpg,c'])).rejects.toThrow(
      expect.objectContaining({
        name: 'DataError',
        code: 'corrections-unused',
        message: expect.stringMatching(/corrects 2 images, which the labels do not have$/),
        where: expect.stringMatching(/corrections\.csv:3$/),
        notes: ['line 3: x.jpg', 'line 5: y.jpg'],
      }),
    );
  });

  it('name the line that is wrong', async () => {
    const wrong = (...lines: string[]) => expect(corrected(lines)).rejects;
    await wrong('images/1.jpg,a', 'images/2.jpg,x').toThrow(
      expect.objectContaining({
        name: 'DataError',
        message: expect.stringContaining('"x" is not a class'),
        where: expect.stringMatching(/corrections\.csv:3$/),
        hint: 'allowed: a, b, c, d, e, f; or leave the class empty to drop the image',
      }),
    );
    await wrong('images/1.jpg,a', 'images/1.jpg,b').toThrow('images/1.jpg is corrected twice');
    await wrong('other.jpg,a').toThrow('corrects other.jpg, which the labels do not have');
    const path = join(temporaryFolder(), 'c.csv');
    writeFileSync(path, 'image;class\n');
    await expect(filter(labels, { corrections: path })).rejects.toThrow(
      'must begin with its column names',
    );
  });
});

describe('labels that cannot be filtered', () => {
  it('are those without an audit, where it is to be strict', async () => {
    await expect(filter(randomLabels(50), { strict: true })).rejects.toMatchObject({
      code: 'no-audit',
      hint: expect.stringMatching(/audit: SET/) as string,
    });
  });

  const weak = (factor: number): Labelled[] =>
    randomLabels(1000).map((own) => ({
      ...own,
      confidence: Math.fround(own.confidence * factor),
    }));

  it('all lie below the threshold: shows where, and what would keep some', async () => {
    const folder = writeLabels(temporaryFolder(), weak(0.29));
    const out = join(folder, 'kept.parquet');
    await expect(filterLabels(folder, { out })).rejects.toThrow(
      expect.objectContaining({
        name: 'DataError',
        code: 'nothing-kept',
        where: folder,
        message: 'all 1000 labels lie below the threshold of 0.3: nothing would be kept',
        hint: 'threshold: 0.27 would keep 134 of them; a better teacher is more confident',
        notes: [
          'labels by confidence:',
          '0.0-0.1    0',
          `0.1-0.2  426  ${'#'.repeat(30)}`,
          `0.2-0.3  574  ${'#'.repeat(40)}`,
          ...[3, 4, 5, 6, 7, 8, 9].map((i) => `0.${i}-${((i + 1) / 10).toFixed(1)}    0`),
        ],
      }),
    );
    expect(readdirSync(folder)).toHaveLength(1);
    const kept = await filterLabels(folder, { out, threshold: 0.27 });
    expect(kept.kept).toBe(134);
  });

  it('lack a class: names it, and a threshold that keeps some of it', async () => {
    const labels = randomLabels(300).map((own) =>
      own.label === 1 ? { ...own, confidence: 0.279 } : own,
    );
    const some = { classes: [...letters, 'g'] };
    await expect(filter(labels, {}, some)).rejects.toThrow(
      expect.objectContaining({
        name: 'DataError',
        code: 'class-empty',
        message: '2 of 7 classes keep no image at a threshold of 0.3',
        notes: [
          expect.stringMatching(/^b: \d+ labels, of a confidence of at most 0\.279$/),
          'g: no image has this label',
        ],
        hint: 'threshold: 0.27 keeps some of 1 of them; allowEmpty: true continues without them',
      }),
    );
    const { summary } = await filter(labels, { allowEmpty: true, perClass: 50 }, some);
    expect(summary.classes.map(({ kept }) => kept > 0)).toEqual([
      true,
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it('miss a shard, or have one cut short', async () => {
    const folder = writeLabels(temporaryFolder(), randomLabels(300), { shards: 3 });
    const out = join(folder, 'kept.parquet');
    const shards = listShards(folder);
    truncateSync(shards[2] ?? '', 500);
    await expect(filterLabels(folder, { out })).rejects.toThrow(
      expect.objectContaining({ code: 'parquet-damaged', where: shards[2] }),
    );
    rmSync(shards[2] ?? '');
    await expect(filterLabels(folder, { out })).rejects.toThrow(
      expect.objectContaining({
        code: 'labels-incomplete',
        message: expect.stringMatching(/: 3$/),
      }),
    );
    await expect(filterLabels(temporaryFolder(), { out })).rejects.toThrow(
      expect.objectContaining({ code: 'no-labels' }),
    );
  });

  it('come from several teachers or class orders', async () => {
    const labels = randomLabels(100);
    const folder = writeLabels(temporaryFolder(), labels, { shards: 2 });
    const [, second = ''] = listShards(folder);
    const out = join(folder, 'kept.parquet');
    const replaced = (store: Parameters<typeof writeLabels>[2]) => {
      const other = writeLabels(temporaryFolder(), labels, { shards: 2, ...store });
      writeFileSync(second, readFileSync(listShards(other)[1] ?? ''));
      return expect(filterLabels(folder, { out })).rejects;
    };
    const differ = (message: RegExp): unknown =>
      expect.objectContaining({
        name: 'ArtifactError',
        code: 'labels-differ',
        where: second,
        message: expect.stringMatching(message),
      });
    await replaced({ teacher: 'c' }).toThrow(differ(/by another teacher \(synthetic, cccccc/));
    await replaced({ classes: ['a', 'c', 'b', 'd', 'e', 'f'] }).toThrow(
      differ(/class 1 is c, not b/),
    );
    await replaced({ classes: [...letters, 'g'] }).toThrow(differ(/with 7 classes, not 6/));
  });

  it('are not touched by a full disk in the middle of what is written', async (context) => {
    const disk = smallDisk(context);
    const folder = writeLabels(temporaryFolder(), randomLabels(20_000));
    const out = join(disk, 'kept.parquet');
    writeFileSync(out, 'what was there before');
    await expect(filterLabels(folder, { out })).rejects.toThrow(
      expect.objectContaining({ name: 'TrainingError', code: 'disk-full' }),
    );
    expect(readdirSync(disk)).toEqual(['kept.parquet']);
    expect(readFileSync(out, 'utf8')).toBe('what was there before');
  });

  it('are asked for what makes no sense', async () => {
    const folder = writeLabels(temporaryFolder(), randomLabels(10));
    const out = join(folder, 'kept.parquet');
    const refused = (options: Partial<FilterOptions>) =>
      expect(filterLabels(folder, { out, ...options })).rejects;
    await refused({ threshold: 1.5 }).toThrow('the threshold is 1.5');
    await refused({ perClass: 0 }).toThrow('perClass is 0');
    await refused({ maxCopies: 0.5 }).toThrow('maxCopies is 0.5');
  });
});

describe('kept labels', () => {
  it('give soft, sharpened or hard targets', async () => {
    const { out, kept } = await filter(randomLabels(50), {}, { topK: 1 });
    const soft = await loadKept(out);
    const sharp = await loadKept(out, { temperature: 0.5 });
    const hard = await loadKept(out, { kind: 'hard' });
    for (const [row, { label, confidence, copies }] of kept.entries()) {
      const target = soft.targets.slice(length * row, length * (row + 1));
      const expected = classes.map((_, i) => (i === label ? confidence : (1 - confidence) / 5));
      for (const [i, value] of expected.entries()) expect(target[i]).toBeCloseTo(value, 6);
      const squares = expected.map((p) => p * p);
      const sum = squares.reduce((a, b) => a + b);
      for (const [i, value] of squares.entries())
        expect(sharp.targets[length * row + i]).toBeCloseTo(value / sum, 5);
      expect([...hard.targets.slice(length * row, length * (row + 1))]).toEqual(
        classes.map((_, i) => Number(i === label)),
      );
      expect(soft.copies[row]).toBe(copies);
      expect(soft.labels[row]).toBe(label);
    }
    expect([...soft.indices].map((i) => `images/${i}.jpg`)).toEqual(kept.map(({ id }) => id));
  });

  it('are the same bytes for the same inputs, and say what these were', async () => {
    const labels = randomLabels(400);
    const [a, b, other] = [
      await filter(labels, { perClass: 100 }),
      await filter(labels, { perClass: 100 }),
      await filter(labels, { perClass: 101 }),
    ];
    for (const name of ['kept.parquet', 'ledger.parquet', 'classes.svg'])
      expect(readFileSync(join(a.folder, name))).toEqual(readFileSync(join(b.folder, name)));
    const inputs = [];
    for (const { out } of [a, b, other]) inputs.push((await loadKept(out)).info.inputs);
    expect(inputs[0]).toBe(inputs[1]);
    expect(inputs[0]).not.toBe(inputs[2]);
  });

  it('are drawn as a histogram for each class', async () => {
    const { folder } = await filter(
      randomLabels(400),
      {},
      { classes: ['a', 'b & <c>', 'd', 'e', 'f', 'g'] },
    );
    const svg = readFileSync(join(folder, 'classes.svg'), 'utf8');
    expect(svg).toContain('b &amp; &lt;c&gt;');
    expect(svg.match(/<g transform/g)).toHaveLength(6);
    expect(svg.match(/ kept<\/text>/g)).toHaveLength(6);
    expect(svg).not.toMatch(/NaN|undefined/);
  });
});
