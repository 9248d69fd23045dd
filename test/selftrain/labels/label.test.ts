import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { onnx } from '../../../generated/proto/onnx.js';
import type { OnnxOptions } from '../../../src/training/labelling/classifier/reading.js';
import { compileModel } from '../../../src/training/build/compileModel.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { Labeller, type LabellerOptions } from '../../../src/training/labelling/labeller.js';
import type { TeacherSource } from '../../../src/training/labelling/teacher.js';
import { Trainer } from '../../../src/training/trainer/trainer.js';
import { ArrayDataset } from '../../../src/data/loader/dataset.js';
import { arraySource, type ImageSource } from '../../../src/data/loader/imageSource.js';
import { defineModel, image } from '../../../src/language/nn/index.js';
import {
  loadCheckpoint,
  resolveCheckpoint,
  saveCheckpoint,
} from '../../../src/runtime/storage/checkpoint.js';
import { softmaxRows } from '../../../src/support/statistics/scores.js';
import { labelImages, type LabelOptions } from '../../../src/selftrain/labels/label.js';
import { labelDataSet } from '../../../src/selftrain/tasks/labelRun.js';
import { LabelSet } from '../../../src/selftrain/labels/labelSet.js';
import {
  labelColumns,
  probabilityColumns,
  readProbabilities,
  readShardInfo,
  shardPath,
} from '../../../src/selftrain/labels/labelStore.js';
import { temporaryFolder } from '../../support/folder.js';
import { base } from '../../support/foreignColours.js';
import { writeForeign } from '../../support/foreignOnnx.js';
import { noise, smallDisk } from '../../support/smallDisk.js';
import { quarters, tinyNet } from '../../support/tinyDigits.js';
import {
  quarterNames,
  quarterSource,
  tinyTeacher,
  withLabeller,
} from '../../support/tinyTeacher.js';
import { relativeError } from '../../support/tolerances.js';

let teacher: Exclude<TeacherSource, string>;
let shared: Labeller;

/** Labels with the teacher that all tests share, or with another. */
const label = (
  source: ImageSource,
  options: LabelOptions,
  by?: TeacherSource,
): ReturnType<typeof labelImages> =>
  by === undefined
    ? labelImages(shared, source, options)
    : withLabeller(by, (labeller) => labelImages(labeller, source, options));

/** All labels of a folder, with their probabilities. */
async function readLabels(folder: string) {
  const set = await LabelSet.open(folder);
  const { classes } = set.origin;
  const all = [];
  for await (const rows of set.read({ ...labelColumns, ...probabilityColumns(set.origin) }))
    for (let row = 0; row < rows.id.length; row++) {
      const probabilities = new Float32Array(classes.length);
      readProbabilities(rows, row, set.origin, probabilities);
      const { id, index, label: labels, confidence } = rows;
      all.push({
        id: id[row],
        index: index[row],
        label: labels[row],
        confidence: confidence[row],
        probabilities,
      });
    }
  return all;
}

/** The weights of the teacher in a model that wants its images normalised. */
async function normalised(folder: string, mean: number | undefined) {
  if (mean === undefined) return teacher;
  const { state, tensors } = loadCheckpoint(resolveCheckpoint(teacher.checkpoint));
  const checkpoint = saveCheckpoint(join(folder, 'checkpoints'), state, tensors);
  const plain = tinyNet();
  const input = image(1, 8, 8, { mean: [mean], std: [0.5] });
  return { checkpoint, model: defineModel({ ...plain, input }) };
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-label-'));
  teacher = await tinyTeacher(join(folder, 'run'));
  shared = await Labeller.create(teacher, { batch: 8, threads: 1, classNames: quarterNames });
  return async () => {
    await shared.close();
    rmSync(folder, { recursive: true });
  };
});

describe('labels', () => {
  it('are the softmax of the averaged weights, for every image once and in order', async () => {
    const out = temporaryFolder();
    // 21 images in 2 shards of batches of 8: partial batches in both.
    const summary = await label(quarterSource(21), { out, shards: 2 });
    expect(summary).toMatchObject({ shards: 2, skipped: 0, images: 21, unreadable: 0 });
    const labels = await readLabels(out);
    expect(labels.map(({ index }) => index)).toEqual(Array.from({ length: 21 }, (_, i) => i));
    expect(labels[20]?.id).toBe('images/20.png');
    const trainer = await Trainer.create(tinyNet(), { batch: 8, emaDecay: 0.9, threads: 1 });
    await trainer.resume(resolveCheckpoint(teacher.checkpoint));
    const expected = await trainer.predict(quarters(21, 7));
    await trainer.close();
    softmaxRows(expected, 4, expected);
    const found = labels.flatMap(({ probabilities }) => [...probabilities]);
    // Folding batch normalisation changes the order of a few sums.
    expect(relativeError(found, expected)).toBeLessThan(1e-5);
    for (const { label: own, confidence, probabilities } of labels)
      expect(probabilities[own ?? -1]).toBe(confidence);
    const right = labels.filter(({ index, label: own }) => own === (index ?? 0) % 4).length;
    expect(right).toBeGreaterThan(15);
  });

  it('do not depend on the shards, the batch or the neighbours', async () => {
    const source = quarterSource(11);
    const folders = [temporaryFolder(), temporaryFolder()] as const;
    await label(source, { out: folders[0] });
    await withLabeller(teacher, (l) => labelImages(l, source, { out: folders[1], shards: 3 }), {
      batch: 4,
    });
    const [a, b] = await Promise.all(folders.map(readLabels));
    const flat = (labels: typeof a): number[] =>
      (labels ?? []).flatMap(({ probabilities }) => [...probabilities]);
    expect(relativeError(flat(a), flat(b))).toBeLessThan(1e-6);
  });

  it('are sharpened or softened by the temperature', async () => {
    const folders = [1, 0.5].map((temperature) => ({ temperature, out: temporaryFolder() }));
    for (const options of folders) await label(quarterSource(8), options);
    const [plain = [], sharp = []] = await Promise.all(folders.map(({ out }) => readLabels(out)));
    for (const [i, { probabilities }] of plain.entries()) {
      // softmax(s / T) is p^(1/T), renormalised.
      const powers = probabilities.map((p) => p ** 2);
      const sum = powers.reduce((x, y) => x + y);
      const found = sharp[i]?.probabilities ?? [];
      expect(
        relativeError(
          found,
          powers.map((p) => p / sum),
        ),
      ).toBeLessThan(1e-5);
    }
  });

  it('keep the largest k probabilities and share the rest evenly', async () => {
    const [all, top] = [temporaryFolder(), temporaryFolder()];
    await label(quarterSource(8), { out: all });
    await label(quarterSource(8), { out: top, topK: 2 });
    const [full, kept] = [await readLabels(all), await readLabels(top)];
    for (const [i, { probabilities, ...row }] of full.entries()) {
      const order = [0, 1, 2, 3].sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
      const rest = order.slice(2).reduce((sum, c) => sum + (probabilities[c] ?? 0), 0);
      const expected = probabilities.map((p, c) => (order.indexOf(c) < 2 ? p : rest / 2));
      const { probabilities: found, ...others } = kept[i] ?? { probabilities: [] };
      expect(others).toEqual(row);
      expect(relativeError(found, expected)).toBeLessThan(1e-5);
    }
  });

  it('name what made them', async () => {
    const out = temporaryFolder();
    const source = quarterSource(10);
    await label(source, { out, shards: 2, topK: 3, temperature: 2 });
    const info = await readShardInfo(shardPath(out, 2, 2));
    expect(info).toEqual({
      format: 'gradus-labels',
      version: 1,
      teacher: { name: 'tiny-net', fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) },
      classes: quarterNames,
      temperature: 2,
      topK: 3,
      data: { name: 'quarters', fingerprint: source.fingerprint, size: 10 },
      shard: { index: 2, of: 2 },
      rows: 5,
    });
  });

  it('leave out images that cannot be read', async () => {
    const source = quarterSource(12);
    const partly: ImageSource = {
      ...source,
      fingerprint: 'partly',
      batches: (indices, layout) =>
        source.batches(
          [...indices].filter((i) => i % 5 !== 0),
          layout,
        ),
    };
    const out = temporaryFolder();
    expect(await label(partly, { out, shards: 3 })).toMatchObject({ images: 9, unreadable: 3 });
    const indices = (await readLabels(out)).map(({ index }) => index);
    expect(indices).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 11]);
  });
});

describe('labelling again', () => {
  it('skips finished shards and makes those that are missing or cut short', async () => {
    const out = temporaryFolder();
    const source = quarterSource(20);
    const paths = [1, 2, 3, 4].map((i) => shardPath(out, i, 4));
    const one = await label(source, { out, shards: 4, shard: 2 });
    expect(one).toMatchObject({ shards: 1, missing: [1, 3, 4], of: 4 });
    expect(readdirSync(out)).toEqual(['shard-00002-of-00004.parquet']);
    await expect(LabelSet.open(out)).rejects.toThrow(/lacks 3 of 4 shards: 1, 3, 4/);
    await label(source, { out, shards: 4 });
    const times = paths.map((path) => statSync(path).mtimeMs);
    const bytes = paths.map((path) => readFileSync(path));
    truncateSync(paths[2] ?? '', 1000);
    await expect(LabelSet.open(out)).rejects.toThrow(
      expect.objectContaining({ name: 'ArtifactError', code: 'parquet-damaged', where: paths[2] }),
    );
    expect(await label(source, { out, shards: 4 })).toMatchObject({ skipped: 3, images: 5 });
    expect(paths.map((path) => readFileSync(path))).toEqual(bytes);
    const unchanged = paths.filter((path, i) => statSync(path).mtimeMs === times[i]);
    expect(unchanged).toEqual([paths[0], paths[1], paths[3]]);
  });

  it('goes on after an interruption, which leaves whole shards only', async () => {
    const out = temporaryFolder();
    const source = quarterSource(40);
    const control = new AbortController();
    const stopped = await label(source, {
      out,
      shards: 2,
      signal: control.signal,
      onEvent: (event) => {
        if (event.kind === 'progress' && event.done > 24) control.abort();
      },
    });
    expect(stopped).toMatchObject({ interrupted: true, images: 20 });
    expect(readdirSync(out)).toEqual(['shard-00001-of-00002.parquet']);
    const rest = await label(source, { out, shards: 2 });
    expect(rest).toMatchObject({ interrupted: false, images: 20, skipped: 1 });
    expect(await readLabels(out)).toHaveLength(40);
  });

  it('refuses a folder of other labels, unless told to replace them', async () => {
    const out = temporaryFolder();
    await label(quarterSource(10), { out });
    const [path = ''] = readdirSync(out).map((name) => join(out, name));
    const before = readFileSync(path);
    const refused = (source: ImageSource, options: Partial<LabelOptions>, by?: TeacherSource) =>
      expect(label(source, { out, ...options }, by)).rejects;
    const holds = `${out} holds other labels: ${path} was made`;
    await refused(quarterSource(10, 8), {}).toThrow(`${holds} of other images (quarters)`);
    await refused(quarterSource(10), { temperature: 2 }).toThrow(`${holds} at temperature 1`);
    await refused(quarterSource(10), { topK: 2 }).toThrow(`${holds} with all probabilities`);
    await refused(quarterSource(10), { shards: 2 }).toThrow(`${holds} as one of 1 shards, not 2`);
    const classNames = quarterNames.toReversed();
    const reordered = (labeller: Labeller) => labelImages(labeller, quarterSource(10), { out });
    await expect(withLabeller(teacher, reordered, { classNames })).rejects.toThrow(
      `${holds} in another order of classes: class 0 is upper left, not lower right`,
    );
    const other = await tinyTeacher(join(temporaryFolder(), 'run'), { seed: 2, steps: 30 });
    await refused(quarterSource(10), {}, other).toThrow(`${holds} by another teacher (tiny-net, `);
    expect(readFileSync(path)).toEqual(before);
    await label(quarterSource(10), { out, overwrite: true, shards: 2 }, other);
    expect((await LabelSet.open(out)).files).toHaveLength(2);
  });
});

describe('a full disk in the middle of a shard', () => {
  it('is an error; finished shards stay, the half-written one goes', async (context) => {
    const disk = smallDisk(context);
    const out = join(disk, 'labels');
    const source = { ...quarterSource(600), id: (i: number) => noise(`image ${i}`, 3000) };
    const failed = expect.objectContaining({
      name: 'TrainingError',
      code: 'disk-full',
      where: shardPath(out, 2, 3),
    });
    await expect(label(source, { out, shards: 3 })).rejects.toThrow(failed);
    expect(readdirSync(out)).toEqual(['shard-00001-of-00003.parquet']);
  });
});

describe('an .onnx teacher', () => {
  it.each([
    ['as floats', 'float32-nchw', undefined],
    ['as floats, normalised', 'float32-nchw', 0.25],
    ['as 8 bits', 'uint8-nhwc', undefined],
    ['as 8 bits, normalised in the graph', 'uint8-nhwc', 0.25],
  ] as const)('labels as the checkpoint does, with images %s', async (_, imageFormat, mean) => {
    const folder = temporaryFolder();
    const path = join(folder, 'exported.onnx');
    const { checkpoint, model } = await normalised(folder, mean);
    await exportModel(checkpoint, { model, out: path, imageFormat });
    const [own, exported] = [temporaryFolder(), temporaryFolder()];
    await label(quarterSource(10), { out: own }, { checkpoint, model });
    await withLabeller(path, (l) => labelImages(l, quarterSource(10), { out: exported }), {
      classNames: undefined,
    });
    const flat = (labels: Awaited<ReturnType<typeof readLabels>>): number[] =>
      labels.flatMap(({ probabilities }) => [...probabilities]);
    const [a, b] = [flat(await readLabels(own)), flat(await readLabels(exported))];
    expect(relativeError(a, b)).toBeLessThan(1e-5);
    expect((await LabelSet.open(exported)).origin).toMatchObject({
      teacher: { name: 'exported' },
      classes: ['0', '1', '2', '3'],
    });
  });

  it('that lost its metadata is told, and labels as before with its mean and std', async () => {
    const folder = temporaryFolder();
    const [path, bare] = [join(folder, 'exported.onnx'), join(folder, 'bare.onnx')];
    const { checkpoint, model } = await normalised(folder, 0.25);
    await exportModel(checkpoint, { model, out: path });
    const { metadataProps: _, ...rest } = onnx.ModelProto.decode(readFileSync(path));
    writeFileSync(bare, onnx.ModelProto.encode(rest).finish());
    const labelled = async (by: string, options: LabellerOptions = {}) => {
      const out = temporaryFolder();
      const { reading } = await withLabeller(
        by,
        (l) => labelImages(l, quarterSource(10), { out }),
        options,
      );
      const all = (await readLabels(out)).flatMap(({ probabilities }) => [...probabilities]);
      return { all, notes: reading?.notes.join('\n') ?? '' };
    };
    const own = await labelled(path);
    const without = await labelled(bare);
    const told = await labelled(bare, { onnx: { mean: [0.25], std: [0.5] } });
    expect(own.notes).not.toMatch(/metadata/);
    expect(without.notes).toMatch(
      /Gradus wrote it, but its metadata, which quantisers drop, is missing/,
    );
    expect(relativeError(without.all, own.all)).toBeGreaterThan(1e-2);
    expect(told.notes).not.toMatch(/which quantisers drop, is missing/);
    expect(relativeError(told.all, own.all)).toBeLessThan(1e-5);
  });

  it('of another program that is read otherwise makes other labels, named by both readings', async () => {
    const folder = temporaryFolder();
    const path = writeForeign(join(folder, 'other.onnx'), base(['N', 3, 3, 3]));
    const images = arraySource(
      new ArrayDataset({
        ...{ shape: [3, 3, 3], classes: 3 },
        images: Uint8Array.from({ length: 4 * 27 }, (__, i) => (37 * i) % 256),
        labels: Uint8Array.of(0, 1, 2, 0),
      }),
      { name: 'colours' },
    );
    const out = join(folder, 'labels');
    const readings: unknown[] = [];
    const by = (options: OnnxOptions) =>
      withLabeller(path, (l) => labelImages(l, images, { out }), {
        ...{ classNames: undefined, onnx: options },
        onReading: (reading) => readings.push(reading),
      });
    await by({ layout: 'nchw' });
    const { reading } = (await LabelSet.open(out)).origin;
    expect(readings).toEqual([expect.objectContaining({ settings: reading })]);
    expect(reading).toMatchObject({ layout: 'nchw', channels: 'rgb', mean: null });
    expect(await by({ layout: 'nchw' })).toMatchObject({ skipped: 1 });
    const other = (options: OnnxOptions, words: string) =>
      expect(by(options)).rejects.toThrow(
        expect.objectContaining({
          code: 'labels-differ',
          message: expect.stringContaining(
            `with another interpretation of the network: ${words}`,
          ) as string,
        }),
      );
    await other({ layout: 'nhwc' }, 'layout nchw, not nhwc');
    await other({ layout: 'nchw', mean: [0.5] }, 'mean none, not 0.5,0.5,0.5; std none, not 1,1,1');
    await other({ layout: 'nchw', channels: 'bgr' }, 'channels rgb, not bgr');
    await other({ layout: 'nchw', crop: 'centre' }, 'crop squash, not centre');
  });

  it('is asked once how it is read, for labels and audit together', async () => {
    const folder = temporaryFolder();
    const path = writeForeign(join(folder, 'other.onnx'), base());
    const rgb = { blue: [40, 60, 200], green: [40, 200, 60], red: [200, 60, 40] };
    for (const [name, [r = 0, g = 0, b = 0]] of Object.entries(rgb)) {
      mkdirSync(join(folder, 'set', name), { recursive: true });
      const plain = { width: 8, height: 8, channels: 3, background: { r, g, b } } as const;
      await sharp({ create: plain })
        .png()
        .toFile(join(folder, 'set', name, '1.png'));
    }
    const readings: unknown[] = [];
    const { audit } = await labelDataSet(path, {
      ...{ data: join(folder, 'set'), audit: join(folder, 'set'), out: join(folder, 'labels') },
      ...{ device: 'cpu', threads: 1, batch: 2 },
      onReading: (reading) => readings.push(reading),
    });
    expect(audit?.accuracy).toBe(1);
    expect(readings).toHaveLength(1);
  });

  it('has to be a classifier of images', async () => {
    const folder = temporaryFolder();
    await compileModel(tinyNet(), { out: folder, artifacts: ['train'], batch: 4 });
    await expect(Labeller.create(join(folder, 'train.onnx'))).rejects.toThrow(
      expect.objectContaining({ name: 'ArtifactError', code: 'not-a-classifier' }),
    );
    await expect(Labeller.create(join(folder, 'none.onnx'))).rejects.toThrow(/does not exist/);
  });
});

describe('labelling refuses', () => {
  it('an empty set, impossible shards, top k and temperatures', async () => {
    const out = join(temporaryFolder(), 'labels');
    const refused = (count: number, options: Partial<LabelOptions>) =>
      expect(label(quarterSource(count), { out, ...options })).rejects;
    await refused(0, {}).toThrow('quarters contains no images');
    await refused(3, { shards: 4 }).toThrow('3 images cannot be cut into 4 shards');
    await refused(3, { shard: 0 }).toThrow('shard 0 of 1 does not exist');
    await refused(3, { topK: 5 }).toThrow('topK is 5 for 4 classes');
    await refused(3, { temperature: 0 }).toThrow('the temperature is 0');
    expect(() => statSync(out)).toThrow(/ENOENT/);
  });

  it('a checkpoint of another network, and names that do not fit', async () => {
    const wider = { ...teacher, model: tinyNet({ channels: 8 }) };
    await expect(Labeller.create(wider)).rejects.toThrow(
      expect.objectContaining({ code: 'architecture-mismatch' }),
    );
    await expect(Labeller.create(teacher, { classNames: ['a'] })).rejects.toThrow(
      '1 class names do not fit a teacher of 4 classes',
    );
  });
});
