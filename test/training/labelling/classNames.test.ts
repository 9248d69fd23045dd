import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseTrainingConfig } from '../../../src/training/config/config.js';
import { evaluateCheckpoint } from '../../../src/training/evaluation/evaluateCheckpoint.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { openLabelledSet } from '../../../src/data/datasets/openSets.js';
import { importWeights } from '../../../src/training/weights/importWeights.js';
import { recordedClasses } from '../../../src/training/record/runRecord.js';
import { trainFromConfig } from '../../../src/training/run/trainFromConfig.js';
import { likeness, matchClasses, namesDifference } from '../../../src/data/sets/classes.js';
import { filterLabels } from '../../../src/selftrain/choose/filter.js';
import { labelDataSet } from '../../../src/selftrain/tasks/labelRun.js';
import { LabelSet } from '../../../src/selftrain/labels/labelSet.js';
import { reassignDataSet } from '../../../src/selftrain/tasks/reassignRun.js';
import { write } from '../../data/fixtures.js';
import { brightModule } from '../../support/brightNet.js';
import { suiteFolder, temporaryFolder } from '../../support/folder.js';

const prepared = suiteFolder();
const levels = { Zebra: 235, ant: 120, bee: 10 };

/** Classes of one grey level each, for the net of `brightModule`. */
async function writeSet(folder: string, images: number, own: Readonly<Record<string, number>>) {
  // Other files for another number of images: sets may not share them.
  for (const [name, level] of Object.entries(own))
    for (let i = 0; i < images; i++) {
      const at = level + images + i;
      const create = {
        width: 8,
        height: 8,
        channels: 3,
        background: { r: at, g: at, b: at },
      } as const;
      write(folder, `${name}/${i}.png`, await sharp({ create }).png().toBuffer());
    }
}

const written = {
  ...{ name: 't', model: 'bright.model.js', data: { labelled: 'labelled', test: 'test' } },
  ...{ steps: 60, batch: 6, validation: { share: 0.2, every: 5 }, device: 'cpu', threads: 1 },
  optimizer: { kind: 'adamw', learningRate: 0.05 },
};

function train(project: string, changes: object = {}, control: object = {}) {
  const config = parseTrainingConfig({ ...written, ...changes }, 't.json');
  const texts: string[] = [];
  const onEvent = (event: { readonly kind: string; readonly text?: string }) => {
    if (event.kind === 'message') texts.push(event.text ?? '');
  };
  const out = join(project, 'runs', config.name);
  return trainFromConfig(config, { configFolder: project, out, onEvent, ...control }).then(
    () => texts,
  );
}

beforeAll(async () => {
  writeFileSync(join(prepared, 'bright.model.js'), brightModule);
  await writeSet(join(prepared, 'labelled'), 6, levels);
  await writeSet(join(prepared, 'test'), 3, levels);
  await train(prepared);
}, 60_000);

/** A copy of a project with a run that tells the three classes apart. */
function project(): { readonly folder: string; readonly run: string } {
  const folder = temporaryFolder();
  cpSync(prepared, folder, { recursive: true });
  return { folder, run: join(folder, 'runs/t') };
}

function rename({ folder }: { readonly folder: string }): void {
  for (const set of ['labelled', 'test'])
    renameSync(join(folder, set, 'Zebra'), join(folder, set, 'zebra'));
}

const differ = {
  code: 'classes-differ',
  notes: ['renamed: Zebra in the training, zebra here: they differ in case'],
};

describe('class names that a training recorded', () => {
  it('number the classes of an evaluation, or refuse it with the difference', async () => {
    const made = project();
    expect(recordedClasses(made.run)).toEqual(['Zebra', 'ant', 'bee']);
    expect(await evaluateCheckpoint(made.run)).toMatchObject({ accuracy: 1, notes: [] });
    rename(made);
    await expect(evaluateCheckpoint(made.run)).rejects.toMatchObject(differ);
  });

  it('name labels, and tell why what was held out does not audit them', async () => {
    const made = project();
    rename(made);
    const out = join(made.folder, 'labels');
    const found = await labelDataSet(made.run, { data: join(made.folder, 'test'), out });
    expect(found).toMatchObject({ audit: null, notes: [] });
    expect(found.lost).toContain('renamed: Zebra in the training, zebra here');
    const audit = join(made.folder, 'audit');
    await writeSet(audit, 2, { ant: levels.ant, Zebra: levels.Zebra });
    const again = await labelDataSet(made.run, { data: audit, out: join(out, 'b'), audit });
    expect(again).toMatchObject({ audit: { accuracy: 1, images: 4 } });
    expect(again.notes).toEqual([`${audit} has images of 2 of the 3 classes, none of bee`]);
  });

  it('stay as they are on a resumption, which other names stop', async () => {
    const made = project();
    rename(made);
    const file = join(made.run, 'run.json');
    const before = readFileSync(file, 'utf8');
    await expect(train(made.folder, { steps: 70 }, { resume: true })).rejects.toMatchObject(differ);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('match a classifier by name that a new run starts from, in whatever order', async () => {
    const made = project();
    const backwards = { Abra: levels.Zebra, ant: levels.ant, bee: levels.bee };
    const other = project();
    rmSync(join(other.folder, 'labelled'), { recursive: true });
    await writeSet(join(other.folder, 'labelled'), 6, backwards);
    const start = { name: 'next', init: made.run, steps: 1, data: { labelled: 'labelled' } };
    await expect(train(other.folder, start)).rejects.toMatchObject({ code: 'classes-differ' });
    // The same names in another order: a run of an older version has them so.
    const file = join(made.run, 'run.json');
    const checkpoint = (await evaluateCheckpoint(made.run)).checkpoint;
    const state = join(checkpoint, 'state.json');
    const reordered = ['bee', 'Zebra', 'ant'];
    for (const path of [file, state]) {
      const content = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(path, JSON.stringify({ ...content, classes: reordered }));
    }
    const slow = { optimizer: { kind: 'adamw', learningRate: 1e-9 } };
    const texts = await train(made.folder, { ...start, ...slow });
    expect(texts.join()).toContain('is reordered to match these classes by name');
    const found = await evaluateCheckpoint(join(made.folder, 'runs/next'), {
      data: join(made.folder, 'test'),
    });
    // What tells a Zebra is said to tell a bee, and so on.
    expect(found.confusion.map((row) => row.indexOf(3))).toEqual([2, 0, 1]);
  });

  it('go into exports, and are read back by evaluation and import', async () => {
    const made = project();
    const [onnx, weights] = [join(made.folder, 't.onnx'), join(made.folder, 't.safetensors')];
    expect(await exportModel(made.run, { out: onnx })).toMatchObject({
      classNames: ['Zebra', 'ant', 'bee'],
    });
    const data = join(made.folder, 'test');
    expect(await evaluateCheckpoint(onnx, { data })).toMatchObject({ accuracy: 1 });
    await exportModel(made.run, { out: weights });
    const model = join(made.folder, 'bright.model.js');
    const imported = join(made.folder, 'imported');
    const request = { model, out: imported, classes: 3 };
    expect(await importWeights(weights, request)).toMatchObject({
      classNames: ['Zebra', 'ant', 'bee'],
    });
    expect(await evaluateCheckpoint(imported, { data })).toMatchObject({ accuracy: 1, notes: [] });
    for (const network of [onnx, imported]) {
      const out = join(made.folder, `labels of ${basename(network)}`);
      const labelled = await labelDataSet(network, { data, out, audit: data });
      expect(labelled.audit).toMatchObject({ accuracy: 1 });
      expect((await LabelSet.open(out)).origin.classes).toEqual(['Zebra', 'ant', 'bee']);
    }
    const anew = await importWeights(weights, { ...request, newClassifier: true });
    expect(anew).toMatchObject({ classNames: null, initialized: { fileClasses: 3 } });
    rename(made);
    for (const network of [onnx, made.run])
      await expect(evaluateCheckpoint(network, { data })).rejects.toMatchObject(differ);
  });

  it('number the classes of kept labels that are reassigned, or tell or refuse other names', async () => {
    const made = project();
    const [data, labels] = [join(made.folder, 'test'), join(made.folder, 'labels')];
    const [kept, out] = [join(labels, 'kept.parquet'), join(made.folder, 'again.parquet')];
    await labelDataSet(made.run, { data, out: labels, audit: data });
    await filterLabels(labels, { threshold: 0, out: kept });
    rename({ folder: made.folder });
    const request = { teacher: made.run, data: join(made.folder, 'labelled') };
    await expect(reassignDataSet(kept, { ...request, out, audit: data })).rejects.toMatchObject(
      differ,
    );
    renameSync(join(data, 'zebra'), join(data, 'Zebra'));
    const found = await reassignDataSet(kept, { ...request, data, out });
    expect(found.audit).toBeNull();
    expect(found.lost).toContain('renamed: Zebra in the training, zebra here');
    expect(found.classes.map(({ name, kept: images }) => [name, images])).toEqual([
      ['Zebra', 3],
      ['ant', 3],
      ['bee', 3],
    ]);
  });

  it('are given to weights without them by a file, by which other names are refused', async () => {
    const made = project();
    const weights = join(made.folder, 't.safetensors');
    await exportModel(made.run, { out: weights });
    const file = readFileSync(weights);
    // The header of a file of another program has no names; blanks keep its length.
    const at = file.indexOf('gradus.classes');
    file.write('another.kind12', at);
    writeFileSync(weights, file);
    const classNames = join(made.folder, 'names.txt');
    writeFileSync(classNames, 'Zebra\nant\nbee\n');
    const imported = join(made.folder, 'imported');
    const request = { model: join(made.folder, 'bright.model.js'), classes: 3, out: imported };
    expect(await importWeights(weights, request)).toMatchObject({ classNames: null });
    const named = await importWeights(weights, { ...request, classNames });
    expect(named).toMatchObject({ classNames: ['Zebra', 'ant', 'bee'] });
    const data = join(made.folder, 'test');
    expect(await evaluateCheckpoint(imported, { data })).toMatchObject({ accuracy: 1, notes: [] });
    rename(made);
    await expect(evaluateCheckpoint(imported, { data })).rejects.toMatchObject(differ);
  });

  it('lacking, are said to be those of the set', async () => {
    const made = project();
    const checkpoint = join(made.folder, 'alone');
    cpSync((await evaluateCheckpoint(made.run)).checkpoint, checkpoint, { recursive: true });
    const state = join(checkpoint, 'state.json');
    const { classes: _, ...older } = JSON.parse(readFileSync(state, 'utf8')) as {
      readonly classes: object;
      readonly config: object;
    };
    const config = { ...older.config, model: join(made.folder, 'bright.model.js') };
    writeFileSync(state, JSON.stringify({ ...older, config }));
    const { notes } = await evaluateCheckpoint(checkpoint, { data: join(made.folder, 'test') });
    expect(notes).toEqual([
      `${checkpoint} does not record the names of its classes; assumed, in this order: Zebra, ant, bee`,
    ]);
  });
});

describe('a list whose rows are in another order', () => {
  it('gives a resumed training the bits of the order of then', async () => {
    const weights = async (reorder: boolean) => {
      const { folder } = project();
      const names = Object.keys(levels).flatMap((name) =>
        Array.from({ length: 6 }, (_, i) => `labelled/${name}/${i}.png,${name}`),
      );
      const list = (rows: readonly string[]) => {
        writeFileSync(join(folder, 'list.csv'), `path,label\n${rows.join('\n')}\n`);
      };
      const changes = { name: 'listed', data: { labelled: 'list.csv' } };
      list(names);
      await train(folder, { ...changes, steps: 4 });
      if (reorder) list(names.toReversed());
      const texts = await train(folder, { ...changes, steps: 8 }, { resume: true });
      const told = texts.some((text) => text.includes('in another order than before'));
      const checkpoint = join(folder, 'runs/listed/checkpoints/step-00000008');
      return { told, bytes: readFileSync(join(checkpoint, 'state.safetensors')) };
    };
    const [plain, reordered] = [await weights(false), await weights(true)];
    expect([plain.told, reordered.told]).toEqual([false, true]);
    expect(reordered.bytes.equals(plain.bytes)).toBe(true);
  });
});

describe('a project', () => {
  it('that is copied measures its own data', async () => {
    const [first, second] = [project(), temporaryFolder()];
    cpSync(first.folder, second, { recursive: true });
    rmSync(join(first.folder, 'test'), { recursive: true });
    // Levels of the first's test that the network cannot get right.
    await writeSet(join(first.folder, 'test'), 3, { ...levels, Zebra: levels.bee });
    const run = join(second, 'runs/t');
    expect(await evaluateCheckpoint(run)).toMatchObject({
      accuracy: 1,
      data: join(second, 'test'),
    });
    rmSync(join(second, 'test'), { recursive: true });
    await expect(evaluateCheckpoint(run)).rejects.toMatchObject({
      code: 'data-gone',
      notes: [expect.stringContaining(`looked for: ${join(second, 'test')}`)],
      hint: expect.stringContaining('data: DIR') as string,
    });
  });

  it('of an older version that was moved is found by what lies beside the run', async () => {
    const { folder, run } = project();
    const file = join(run, 'run.json');
    const info = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...info, configFolder: '/nowhere/before' }));
    const { accuracy, notes } = await evaluateCheckpoint(run);
    expect([accuracy, notes]).toEqual([
      1,
      [`test is no longer in /nowhere/before; using the one in ${folder}`],
    ]);
  });
});

describe('one set of names', () => {
  it('has one order, by number where all are numbers, from a folder and from a list', async () => {
    const folder = temporaryFolder();
    const names = Array.from({ length: 12 }, (_, i) => String(i));
    for (const name of names) write(folder, `set/${name}/1.png`, 'pixels');
    const rows = names.map((name) => `set/${name}/1.png,${name}`);
    write(folder, 'set.csv', ['path,label', ...rows].join('\n'));
    for (const spec of ['set', 'set.csv'])
      expect((await openLabelledSet(spec, { folder })).classNames).toEqual(names);
    // A run of an older version goes on in the order that it began with.
    const classes = { names: names.toSorted(), source: 'the training' };
    const older = await openLabelledSet('set', { folder, classes });
    expect(Array.from(names, (_, i) => older.id(i).split('/')[0])).toEqual(names.toSorted());
  });

  it('is told from another by what differs', () => {
    const cases: [string, string, string | undefined][] = [
      ['Zebra', 'zebra', 'case'],
      ['sea lion', 'sea  lion', 'spaces'],
      ['sea lion', 'sea_lion', 'spaces, dashes or underscores'],
      ['\uff43at', 'cat', 'Unicode form'],
      ['01', '1', 'leading zeros'],
      ['Sea lion', 'sea  lion', 'spaces and case'],
      ['cat', 'dog', undefined],
    ];
    for (const [a, b, how] of cases) expect(likeness(a, b)).toBe(how);
    expect(namesDifference(['b', 'a'], ['a', 'b'])).toEqual([
      'another order: class 0 is a in the training, b here',
    ]);
    const wanted = { names: ['cat', 'horse', 'caf\u00e9'], source: 'the training' };
    expect(matchClasses(['cafe\u0301', 'cat', 'horse '], wanted, 'x').numbers).toEqual([2, 0, 1]);
    expect(() => matchClasses(['horses', 'cow', 'caf\u00e9'], wanted, 'x')).toThrow(
      expect.objectContaining({
        notes: ['perhaps renamed: horse in the training, horses here', 'missing: cat', 'new: cow'],
      }),
    );
  });

  it('may lack some where that is allowed, and never has others', async () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    for (const name of ['a', 'c']) write(folder, `set/${name}/1.png`, 'pixels');
    const classes = { names: ['a', 'b', 'c'], source: 'the training', partial: true };
    const set = await openLabelledSet('set', { folder, classes });
    expect([set.missingClasses, set.label(0), set.label(1)]).toEqual([['b'], 0, 2]);
    await expect(
      openLabelledSet('set', { folder, classes: { ...classes, partial: false } }),
    ).rejects.toMatchObject({ notes: ['missing: b'] });
    write(folder, 'set/elephant/1.png', 'pixels');
    await expect(openLabelledSet('set', { folder, classes })).rejects.toMatchObject({
      notes: ['missing: b', 'new: elephant'],
    });
  });
});
