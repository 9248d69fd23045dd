import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Labeller } from '../../../src/training/labelling/labeller.js';
import { recordedClasses } from '../../../src/training/record/runRecord.js';
import { cleanImages } from '../../../src/data/loader/cleanImages.js';
import { LoaderPool } from '../../../src/data/loader/loaderPool.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import { resolveCheckpoint } from '../../../src/runtime/storage/checkpoint.js';
import { ablate } from '../../../src/selftrain/tasks/ablate.js';
import { LabelSet } from '../../../src/selftrain/labels/labelSet.js';
import type { RunEvent } from '../../../src/contract/events.js';
import { selfTrain, type SelfTrainResult } from '../../../src/selftrain/loop/selfTrain.js';
import type { SelfTrainingSummary } from '../../../src/selftrain/loop/summary.js';
import { testNetwork } from '../../../src/selftrain/loop/testNetwork.js';
import { suiteFolder, temporaryFolder } from '../../support/folder.js';
import { runUntil } from '../../support/killedProcess.js';
import { repositoryRoot } from '../../support/paths.js';
import { filesBelow } from '../../support/tinyRun.js';
import {
  quarterImages,
  quarterSets,
  tinyOptions,
  tinySelfTraining,
} from '../../support/tinySelfTraining.js';

function finished(result: SelfTrainResult): SelfTrainingSummary {
  if ('networks' in result) return result;
  throw new TypeError(`stopped in ${result.stage}`);
}

/** The config of most tests: teacher and one student. */
const small = (changes: Parameters<typeof tinySelfTraining>[0] = {}) => ({
  ...tinySelfTraining({ students: [{}], ...changes }),
  control: false,
});

const prepared = suiteFolder();
let whole: SelfTrainingSummary;

beforeAll(async () => {
  whole = finished(await selfTrain(small(), tinyOptions(prepared)));
}, 120_000);

/** A copy of the finished run of `small()`, which is made once. */
function finishedRun(): string {
  const out = temporaryFolder();
  cpSync(prepared, out, { recursive: true });
  return out;
}

describe('a self-training', () => {
  it('says that it takes the last checkpoints where the config does', async () => {
    const config = small();
    const { teacher, students } = config;
    const summary = finished(
      await selfTrain(
        {
          ...config,
          teacher: { ...teacher, choose: 'last' },
          students: students.map((own) => ({ ...own, choose: 'last' })),
        },
        tinyOptions(temporaryFolder()),
      ),
    );
    expect(summary.chosenBy).toBe('the last checkpoints; the test set was read once, at the end');
    expect(summary.networks.map(({ step, steps }) => step - steps)).toEqual([0, 0]);
  });

  it('leaves networks, labels, lineage, summary and picture, and figures that hold', async () => {
    const out = temporaryFolder();
    const options = tinyOptions(out);
    const summary = finished(await selfTrain(tinySelfTraining(), options));
    expect(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))).toEqual(summary);
    const names = ['teacher', 'student-1', 'control', 'student-2'];
    expect(summary.networks.map(({ name }) => name)).toEqual(names);
    for (const name of names)
      expect(readdirSync(join(out, name))).toEqual(
        expect.arrayContaining(['artifacts', 'checkpoints', 'metrics.jsonl']),
      );
    for (const name of ['teacher', 'student-1'])
      expect(readdirSync(join(out, name, 'labels')).toSorted()).toEqual([
        'audit.parquet',
        'classes.svg',
        'kept.parquet',
        'ledger.parquet',
        'shard-00001-of-00001.parquet',
      ]);
    expect(readFileSync(join(out, 'summary.svg'), 'utf8')).toMatch(/student-2: \d+ % of 40 /);
    expect(summary.chosenBy).toMatch(
      /held-out labelled images, ties by loss; the test set was read once/,
    );
    expect(summary.comparisons).toEqual([
      expect.objectContaining({ network: 'student-2', against: 'teacher', paired: true }),
      expect.objectContaining({ network: 'student-1', against: 'control', paired: true }),
    ]);
    // Student and control: as many steps, of as many images.
    const [, student, control] = summary.networks;
    expect(control).toMatchObject({ steps: student?.steps, images: student?.images, labels: null });
    expect(student?.labels).toMatchObject({
      images: 120,
      leastCopies: expect.any(Number) as number,
    });

    const pool = new LoaderPool({ workers: 1 });
    const unreadable = new UnreadableImages({ limit: 0 });
    const checkpoint = join(out, student?.checkpoint ?? '');
    const labeller = await Labeller.create({ checkpoint, model: options.models?.['tiny'] ?? '' });
    try {
      const test = cleanImages(quarterSets().test, { pool, unreadable });
      const found = await testNetwork(labeller, test);
      expect(found.accuracy).toBe(student?.test.accuracy);
      expect(found.loss).toBeCloseTo(student?.test.loss ?? NaN, 5);
    } finally {
      await labeller.close();
      await pool.close();
    }
  }, 120_000);

  it('does nothing again when all is done, and what was damaged again', async () => {
    const out = finishedRun();
    const again = async () => {
      const events: RunEvent[] = [];
      const options = {
        ...tinyOptions(out),
        onEvent: (event: RunEvent) => events.push(event),
      };
      const summary = finished(await selfTrain(small(), options));
      return { summary, texts: events.flatMap((e) => (e.kind === 'message' ? [e.text] : [])) };
    };
    const stages = ['teacher/train', 'teacher/label', 'teacher/filter', 'student-1/train', 'test'];
    const idle = await again();
    expect(idle.texts).toEqual(stages.map((stage) => `${stage}: done before`));
    expect(idle.summary).toEqual({ ...whole, folder: out });
    // Older versions kept no answers by image.
    rmSync(join(out, 'teacher/test-images.json'));
    const [comparison] = (await again()).summary.comparisons;
    expect(comparison).toMatchObject({ paired: false, against: 'teacher' });
    expect(comparison?.difference).toBeCloseTo(whole.comparisons[0]?.difference ?? NaN, 12);
    rmSync(join(out, 'teacher/labels/kept.parquet'));
    const repaired = await again();
    expect(repaired.texts).not.toContain('teacher/filter: done before');
    expect(repaired.texts).toContain('student-1/train: done before');
    expect(repaired.summary.networks.map(({ test }) => test)).toEqual(
      whole.networks.map(({ test }) => test),
    );
  }, 120_000);

  it('fixes the resolution of each network, whose teacher then labels at the larger size', async () => {
    const out = temporaryFolder();
    const teacher = { fixResolution: { size: 12, epochs: 1 } };
    const students = [{ init: 'teacher', steps: 10 }];
    const { networks } = finished(await selfTrain(small({ teacher, students }), tinyOptions(out)));
    expect(networks.map(({ checkpoint, step }) => [checkpoint, step])).toEqual([
      ['teacher/fixed/checkpoints/step-00000006', 6],
      ['student-1/fixed/checkpoints/step-00000006', 6],
    ]);
    for (const { name, steps, validation } of networks) {
      expect(steps).toBe(name === 'teacher' ? 40 : 10);
      expect(validation).toBeGreaterThan(0);
    }
    const labeller = await Labeller.create({
      checkpoint: join(out, 'teacher'),
      model: tinyOptions(out).models?.['tiny'] ?? '',
    });
    expect(labeller.manifest.image).toEqual([1, 12, 12]);
    await labeller.close();
  }, 120_000);

  it('refuses another config than before, and with overwrite does again what it changes', async () => {
    const out = finishedRun();
    const changed = small({ students: [{ labelSmoothing: 0.1 }] });
    await expect(selfTrain(changed, tinyOptions(out))).rejects.toMatchObject({
      code: 'config-differs',
      message: expect.stringContaining('student-1/train') as string,
      notes: ['config.labelSmoothing: 0 then, 0.1 now'],
    });
    const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { config: object };
    expect(run.config).toMatchObject({ students: [{ labelSmoothing: 0 }] });
    const [checkpoint = ''] = readdirSync(join(out, 'student-1/checkpoints'));
    const { classNames } = quarterSets().labelled;
    expect(recordedClasses(join(out, 'student-1/checkpoints', checkpoint))).toEqual(classNames);
    expect(() => resolveCheckpoint(out)).toThrow(
      expect.objectContaining({
        hint: `pass one of the networks in it: ${join(out, 'student-1')}, ${join(out, 'teacher')}`,
      }) as Error,
    );
    const texts: string[] = [];
    const onEvent = (event: RunEvent) => {
      if (event.kind === 'message') texts.push(event.text);
    };
    finished(await selfTrain(changed, { ...tinyOptions(out), overwrite: true, onEvent }));
    expect(texts).toContain('teacher/filter: done before');
    expect(texts).not.toContain('student-1/train: done before');
  }, 120_000);

  it('goes on with a run of an older version, whose records lack keys that have come since', async () => {
    const out = finishedRun();
    const file = join(out, 'lineage.json');
    const recorded = readFileSync(file, 'utf8');
    const older = recorded
      .replaceAll(/"precision": "float32",\s*/g, '')
      .replaceAll(/"strict": false,\s*/g, '');
    expect(older.length).toBeLessThan(recorded.length);
    writeFileSync(file, older);
    const runFile = join(out, 'run.json');
    expect(readFileSync(runFile, 'utf8')).toContain('"resizer": "pillow"');
    const texts: string[] = [];
    const onEvent = (event: RunEvent) => {
      if (event.kind === 'message') texts.push(event.text);
    };
    finished(await selfTrain(small(), { ...tinyOptions(out), onEvent }));
    for (const stage of ['teacher/train', 'teacher/filter', 'student-1/train', 'test'])
      expect(texts).toContain(`${stage}: done before`);
    const changed = small({ students: [{ precision: 'bfloat16' }] });
    await expect(selfTrain(changed, tinyOptions(out))).rejects.toMatchObject({
      code: 'config-differs',
      notes: ['config.precision: "float32" then, "bfloat16" now'],
    });
  }, 120_000);

  it('stops where it is told to, in each kind of stage, and ends as if it had not', async () => {
    const out = temporaryFolder();
    const stopped: string[] = [];
    for (const title of ['teacher', 'teacher labels', 'student-1']) {
      const abort = new AbortController();
      let begun = false;
      const onEvent = (event: RunEvent) => {
        if (event.kind === 'begin') begun = event.title === title;
        if (begun && (event.kind === 'step' || event.kind === 'begin')) abort.abort();
      };
      const result = await selfTrain(small(), {
        ...tinyOptions(out),
        onEvent,
        signal: abort.signal,
      });
      if ('interrupted' in result) stopped.push(result.stage);
    }
    expect(stopped).toEqual(['teacher/train', 'teacher/label', 'student-1/train']);
    const summary = finished(await selfTrain(small(), tinyOptions(out)));
    expect(untimed(summary)).toEqual(untimed({ ...whole, folder: out }));
  }, 120_000);

  it.each<[string, Parameters<typeof small>[0], string]>([
    [
      'a student of another network than the teacher that it starts from',
      { students: [{ init: 'teacher', model: 'wider' }] },
      'init-differs',
    ],
    [
      'a student whose batch the labelled images do not fill',
      { students: [{ batch: 49 }] },
      'too-few-images',
    ],
    [
      'a student whose batch the unlabelled images do not fill while it learns',
      { students: [{ ratio: 16, labels: { onTheFly: true, threshold: 0.26 } }] },
      'too-few-images',
    ],
    [
      'noise for which the images have no place',
      { students: [{ noise: { pad: 1, crop: 'random' } }] },
      'noise',
    ],
    [
      'a layer to freeze that there is not',
      { students: [{ freeze: ['blocks'] }] },
      'freeze-unknown',
    ],
    [
      'a checkpoint to start from that there is not',
      { students: [{ init: 'runs/none' }] },
      'no-checkpoint',
    ],
  ])('refuses %s, and makes nothing', async (_, changes, code) => {
    const runs = join(temporaryFolder(), 'runs');
    const config = small(changes);
    const options = { ...tinyOptions(join(runs, 'tiny')), configFolder: runs };
    await expect(selfTrain(config, options)).rejects.toMatchObject({ code });
    expect(existsSync(runs)).toBe(false);
  });

  it('refuses labels in 16 bits on the CPU before anything is trained', async () => {
    const runs = join(temporaryFolder(), 'runs');
    const labelling = { batch: 100, precision: 'float16' } as const;
    const config = { ...small(), device: 'cpu', labelling } as const;
    await expect(selfTrain(config, tinyOptions(join(runs, 'tiny')))).rejects.toMatchObject({
      code: 'precision',
      option: ['labelling', 'precision'],
    });
    expect(existsSync(runs)).toBe(false);
  });

  it('refuses labels that all lie below the threshold, and names keys, not flags of the filter', async () => {
    const config = small({ students: [{ labels: { threshold: 0.999 } }] });
    // The teacher and its labels are those of before; the filter is another.
    const failed = selfTrain(config, { ...tinyOptions(finishedRun()), overwrite: true });
    await expect(failed).rejects.toMatchObject({
      message: expect.stringMatching(/below the threshold of 0.999/) as string,
      option: ['students', '0', 'labels'],
      hint: expect.stringMatching(/^students\.0\.labels\.threshold: 0\.\d+ would keep/) as string,
    });
  }, 120_000);

  it('with labels made on the fly stores none, and gives the same student each time', async () => {
    const config = small({
      students: [{ steps: 20, labels: { onTheFly: true, perClass: undefined, threshold: 0.26 } }],
    });
    const outs = [temporaryFolder(), temporaryFolder()];
    const summaries = [];
    for (const out of outs) summaries.push(finished(await selfTrain(config, tinyOptions(out))));
    const [first, second] = summaries;
    expect(first?.networks.map(({ test }) => test)).toEqual(
      second?.networks.map(({ test }) => test),
    );
    expect(first?.networks[1]).toMatchObject({ name: 'student-1', images: 20 * 24, labels: null });
    expect(readdirSync(join(outs[0] ?? '', 'teacher'))).not.toContain('labels');
  }, 120_000);

  it('refuses kept labels of other images than those of today', async () => {
    const out = finishedRun();
    const sets = { ...quarterSets(), unlabelled: quarterImages(120, 9) };
    const failed = selfTrain(small(), { ...tinyOptions(out), sets });
    await expect(failed).rejects.toMatchObject({
      code: 'config-differs',
      notes: ['the unlabelled images changed'],
    });
  }, 120_000);
});

describe('an ablation', () => {
  it('takes what a self-training made, and trains a student for each noise that is left out', async () => {
    const out = finishedRun();
    const texts: string[] = [];
    const onEvent = (event: RunEvent) => {
      if (event.kind === 'message') texts.push(event.text);
    };
    const summary = await ablate(small(), { ...tinyOptions(out), onEvent });
    if ('interrupted' in summary) throw new TypeError('interrupted');
    const done = ['teacher/train', 'teacher/label', 'teacher/filter', 'student-1/train'];
    expect(texts).toEqual(expect.arrayContaining(done.map((stage) => `${stage}: done before`)));
    expect(new Set(texts).size).toBe(texts.length);
    const names = [
      'teacher',
      'student-1',
      'without-augmentation',
      'without-depth',
      'without-dropout',
      'without-noise',
      'noised-teacher',
    ];
    expect(summary.rows.map(({ name }) => name)).toEqual(names);
    expect(summary.rows[1]?.test).toEqual(whole.networks[1]?.test);
    expect(summary.rows.map(({ difference }) => difference?.paired)).toEqual(
      names.map((name) => (name === 'student-1' ? undefined : true)),
    );
    // Every student met other images or masks, or other labels: their losses tell.
    const losses = names.slice(1).map((name) => {
      const lines = readFileSync(join(out, name, 'metrics.jsonl'), 'utf8')
        .trim()
        .split('\n');
      return String((JSON.parse(lines[2] ?? '') as { loss: number }).loss);
    });
    expect(new Set(losses).size).toBe(6);
    // The noised teacher is less sure.
    const confidence = async (folder: string) => {
      const labels = await LabelSet.open(join(out, folder, 'labels'));
      let sum = 0;
      for await (const rows of labels.read({ confidence: 'float32' }))
        for (const own of rows.confidence) sum += own;
      return sum / labels.rows;
    };
    expect(await confidence('noised-labels')).toBeLessThan(await confidence('teacher'));
  }, 120_000);
});

it('a self-training killed with -9 again and again ends as one that was left alone', async () => {
  const script = join(repositoryRoot, 'test/support/tinySelfTrainingProcess.mjs');
  const [whole, folder] = [temporaryFolder(), temporaryFolder()];
  const { code, lines, errors } = await runUntil(script, whole);
  expect(code, errors).toBe(0);
  const moments = [0.2, 0.4, 0.5, 0.7].map((share) => ({
    line: 1 + Math.floor(Math.random() * share * lines.length),
    delay: Math.random() * 20,
  }));
  const told = `kills: ${JSON.stringify(moments)}`;
  for (const moment of moments) {
    const killed = await runUntil(script, folder, moment);
    // What is done is not told again, so that a later line may never come.
    expect([null, 0], `${told}\n${killed.errors}`).toContain(killed.code);
  }
  const last = await runUntil(script, folder);
  expect(last.code, `${told}\n${last.errors}`).toBe(0);
  expect(timeless(filesBelow(folder), folder), told).toEqual(timeless(filesBelow(whole), whole));
}, 180_000);

function untimed({ seconds: _, networks, ...rest }: SelfTrainingSummary): object {
  return { ...rest, networks: networks.map(({ seconds: __, ...own }) => own) };
}

/** The files of a run without times and the folder's own name. */
function timeless(files: Record<string, string>, folder: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name,
      /\.json$/.test(name)
        ? content.replace(/"seconds": [\d.e-]+/g, '"seconds": 0').replaceAll(folder, 'FOLDER')
        : content,
    ]),
  );
}
