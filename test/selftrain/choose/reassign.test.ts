import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Labeller } from '../../../src/training/labelling/labeller.js';
import type { TeacherSource } from '../../../src/training/labelling/teacher.js';
import type { Images } from '../../../src/data/sets/images.js';
import { arraySource, type ImageSource } from '../../../src/data/loader/imageSource.js';
import { ParquetFile } from '../../../src/runtime/storage/parquet/file.js';
import { filterLabels, type FilterOptions } from '../../../src/selftrain/choose/filter.js';
import { loadKept } from '../../../src/selftrain/choose/keptStore.js';
import { labelImages } from '../../../src/selftrain/labels/label.js';
import { LabelSet } from '../../../src/selftrain/labels/labelSet.js';
import { labelColumns } from '../../../src/selftrain/labels/labelStore.js';
import { openLabelTable } from '../../../src/selftrain/labels/labelTable.js';
import {
  partsFolder,
  reassignLabels,
  type ReassignOptions,
} from '../../../src/selftrain/choose/reassign.js';
import { temporaryFolder } from '../../support/folder.js';
import { noise, smallDisk } from '../../support/smallDisk.js';
import { quarters } from '../../support/tinyDigits.js';
import {
  quarterNames,
  quarterSource,
  tinyTeacher,
  withLabeller,
} from '../../support/tinyTeacher.js';

const images = 60;
const source = quarterSource(images);
let first: TeacherSource;
let second: TeacherSource;
/** By the second teacher. */
let labeller: Labeller;
/** Labels of all images by the second teacher: what reassigning should give. */
let expected: ReadonlyMap<string, { label: number; confidence: number }>;
/** Labels of all images by the first teacher. */
let labels: string;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-reassign-'));
  first = await tinyTeacher(join(folder, 'first'), { steps: 30 });
  second = await tinyTeacher(join(folder, 'second'), { seed: 2 });
  labeller = await Labeller.create(second, { batch: 8, threads: 1, classNames: quarterNames });
  labels = join(folder, 'labels');
  await withLabeller(first, (own) => labelImages(own, source, { out: labels }));
  await labelImages(labeller, source, { out: join(folder, 'all') });
  expected = await readLabels(await LabelSet.open(join(folder, 'all')));
  return async () => {
    await labeller.close();
    rmSync(folder, { recursive: true });
  };
});

async function readLabels(set: Pick<LabelSet, 'read'>) {
  const all = new Map<string, { label: number; confidence: number; index: number }>();
  for await (const { id, index, label, confidence } of set.read(labelColumns))
    for (const [row, own] of id.entries())
      all.set(own, {
        index: index[row] ?? -1,
        label: label[row] ?? -1,
        confidence: confidence[row] ?? NaN,
      });
  return all;
}

/** Keeps some of the first teacher's labels, in a folder of their own. */
async function keep(options: Partial<FilterOptions> = {}): Promise<string> {
  const out = join(temporaryFolder(), 'kept.parquet');
  await filterLabels(labels, { out, threshold: 0.4, perClass: 14, allowEmpty: true, ...options });
  return out;
}

async function reassign(
  kept: string,
  options: Partial<ReassignOptions> = {},
  data: ImageSource = source,
) {
  const out = options.out ?? join(temporaryFolder(), 'again.parquet');
  return reassignLabels(labeller, data, { kept, out, ...options });
}

function correctionsFile(...lines: string[]): string {
  const path = join(temporaryFolder(), 'corrections.csv');
  writeFileSync(path, ['image,class', ...lines].join('\n'));
  return path;
}

async function readLedger(path: string) {
  const file = await ParquetFile.open(path);
  const columns = { id: 'text', status: 'category', reason: 'category', copies: 'int32' } as const;
  const entries: { id: string; status: string; reason: string; copies: number }[] = [];
  for await (const { id, status, reason, copies } of file.read(columns))
    for (const [row, own] of id.entries())
      entries.push({
        id: own,
        status: status[row] ?? '',
        reason: reason[row] ?? '',
        copies: copies[row] ?? -1,
      });
  file.close();
  return entries;
}

describe('labels that another teacher gives to kept images', () => {
  it('replace those of the first; images and copies stay', async () => {
    const kept = await keep();
    const { out, ledger, ...summary } = await reassign(kept);
    const [before, after] = [await loadKept(kept), await loadKept(out)];
    expect(after.indices).toEqual(before.indices);
    expect(after.copies).toEqual(before.copies);
    expect(Math.max(...after.copies)).toBeGreaterThan(1);
    const again = await readLabels(await openLabelTable(out));
    for (const [id, own] of again) expect(own).toMatchObject(expected.get(id) ?? { missing: id });
    const changed = [...after.labels].filter((label, i) => label !== before.labels[i]).length;
    expect(changed).toBeGreaterThan(0);
    expect(summary).toMatchObject({
      skipped: false,
      images: before.indices.length,
      copies: before.copies.reduce((a, b) => a + b),
      changed,
      teacher: { fingerprint: labeller.teacher.fingerprint },
      chosenBy: before.info.teacher,
    });
    expect(after.info).toMatchObject({ chosenBy: before.info.teacher, rule: before.info.rule });
    const counts = quarterNames.map((_, i) => after.labels.filter((own) => own === i).length);
    expect(after.info.classCounts.map((own) => own.kept)).toEqual(counts);
    expect(existsSync(partsFolder(out))).toBe(false);
    const entries = await readLedger(ledger);
    expect(new Set(entries.map(({ reason }) => reason))).toEqual(new Set(['reassigned']));
    expect(entries.map(({ copies }) => copies)).toEqual([...before.copies]);
  });

  it('may keep fewer probabilities, at another temperature', async () => {
    const { out } = await reassign(await keep(), { topK: 2, temperature: 2 });
    const { info, targets } = await loadKept(out);
    expect(info).toMatchObject({ topK: 2, temperature: 2 });
    for (let row = 0; row < targets.length; row += 4) {
      const sum = targets.slice(row, row + 4).reduce((a, b) => a + b);
      expect(sum).toBeCloseTo(1, 5);
    }
  });

  it('are audited on held-out images', async () => {
    const heldOut = arraySource(quarters(40, 3), { name: 'held out', classNames: quarterNames });
    const { audit, out } = await reassign(await keep(), { heldOut });
    expect(audit).toMatchObject({ images: 40 });
    expect(audit?.accuracy).toBeGreaterThan(0.4);
    expect((await loadKept(out)).info.audit).toEqual(audit);
  });

  it('find the images by their ids in data that has grown or is in another order', async () => {
    const kept = await keep();
    const ids = Array.from({ length: images }, (_, i) => `images/${images - 1 - i}.png`);
    const order = Array.from({ length: images }, (_, i) => images - 1 - i);
    const reversed = arraySource(quarters(images, 7).subset(order), { name: 'reversed', ids });
    const { out } = await reassign(kept, {}, reversed);
    const table = await openLabelTable(out);
    for (const [id, { index, ...own }] of await readLabels(table)) {
      expect(reversed.id(index)).toBe(id);
      expect(own).toEqual(expect.objectContaining({ label: expected.get(id)?.label }));
    }
    expect(table.origin.data).toMatchObject({ name: 'reversed' });
    await expect(reassign(kept, {}, quarterSource(images + 7))).resolves.toMatchObject({
      images: table.rows,
    });
  });

  it('leave out images that cannot be read any more', async () => {
    const kept = await keep();
    const before = await loadKept(kept);
    const [lost = 0] = before.indices.slice(3);
    const partly: ImageSource = {
      ...source,
      fingerprint: source.fingerprint,
      batches: (indices, layout) =>
        source.batches(
          [...indices].filter((i) => i !== lost),
          layout,
        ),
    };
    const { out, ledger, ...summary } = await reassign(kept, {}, partly);
    expect(summary).toMatchObject({ unreadable: 1, images: before.indices.length - 1 });
    expect((await loadKept(out)).indices).toEqual(before.indices.filter((i) => i !== lost));
    const entries = await readLedger(ledger);
    expect(entries[3]).toMatchObject({
      id: source.id(lost),
      status: 'dropped',
      reason: 'unreadable',
    });
    expect(entries).toHaveLength(before.indices.length);
  });
});

describe('reassigning again', () => {
  it('is refused where images of the audit changed under the same names, unless that is accepted', async () => {
    const folder = temporaryFolder();
    const files = (set: string, { count, id }: ImageSource): Images => {
      const where = (i: number) => join(folder, set, String(i));
      mkdirSync(join(folder, set));
      for (let i = 0; i < count; i++) writeFileSync(where(i), `${set} ${i}`);
      return { name: set, count, fingerprint: set, id, where };
    };
    const heldOut = arraySource(quarters(16, 9), { name: 'few', classNames: quarterNames });
    const told: string[] = [];
    const remember = {
      ...{ images: files('images', source), heldOutImages: files('heldOut', heldOut) },
      tell: (text: string) => told.push(text),
    };
    const kept = await keep();
    const { out } = await reassign(kept, { heldOut, remember });
    const again = { out, heldOut, remember };
    await expect(reassign(kept, again)).resolves.toMatchObject({ skipped: true });
    writeFileSync(join(folder, 'heldOut/3'), 'another');
    await expect(reassign(kept, again)).rejects.toMatchObject({
      code: 'data-changed',
      message: `some images of few have changed since the audit of ${out}: 1 changed`,
      notes: ['changed: 3'],
    });
    const accepting = { ...again, remember: { ...remember, acceptData: true } };
    await expect(reassign(kept, accepting)).resolves.toMatchObject({ skipped: false });
    await expect(reassign(kept, again)).resolves.toMatchObject({ skipped: true });
    // Of an older version, which kept records of neither set.
    expect(told).toHaveLength(1);
    rmSync(join(dirname(out), 'sets'), { recursive: true });
    await expect(reassign(kept, again)).resolves.toMatchObject({ skipped: true });
    expect(told.slice(1)).toEqual([expect.stringContaining('has no record')]);
  });

  it('finds nothing to do where the file is there, made from the same inputs', async () => {
    const kept = await keep();
    const { out, classes } = await reassign(kept);
    const bytes = readFileSync(out);
    await expect(reassign(kept, { out })).resolves.toMatchObject({ skipped: true, classes });
    const moved = { ...source, name: 'the same images elsewhere' };
    await expect(reassign(kept, { out }, moved)).resolves.toMatchObject({ skipped: true });
    expect(readFileSync(out)).toEqual(bytes);
    const other = await keep({ threshold: 0.45 });
    const refused = expect.objectContaining({ code: 'labels-differ', where: out });
    await expect(reassign(other, { out })).rejects.toThrow(refused);
    await expect(reassign(kept, { out, temperature: 2 })).rejects.toThrow(refused);
    await expect(reassign(kept, { out, generation: 2 })).rejects.toThrow(refused);
    expect(readFileSync(out)).toEqual(bytes);
    await reassign(other, { out, overwrite: true });
    expect(readFileSync(out)).not.toEqual(bytes);
  });

  it('goes on where it was stopped', async () => {
    const kept = await keep();
    const out = join(temporaryFolder(), 'again.parquet');
    const control = new AbortController();
    let labelled = 0;
    const stopped = await reassign(kept, {
      out,
      signal: control.signal,
      onEvent: (event) => {
        if (event.kind !== 'progress') return;
        labelled = event.done;
        if (labelled > 24) control.abort();
      },
    });
    expect(stopped).toMatchObject({ interrupted: true });
    expect(labelled).toBeGreaterThan(24);
    expect(existsSync(out)).toBe(false);
    await expect(reassign(kept, { out })).resolves.toMatchObject({ interrupted: false });
    const whole = await reassign(kept);
    expect(readFileSync(out)).toEqual(readFileSync(whole.out));
  });

  it('keeps what lies at its place, whatever it is', async () => {
    const kept = await keep();
    const bytes = readFileSync(kept);
    await expect(reassign(kept, { out: kept })).rejects.toThrow('cannot be both input and output');
    const ledger = kept.replace('kept', 'ledger');
    await expect(reassign(kept, { out: ledger })).rejects.toThrow(
      expect.objectContaining({
        message: `${ledger} exists, and does not hold kept labels`,
        notes: [`${ledger} is a ledger, not kept labels`],
      }),
    );
    await expect(reassign(ledger)).rejects.toThrow(
      expect.objectContaining({ hint: 'pass kept labels, as gradus filter writes' }),
    );
    await expect(reassign(labels)).rejects.toThrow(
      `${labels} is not a Parquet file: it is a folder`,
    );
    expect(readFileSync(kept)).toEqual(bytes);
  });
});

describe('a person', () => {
  it('is heard before the teacher, today and when the images were chosen', async () => {
    const [a = '', b = '', c = '', d = ''] = [...expected.keys()];
    const name = (id: string): string =>
      quarterNames[((expected.get(id)?.label ?? 0) + 1) % 4] ?? '';
    const corrections = correctionsFile(`${a},${name(a)}`, `${b},${name(b)}`, `${c},${name(c)}`);
    const kept = await keep({ corrections });
    const first = await reassign(kept);
    expect(first.corrected).toBe(3);
    const today = correctionsFile(`${a},`, `${b},${quarterNames[0] ?? ''}`, `${d},?`);
    const { out, ledger, ...summary } = await reassign(kept, { corrections: today });
    expect(summary).toMatchObject({ corrected: 2, rejected: 1, warnings: [] });
    const again = await readLabels(await openLabelTable(out));
    expect(again.has(a)).toBe(false);
    expect(again.get(b)).toMatchObject({ label: 0, confidence: 1 });
    expect(again.get(c)).toMatchObject({ label: quarterNames.indexOf(name(c)), confidence: 1 });
    const entries = await readLedger(ledger);
    const of = (id: string) => entries.find((own) => own.id === id);
    expect(of(a)).toMatchObject({ status: 'dropped', reason: 'rejected', copies: 0 });
    expect(of(b)).toMatchObject({ reason: 'corrected' });
    const { info, indices, targets } = await loadKept(out);
    const row = indices.indexOf(again.get(b)?.index ?? -1);
    expect([...targets.slice(4 * row, 4 * row + 4)]).toEqual([1, 0, 0, 0]);
    expect(info.classCounts.reduce((sum, own) => sum + own.kept, 0)).toBe(summary.images);
  });

  it('is told of corrections that change nothing, and of images that are not there', async () => {
    const kept = await keep({ threshold: 0.7 });
    const chosen = await readLabels(await openLabelTable(kept));
    const beside = [...expected.keys()].find((id) => !chosen.has(id)) ?? '';
    const corrections = correctionsFile(`${beside},${quarterNames[1] ?? ''}`);
    await expect(reassign(kept, { corrections })).resolves.toMatchObject({
      corrected: 0,
      warnings: ['a correction is of images that were not kept; gradus filter can apply them'],
    });
    const strange = correctionsFile(`${beside},`, `images/none.png,${quarterNames[1] ?? ''}`);
    await expect(reassign(kept, { corrections: strange })).rejects.toThrow(
      expect.objectContaining({
        code: 'corrections-unused',
        where: `${strange}:3`,
        message: `${strange} corrects images/none.png, which quarters does not have`,
      }),
    );
    const wrong = correctionsFile(`${beside},upper lift`);
    await expect(reassign(kept, { corrections: wrong })).rejects.toThrow(
      expect.objectContaining({
        where: `${wrong}:2`,
        message: '"upper lift" is not a class (did you mean upper left?)',
      }),
    );
  });
});

describe('reassigning refuses', () => {
  it('a teacher of other classes', async () => {
    const kept = await keep();
    const refused = (classNames: string[]) =>
      expect(
        withLabeller(
          second,
          (own) => reassignLabels(own, source, { kept, out: join(kept, '..', 'again.parquet') }),
          { classNames },
        ),
      ).rejects;
    await refused(quarterNames.toReversed()).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        code: 'classes-differ',
        message: expect.stringContaining('in another order of classes: class 0 is lower right'),
      }),
    );
  });

  it('data without an image that is kept', async () => {
    const kept = await keep();
    const { indices } = await loadKept(kept);
    const last = indices.at(-1) ?? 0;
    const count = indices.filter((i) => i >= last).length;
    expect(count).toBe(1);
    await expect(reassign(kept, {}, quarterSource(last))).rejects.toThrow(
      expect.objectContaining({
        name: 'DataError',
        code: 'images-missing',
        message: `images/${last}.png is kept in ${kept}, but is missing in quarters`,
      }),
    );
    await expect(reassign(kept, {}, quarterSource(3))).rejects.toThrow(
      /images are kept in .*, but are missing in quarters/,
    );
  });

  it('other data in which images have only numbers', async () => {
    const numbered = { ...source, id: String, fingerprint: 'numbered' };
    const folder = temporaryFolder();
    await labelImages(labeller, numbered, { out: folder });
    const kept = join(folder, 'kept.parquet');
    await filterLabels(folder, { out: kept, threshold: 0, allowEmpty: true });
    await expect(reassign(kept, {}, numbered)).resolves.toMatchObject({ images });
    const other = { ...numbered, name: 'others', fingerprint: 'others' };
    await expect(reassign(kept, {}, other)).rejects.toThrow(
      expect.objectContaining({
        code: 'data-differs',
        message: `others is not the data that ${kept} was made from`,
        hint: `pass the data that was filtered: quarters, ${images} images`,
      }),
    );
  });

  it('to lose a class, unless told', async () => {
    const kept = await keep();
    const out = join(temporaryFolder(), 'again.parquet');
    const one = quarterNames[2] ?? '';
    const others = [...expected].filter(([, { label }]) => label === 2);
    const corrections = correctionsFile(...others.map(([id]) => `${id},`));
    await expect(reassign(kept, { out, corrections })).rejects.toThrow(
      expect.objectContaining({
        code: 'class-empty',
        message: '1 of 4 classes have no images left',
        notes: [expect.stringMatching(new RegExp(`^${one}: \\d+ images had this label$`))],
      }),
    );
    expect(existsSync(out)).toBe(false);
    const { classes } = await reassign(kept, { out, corrections, allowEmpty: true });
    expect(classes[2]).toMatchObject({ kept: 0, copies: 0 });
  });

  it('to go on when the disk is full, and leaves nothing half-written', async (context) => {
    const disk = smallDisk(context);
    const id = (i: number): string => noise(`image ${i}`, 12_000);
    const longNames = { ...source, fingerprint: 'long', id };
    const folder = temporaryFolder();
    await labelImages(labeller, longNames, { out: folder });
    const kept = join(folder, 'kept.parquet');
    await filterLabels(folder, { out: kept, threshold: 0, allowEmpty: true });
    const out = join(disk, 'again.parquet');
    // The shard of 0.7 MB fits, the files beside it do not.
    await expect(reassign(kept, { out }, longNames)).rejects.toThrow(
      expect.objectContaining({ name: 'TrainingError', code: 'disk-full' }),
    );
    expect(readdirSync(disk)).toEqual(['again.parquet.parts']);
    expect(readdirSync(partsFolder(out))).toEqual(['shard-00001-of-00001.parquet']);
  });
});
