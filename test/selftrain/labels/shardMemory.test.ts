import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Labeller } from '../../../src/training/labelling/labeller.js';
import { openLabelledSet, openUnlabelledSet } from '../../../src/data/datasets/openSets.js';
import { openFlatFolder } from '../../../src/data/sets/folder.js';
import { auditOnce, auditPath } from '../../../src/selftrain/labels/audit.js';
import { labelImages, type LabelOptions } from '../../../src/selftrain/labels/label.js';
import { ShardMemory, type ShardMemoryOptions } from '../../../src/selftrain/labels/shardMemory.js';
import { write } from '../../data/fixtures.js';
import { temporaryFolder } from '../../support/folder.js';

let folder: string;
let out: string;
let told: string[];

beforeEach(() => {
  [folder, out, told] = [temporaryFolder(), temporaryFolder(), []];
  for (let i = 0; i < 12; i++) write(folder, `${10 + i}.png`, `image ${i}`);
});

/** Looks at no image: each is of the first class. */
const unseeing = {
  teacher: { name: 'none', path: 'none', fingerprint: 'f', classes: ['a', 'b'] },
  settle: () => Promise.resolve(),
  async *predict(_: unknown, indices: Iterable<number>) {
    for (const i of indices)
      yield await Promise.resolve({ indices: [i], probabilities: Float32Array.of(0.75, 0.25) });
  },
};
const teacher = unseeing as unknown as Labeller;

/** Labels the folder in three shards of four images. */
async function label(memory: ShardMemoryOptions = {}, more: Partial<LabelOptions> = {}) {
  told = [];
  const images = openFlatFolder(folder);
  const source = { ...images, batches: () => (async function* () {})() };
  const tell = (text: string) => told.push(text);
  const { skipped, images: labelled } = await labelImages(teacher, source, {
    ...{ out, shards: 3, memory: new ShardMemory(images, { tell, ...memory }) },
    ...more,
  });
  return { skipped, labelled };
}

describe('label shards', () => {
  it('are there before while their images are those of then', async () => {
    expect(await label()).toEqual({ skipped: 0, labelled: 12 });
    expect(await label()).toEqual({ skipped: 3, labelled: 0 });
    expect(told).toEqual([]);
  });

  it('are refused where images changed under the same names; where accepted, only theirs are made again', async () => {
    await label();
    write(folder, '15.png', 'IMAGE 5');
    await expect(label()).rejects.toMatchObject({
      code: 'data-changed',
      message: `some images of ${folder} have changed since they were labelled in ${out}: 1 changed`,
      notes: ['changed: 15.png'],
      hint: expect.stringContaining('acceptData: true relabels the 1 shard') as string,
    });
    // Another process, that makes another shard, does not look there.
    expect(await label({}, { shard: 3 })).toEqual({ skipped: 1, labelled: 0 });
    expect(await label({ acceptData: true })).toEqual({ skipped: 2, labelled: 4 });
    expect(told).toEqual([expect.stringMatching(/1 changed; their shard is made again$/)]);
    expect(await label()).toEqual({ skipped: 3, labelled: 0 });
  });

  it('say what came and went where the images are others', async () => {
    await label();
    write(folder, '30.png', 'more');
    rmSync(join(folder, '12.png'));
    await expect(label()).rejects.toMatchObject({
      code: 'labels-differ',
      message: expect.stringMatching(/of other images \(.*\) \(1 added, 1 removed\)$/) as string,
      notes: ['added: 30.png', 'removed: 12.png'],
    });
    expect(await label({ acceptData: true })).toEqual({ skipped: 0, labelled: 12 });
  });

  it('say that a list has the same images in another order', async () => {
    const names = readdirSync(folder);
    const list = join(temporaryFolder(), 'list.csv');
    const writeList = (own: readonly string[]) => {
      writeFileSync(list, `path\n${own.map((name) => join(folder, name)).join('\n')}\n`);
    };
    const labelList = async () => {
      const images = await openUnlabelledSet(list);
      const source = { ...images, batches: () => (async function* () {})() };
      return labelImages(teacher, source, { out, memory: new ShardMemory(images) });
    };
    writeList(names);
    await labelList();
    writeList(names.toReversed());
    await expect(labelList()).rejects.toMatchObject({
      code: 'labels-differ',
      message: expect.stringMatching(/\(the same images in another order\)$/) as string,
    });
  });

  it('of an older version get a record, which is said once', async () => {
    await label();
    rmSync(join(out, 'sets'), { recursive: true });
    expect(await label()).toEqual({ skipped: 3, labelled: 0 });
    expect(told).toEqual([expect.stringMatching(/has no record of the images/)]);
    expect(readdirSync(join(out, 'sets'))).toHaveLength(3);
    await label();
    expect(told).toEqual([]);
  });
});

describe('an audit beside labels', () => {
  /** Audits the teacher, of whom every other image is right, and tells if it looked at the images. */
  async function audit(set: string) {
    told = [];
    const images = await openLabelledSet(set);
    const source = { ...images, batches: () => (async function* () {})() };
    const memory = new ShardMemory(images, { tell: (text) => told.push(text) });
    let asked = 0;
    const counting = {
      ...unseeing,
      predict: (...own: Parameters<typeof unseeing.predict>) => {
        asked += 1;
        return unseeing.predict(...own);
      },
    } as unknown as Labeller;
    const { accuracy } = await auditOnce(counting, source, out, { memory });
    return { accuracy, asked };
  }

  it('is made anew where its images changed under the same names, which is said', async () => {
    const set = temporaryFolder();
    for (const name of ['a', 'b'])
      for (let i = 0; i < 3; i++) write(set, `${name}/${i}.png`, `${name} ${i}`);
    expect(await audit(set)).toEqual({ accuracy: 0.5, asked: 1 });
    expect(await audit(set)).toEqual({ accuracy: 0.5, asked: 0 });
    write(set, 'b/1.png', 'B 1');
    expect(await audit(set)).toMatchObject({ asked: 1 });
    expect(told).toEqual([
      `${auditPath(out)} was made from images of ${set} that have changed since: 1 changed (changed: b/1.png): auditing the teacher again`,
    ]);
    expect(await audit(set)).toMatchObject({ asked: 0 });
    write(set, 'b/4.png', 'b 4');
    expect(await audit(set)).toMatchObject({ accuracy: 3 / 7, asked: 1 });
    expect(told).toEqual([expect.stringContaining('1 added')]);
    // An older version kept no record.
    rmSync(join(out, 'sets'), { recursive: true });
    expect(await audit(set)).toMatchObject({ asked: 1 });
    expect(told).toEqual([
      expect.stringMatching(/has no record of its images .*: auditing the teacher again$/),
    ]);
    expect(await audit(set)).toMatchObject({ asked: 0 });
    expect(told).toEqual([]);
  });
});
