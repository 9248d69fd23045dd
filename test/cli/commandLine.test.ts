import { describe, expect, it, vi } from 'vitest';
import type { BenchResult } from '../../src/tools/measure/bench.js';
import type { TuneResult } from '../../src/tools/measure/tune/tuneModel.js';
import { parseTrainingConfig } from '../../src/training/config/config.js';
import { runCommandLine } from '../../src/cli/main.js';
import type { CompileModelOptions } from '../../src/training/build/compileModel.js';
import type { TrainResult } from '../../src/training/run/trainFromConfig.js';
import type * as compiledCacheModule from '../../src/training/build/compiledCache.js';
import type * as compileModelModule from '../../src/training/build/compileModel.js';
import type * as loadTrainingConfigModule from '../../src/training/config/loadTrainingConfig.js';
import type * as trainFromConfigModule from '../../src/training/run/trainFromConfig.js';
import type * as evaluateCheckpointModule from '../../src/training/evaluation/evaluateCheckpoint.js';
import type * as importWeightsModule from '../../src/training/weights/importWeights.js';
import type * as exportModelModule from '../../src/training/weights/exportModel.js';
import type * as inspectModule from '../../src/tools/inspect/inspect.js';
import type * as benchModule from '../../src/tools/measure/bench.js';
import type * as predictImagesModule from '../../src/training/labelling/predictImages.js';
import type * as tuneModelModule from '../../src/tools/measure/tune/tuneModel.js';
import type * as devicesModule from '../../src/runtime/machine/devices.js';
import type * as labelRunModule from '../../src/selftrain/tasks/labelRun.js';
import type * as reassignRunModule from '../../src/selftrain/tasks/reassignRun.js';
import type * as loadSelfTrainingConfigModule from '../../src/selftrain/loop/loadSelfTrainingConfig.js';
import type * as selfTrainModule from '../../src/selftrain/loop/selfTrain.js';
import type * as demoModule from '../../src/selftrain/tasks/demo.js';
import type { DoctorSummary } from '../../src/runtime/machine/devices.js';
import { ConfigError, DeviceError, ModelError } from '../../src/support/errors.js';
import { pairedDifference, wilson } from '../../src/support/statistics/interval.js';
import { shareFacts } from '../../src/support/statistics/share.js';
import { FakeEnvironment } from './environment.js';

/** The functions that commands load, in their stead. */
type Library = typeof compileModelModule &
  typeof compiledCacheModule &
  typeof loadTrainingConfigModule &
  typeof trainFromConfigModule &
  typeof evaluateCheckpointModule &
  typeof importWeightsModule &
  typeof exportModelModule &
  typeof inspectModule &
  typeof benchModule &
  typeof predictImagesModule &
  typeof tuneModelModule &
  typeof devicesModule &
  typeof labelRunModule &
  typeof reassignRunModule &
  typeof loadSelfTrainingConfigModule &
  typeof selfTrainModule &
  typeof demoModule;

const stubs = vi.hoisted(() => {
  const given: Record<string, unknown> = {};
  const call = (name: string, args: readonly unknown[]): unknown => {
    const stub = given[name];
    if (typeof stub !== 'function') throw new TypeError('not expected here');
    return Reflect.apply(stub, undefined, args);
  };
  const mocked = (...names: string[]): (() => Record<string, unknown>) => {
    const entries = names.map((name) => [name, (...args: unknown[]) => call(name, args)] as const);
    return () => Object.fromEntries(entries);
  };
  return { given, mocked };
});
vi.mock('../../src/training/build/compileModel.js', stubs.mocked('compileModel'));
vi.mock('../../src/training/build/compiledCache.js', stubs.mocked('describeCompiledCache'));
vi.mock('../../src/training/config/loadTrainingConfig.js', stubs.mocked('loadTrainingConfig'));
vi.mock('../../src/training/run/trainFromConfig.js', stubs.mocked('trainFromConfig'));
vi.mock('../../src/training/evaluation/evaluateCheckpoint.js', stubs.mocked('evaluateCheckpoint'));
vi.mock('../../src/training/weights/importWeights.js', stubs.mocked('importWeights'));
vi.mock('../../src/training/weights/exportModel.js', stubs.mocked('exportModel'));
vi.mock('../../src/tools/inspect/inspect.js', stubs.mocked('inspectModelFile'));
vi.mock('../../src/tools/measure/bench.js', stubs.mocked('benchModel'));
vi.mock('../../src/training/labelling/predictImages.js', stubs.mocked('predictImages'));
vi.mock('../../src/tools/measure/tune/tuneModel.js', stubs.mocked('tuneModel'));
vi.mock('../../src/runtime/machine/devices.js', stubs.mocked('describeDevices', 'examineMachine'));
vi.mock('../../src/selftrain/tasks/labelRun.js', stubs.mocked('labelDataSet'));
vi.mock('../../src/selftrain/tasks/reassignRun.js', stubs.mocked('reassignDataSet'));
vi.mock(
  '../../src/selftrain/loop/loadSelfTrainingConfig.js',
  stubs.mocked('loadSelfTrainingConfig'),
);
vi.mock('../../src/selftrain/loop/selfTrain.js', stubs.mocked('selfTrain'));
vi.mock('../../src/selftrain/tasks/demo.js', stubs.mocked('runDemo'));

/** Runs a command line with stubs of what it loads; whatever else it loads of these modules fails. */
async function run(line: string, some: Partial<Library> = {}, environment = new FakeEnvironment()) {
  for (const name of Object.keys(stubs.given)) Reflect.deleteProperty(stubs.given, name);
  Object.assign(stubs.given, some);
  const status = await runCommandLine(line.split(' '), environment);
  return { status, out: environment.out, err: environment.err };
}

const config = parseTrainingConfig(
  { name: 'd', model: 'm', data: { kind: 'mnist' }, epochs: 1, optimizer: { kind: 'sgd' } },
  'c.ts',
);

const summary: TrainResult = {
  name: 'd',
  folder: 'runs/d',
  step: 120,
  epoch: 1,
  seconds: 61,
  interrupted: false,
  stoppedEarly: false,
  waiting: 0.001,
  checkpoint: 'runs/d/checkpoints/step-00000120',
  best: { step: 100, accuracy: 0.97, loss: 0.125, images: 800, ...shareFacts(0.97, 800) },
  chosen: { rule: 'best', step: 100, path: 'runs/d/checkpoints/step-00000100' },
  test: { accuracy: 0.9655, loss: 0.15, images: 2000, readings: 1, ...shareFacts(0.9655, 2000) },
};

describe('gradus compile', () => {
  const manifest = { name: 'm', params: [], target: 'portable', opset: 21, batch: 8 } as unknown;

  it('hands its flags on', async () => {
    const compileModel = vi.fn<Library['compileModel']>(() =>
      Promise.resolve({ manifest, outDir: 'o', files: [], seconds: 1 } as never),
    );
    const line =
      'compile m.ts --out o --artifact infer,grad --batch 8 --seed 3 --optimizer adamw --drop 0.3 --drop-path 0 --json';
    const { status, out } = await run(line, { compileModel });
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ outDir: 'o', manifest: { name: 'm' } });
    const [model, request] = compileModel.mock.calls[0] ?? [];
    expect(model).toBe('m.ts');
    expect(request).toMatchObject({
      out: 'o',
      artifacts: ['infer', 'grad'],
      batch: 8,
      seed: 3,
      optimizer: { kind: 'adamw', config: { beta2: 0.999 } },
      drop: 0.3,
      dropPath: 0,
    });
  });

  it('prints nothing with --quiet, and the explanation alone where that is asked for', async () => {
    const compileModel = (_model: unknown, { explain }: CompileModelOptions = {}) =>
      Promise.resolve({
        ...{ manifest, outDir: 'o', files: [], seconds: 1 },
        explanation: explain ? ['infer: conv: portable'] : [],
      } as never);
    expect((await run('compile m.ts --out o', { compileModel })).out).toContain('wrote o');
    expect((await run('compile m.ts --out o --quiet', { compileModel })).out).toBe('');
    const explained = await run('compile m.ts --out o --quiet --explain', { compileModel });
    expect(explained.out).toBe('infer: conv: portable\n');
  });

  it.each([
    ['--batch 0', '--batch cannot be "0"'],
    ['--batch 1e3', '--batch cannot be "1e3"'],
    ['--opset 16', '--opset cannot be "16"'],
    ['--drop 1', '--drop cannot be "1"'],
    ['--artifact inferr', '--artifact cannot be "inferr"'],
    ['--optimizer sgdd', '--optimizer cannot be "sgdd"'],
    ['--frob 1', 'gradus compile does not take --frob'],
    ['--dump-ir=', '--dump-ir is empty'],
    ['--seed=x', '--seed cannot be "x"'],
  ])('refuses %s', async (flags, message) => {
    const { status, err, out } = await run(`compile m.ts --out o ${flags}`);
    expect(status).toBe(2);
    expect(err).toContain(`error ConfigError: ${message}\n`);
    expect(out).toBe('');
  });
});

describe('an unknown word', () => {
  it.each([
    ['compile m.ts --out o --opsett 21', 'compile does not take --opsett', 'did you mean --opset?'],
    ['inspect m.ts --drop-pth=0', 'inspect does not take --drop-pth=0', 'did you mean --drop-path'],
    ['compile m.ts -out o', 'compile lacks --out', 'did you mean --out?'],
    ['compile m.ts --oot=o', 'compile lacks --out', 'did you mean --out?'],
    ['--quiet inspect m.ts --jsn', 'inspect does not take --jsn', 'did you mean --json?'],
    ['train c.ts --reume', 'train does not take --reume', 'did you mean --resume?'],
    ['train c.ts other.ts', 'train does not take other.ts', 'gradus train --help'],
    ['trian c.ts', 'unknown command trian', 'did you mean train?'],
  ])('in %s gets a guess', async (line, message, hint) => {
    const { status, err } = await run(line);
    expect(status).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain(`hint: ${hint}`);
  });
});

describe('gradus train', () => {
  const loadTrainingConfig = () =>
    Promise.resolve({ config, folder: '/project', locate: () => undefined });

  it('ends with a table', async () => {
    const trainFromConfig = () => Promise.resolve(summary);
    const { status, out } = await run('train c.ts', { loadTrainingConfig, trainFromConfig });
    expect(status).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "weights         images of                accuracy    loss  images
      --------------  ----------  ---------------------  ------  ------
      best, step 100  validation  97.0 % (95.6 to 98.0)  0.1250     800
      best, step 100  test        96.5 % (95.7 to 97.3)  0.1500    2000

      d: step 120, 1:01 in runs/d
      the test set was read once, with the selected weights
      "
    `);
  });

  it('tells where the network waited long for images', async () => {
    const trainFromConfig = () => Promise.resolve({ ...summary, waiting: 0.31 });
    const { out } = await run('train c.ts', { loadTrainingConfig, trainFromConfig });
    expect(out).toContain('d: step 120, 1:01, waited 31.00 % for images in runs/d\n');
  });

  it('tells how many steps were skipped where the loss is scaled, though it be none', async () => {
    const trainFromConfig = () => Promise.resolve({ ...summary, skipped: 0 });
    const { out } = await run('train c.ts', { loadTrainingConfig, trainFromConfig });
    expect(out).toContain('d: step 120, skipped: 0, 1:01 in runs/d\n');
  });

  it('takes --seed and --device over the config', async () => {
    const trainFromConfig = vi.fn<Library['trainFromConfig']>(() => Promise.resolve(summary));
    await run('train c.ts --seed 7 --device cpu --resume', { loadTrainingConfig, trainFromConfig });
    const [changed, request] = trainFromConfig.mock.calls[0] ?? [];
    expect(changed).toEqual({ ...config, seed: 7, device: 'cpu' });
    expect(request).toMatchObject({ resume: true, configFolder: '/project' });
  });

  it('hands each --set on, and repeats them in the command that resumes', async () => {
    const load = vi.fn(loadTrainingConfig);
    const trainFromConfig = () => Promise.resolve({ ...summary, interrupted: true });
    const wired = { loadTrainingConfig: load, trainFromConfig };
    const line = 'train c.ts --set batch=8 --set data.labelled=a=b --set init=null --quiet';
    const { out } = await run(line, wired);
    expect(load).toHaveBeenCalledWith('c.ts', [
      { path: ['batch'], value: 8, where: '--set batch' },
      { path: ['data', 'labelled'], value: 'a=b', where: '--set data.labelled' },
      { path: ['init'], value: undefined, where: '--set init' },
    ]);
    expect(out).toContain(
      'resume with: gradus train c.ts --set batch=8 --set data.labelled=a=b --set init=null --resume\n',
    );
  });

  it.each([
    ['--set batch', '--set cannot be "batch"'],
    ['--set =8', '--set cannot be "=8"'],
    ['--set a..b=8', '--set cannot be "a..b=8"'],
    ['--set=', '--set is empty'],
    ['--seed 1 --set seed=2', '--seed and --set seed set the same key'],
  ])('refuses %s', async (flags, message) => {
    const { status, err } = await run(`train c.ts ${flags}`, { loadTrainingConfig });
    expect(status).toBe(2);
    expect(err).toContain(`error ConfigError: ${message}\n`);
  });

  it('tells how to resume when it was interrupted, also with --quiet', async () => {
    const trainFromConfig = () => Promise.resolve({ ...summary, interrupted: true });
    const line = 'train c.ts --seed 7 --out runs/x --quiet';
    const { status, out } = await run(line, { loadTrainingConfig, trainFromConfig });
    expect(status).toBe(130);
    expect(out).toMatchInlineSnapshot(`
      "stopped after step 120; checkpoint runs/d/checkpoints/step-00000120
      resume with: gradus train c.ts --out runs/x --seed 7 --resume
      "
    `);
  });

  it('prints one JSON document on standard output, and progress beside it', async () => {
    const environment = new FakeEnvironment({ tty: true });
    const trainFromConfig: Library['trainFromConfig'] = (_config, { onEvent }) => {
      onEvent?.({ kind: 'begin', title: 'd', steps: 10, time: 0 });
      onEvent?.({ kind: 'message', text: 'reading digits', time: 0 });
      return Promise.resolve({ ...summary, interrupted: true });
    };
    const wired = { loadTrainingConfig, trainFromConfig };
    const { out, err } = await run('train c.ts --json', wired, environment);
    expect(JSON.parse(out)).toMatchObject({ step: 120, resume: 'gradus train c.ts --resume' });
    expect(err).toContain('reading digits\n');
  });

  it('says nothing beside the result with --quiet', async () => {
    const trainFromConfig: Library['trainFromConfig'] = (_config, { onEvent }) => {
      onEvent?.({ kind: 'message', text: 'reading digits', time: 0 });
      return Promise.resolve(summary);
    };
    const { err } = await run('train c.ts --quiet', { loadTrainingConfig, trainFromConfig });
    expect(err).toBe('');
  });
});

describe('gradus selftrain', () => {
  const network = {
    ...{
      model: 'm',
      checkpoint: '',
      step: 90,
      steps: 100,
      images: 800,
      validation: 0.9,
      heldOut: { n: 20, interval: wilson(18, 20) },
      seconds: 5,
    },
    test: { images: 40, accuracy: 0.8, top5: 1, loss: 0.5, calibrationError: 0 },
    labels: null,
  };

  /** The table of a teacher and a student that skipped so many steps. */
  async function table(skips: readonly (number | undefined)[]): Promise<string> {
    const networks = skips.map((skipped, i) => {
      const name = i === 0 ? 'teacher' : 'student-1';
      return { ...network, name, ...(skipped !== undefined && { skipped }) };
    });
    const comparisons: never[] = [];
    const result = {
      name: 's',
      folder: 'runs/s',
      seed: 1,
      networks,
      comparisons,
      chosenBy: 'x',
      seconds: 10,
    };
    const { out } = await run('selftrain s.ts', {
      loadSelfTrainingConfig: () =>
        Promise.resolve({ config, folder: '/project', locate: () => undefined } as never),
      selfTrain: () => Promise.resolve(result),
    });
    return out.slice(0, out.indexOf('\n\n'));
  }

  it('tells of each network how many steps were skipped, where one was', async () => {
    expect(await table([2, 0])).toMatchInlineSnapshot(`
      "network    model          test accuracy               held out  labels kept  held-out precision  a class  steps  skipped  time
      ---------  -----  ---------------------  ---------------------  -----------  ------------------  -------  -----  -------  ----
      teacher    m      80 % of 40 (65 to 90)  90 % of 20 (70 to 97)                                              100        2  0:05
      student-1  m      80 % of 40 (65 to 90)  90 % of 20 (70 to 97)                                              100        0  0:05"
    `);
  });

  it('hands --set on, and repeats it in the command that goes on', async () => {
    const load = vi.fn(() =>
      Promise.resolve({ config, folder: '/project', locate: () => undefined } as never),
    );
    const { out } = await run('selftrain s.ts --set students.0.ratio=2', {
      loadSelfTrainingConfig: load,
      selfTrain: () =>
        Promise.resolve({ interrupted: true, stage: 'teacher', folder: 'f' } as never),
    });
    const setting = { path: ['students', '0', 'ratio'], value: 2, where: '--set students.0.ratio' };
    expect(load).toHaveBeenCalledWith('s.ts', [setting]);
    expect(out).toContain('continue with: gradus selftrain s.ts --set students.0.ratio=2\n');
  });

  it('speaks of no skipped steps where there is none', async () => {
    expect(await table([0, 0])).not.toContain('skipped');
    expect(await table([undefined, undefined])).not.toContain('skipped');
  });
});

describe('an error', () => {
  const where = { file: 'm.ts', line: 1, column: 1 };
  const inspectModelFile = (): Promise<never> =>
    Promise.reject(new ModelError('add: shapes differ', { code: 'shape', where, hint: 'mend it' }));

  it('is printed on standard error with its hint', async () => {
    const { status, out, err } = await run('inspect m.ts', { inspectModelFile });
    expect([status, out]).toEqual([3, '']);
    expect(err).toMatchInlineSnapshot(`
      "error ModelError: add: shapes differ
        --> m.ts:1:1
        hint: mend it
      "
    `);
  });

  it('is a JSON document, too, with --json', async () => {
    const { out } = await run('inspect m.ts --json', { inspectModelFile });
    expect(JSON.parse(out)).toEqual({
      error: {
        name: 'ModelError',
        code: 'shape',
        message: 'add: shapes differ',
        where,
        notes: [],
        hint: 'mend it',
        exitCode: 3,
      },
    });
  });

  it.each([
    [{ tty: true }, true],
    [{ tty: false }, false],
    [{ tty: true, variables: { NO_COLOR: '1' } }, false],
    [{ tty: true, variables: { TERM: 'dumb' } }, false],
  ])('on %o has colour: %s', async (options, coloured) => {
    const { err } = await run('inspect m.ts', { inspectModelFile }, new FakeEnvironment(options));
    expect(err.includes('\u001b[')).toBe(coloured);
  });

  it('of our own asks for a report, with the stack', async () => {
    const { status, err } = await run('devices');
    expect(status).toBe(1);
    expect(err).toContain('error InternalError: TypeError: not expected here\n');
    expect(err).toMatch(/\n {4}at .*\n[^]*Please report it/);
  });

  it('of a device ends with its own status', async () => {
    const describeDevices = () => Promise.reject(new DeviceError('no GPU', { code: 'gpu' }));
    expect((await run('devices', { describeDevices })).status).toBe(5);
  });

  it('by an abort is an interruption', async () => {
    const runDemo = () => Promise.reject(new DOMException('stopped', 'AbortError'));
    expect((await run('demo', { runDemo })).status).toBe(130);
  });
});

describe('gradus demo', () => {
  it('compares teacher and student', async () => {
    const runDemo = vi.fn<Library['runDemo']>(({ seed }) =>
      Promise.resolve({
        seed,
        teacher: { accuracy: 0.9, n: 2200, interval: wilson(1980, 2200) },
        student: { accuracy: 0.95, n: 2200, interval: wilson(2090, 2200) },
        comparison: {
          ...{ network: 'student-1', against: 'teacher', difference: 0.05, paired: true, n: 2200 },
          interval: pairedDifference({ n: 2200, onlyFirst: 150, onlySecond: 40 }),
        },
        seconds: 93,
        interrupted: false,
        labels: { images: 7000, kept: 6000, right: 5400 },
      }),
    );
    const { out } = await run('demo --seed 3', { runDemo });
    expect(out).toMatchInlineSnapshot(`
      "kept 6000 of 7000 pseudo-labels, 90.00 % of them correct

      network  test accuracy
      -------  -------------
      teacher        90.00 %
      student        95.00 %

      the student is better by 5.00 percentage points
      on 2,200 test digits: teacher 90.0 % (88.7 to 91.2), student 95.0 % (94.0 to 95.8)
      student-1 against the teacher: 5.0 points (3.8 to 6.2) on the same 2,200 images
      seed 3, 1:33, all files are in runs/demo
      "
    `);
  });
});

describe('gradus doctor', () => {
  it('says of each provider why it can or cannot be used, and what to do next', async () => {
    const summary: DoctorSummary = {
      ...{ node: '20.20.2', onnxruntime: '1.29.0', platform: 'linux x64', cores: 2 },
      ...{ memoryBytes: 25_300_000_000, auto: 'cpu', autoWhy: 'no GPU was found' },
      devices: [
        {
          name: 'cpu',
          available: true,
          detail: 'AVX-512',
          float16: false,
          software: false,
          builtIn: true,
        },
      ],
      gpus: [],
      vulkan: { loader: true, drivers: [], swiftshader: undefined },
      cuda: { installed: false, missing: [], driver: undefined, found: [] },
      next: ['nothing: the CPU is ready'],
    };
    const examineMachine = () => Promise.resolve(summary);
    const cache = { folder: '/home/u/.cache/gradus/compiled', entries: 12, bytes: 34_500_000 };
    const describeCompiledCache = () => ({ ...cache, mostBytes: 2 ** 29, off: false });
    const { status, out } = await run('doctor', { examineMachine, describeCompiledCache });
    expect(status).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "Node 20.20.2, onnxruntime 1.29.0, linux x64, 2 cores, 25.3 GB

      device  usable  what
      ------  ------  -------
      cpu     yes     AVX-512

      GPU          none found
      Vulkan       libvulkan.so.1; no driver
      SwiftShader  not installed
      CUDA         no driver; onnxruntime's library not installed
      auto         --device auto takes cpu: no GPU was found
      cache        12 compiled networks, 34.5 MB of at most 536.9 MB, in /home/u/.cache/gradus/compiled; remove that folder to empty it

      next
        nothing: the CPU is ready
        train: gradus train training.config.ts (--device auto takes cpu)
      "
    `);
  });
});

describe('gradus label', () => {
  it('goes on to the filter only where no shard is missing', async () => {
    const summary = {
      folder: 'l',
      teacher: { name: 'digits', path: 'runs/d', fingerprint: '' },
      ...{ data: 'mnist', shards: 1, skipped: 0, images: 40, unreadable: 2, seconds: 1 },
      ...{ imagesPerSecond: 40, interrupted: false, audit: null, of: 3, notes: [] },
    };
    const label = async (missing: readonly number[]) => {
      const labelDataSet = () => Promise.resolve({ ...summary, missing });
      return (await run('label runs/d --data mnist --out l', { labelDataSet })).out;
    };
    expect(await label([])).toContain('next: gradus filter l\n');
    expect(await label([])).toContain('not audited: pass labelled images with --audit SET');
    const some = await label([1, 3]);
    expect(some).toContain('2 of the images could not be read: l/unreadable.jsonl lists them');
    expect(some).toContain(
      '2 of 3 shards are missing: 1, 3; make them, then run gradus filter l\n',
    );
    expect(some).not.toContain('next:');
  });

  it('says of a run that was stopped how many shards are finished', async () => {
    const summary = {
      folder: 'l',
      teacher: { name: 'digits', path: 'runs/d', fingerprint: '' },
      ...{ data: 'mnist', shards: 3, skipped: 0, images: 40, unreadable: 0, seconds: 1 },
      ...{ imagesPerSecond: 40, interrupted: true, audit: null, of: 3, missing: [2, 3], notes: [] },
    };
    const labelDataSet = () => Promise.resolve(summary);
    const { status, out } = await run('label runs/d --data mnist --out l', { labelDataSet });
    expect(status).toBe(130);
    expect(out).toContain('40 images of mnist labelled, 40 images/s\n');
    expect(out).toContain(
      'stopped; 1 of 3 shards are finished and kept; run the same command again to continue',
    );
  });
});

describe('gradus label in 16 bits', () => {
  it('tells how many labels are those of float32, and how far a confidence is off', async () => {
    const labelDataSet = vi.fn<Library['labelDataSet']>(() =>
      Promise.resolve({
        folder: 'l',
        teacher: { name: 'digits', path: 'runs/d', fingerprint: '' },
        notes: [],
        ...{ data: 'mnist', shards: 1, skipped: 0, images: 40, unreadable: 0, seconds: 1 },
        ...{ imagesPerSecond: 40, interrupted: false, audit: null, of: 1, missing: [] },
        agreement: {
          images: 512,
          sameClass: 511 / 512,
          interval: wilson(511, 512),
          largestChange: 0.00213,
        },
      }),
    );
    const line = 'label runs/d --data mnist --out l --device webgpu --precision float16';
    const { out } = await run(line, { labelDataSet });
    expect(labelDataSet.mock.calls[0]?.[1]).toMatchObject({ precision: 'float16' });
    expect(out).toContain(
      'in 16 bits, 99.8 % (98.9 to 100.0) of 512 images have the same class as in float32; confidence changes by at most 0.0021\n',
    );
    const { status, err } = await run('label runs/d --data m --out l --precision bfloat16');
    expect(status).toBe(2);
    expect(err).toContain('--precision cannot be "bfloat16"');
  });
});

describe('gradus reassign', () => {
  it('says how to go on when it is stopped', async () => {
    const teacher = { name: 'digits', fingerprint: '' };
    const summary = {
      ...{ out: 'k.parquet', ledger: 'l', histograms: 'c', teacher, chosenBy: teacher },
      ...{ skipped: false, images: 40, copies: 0, changed: null, corrected: 0, unreadable: 0 },
      ...{ rejected: 0, classes: [], audit: null, warnings: [], seconds: 1, imagesPerSecond: 40 },
      ...{ interrupted: true, data: 'mnist', notes: [] },
    };
    const reassignDataSet = () => Promise.resolve(summary);
    const line = 'reassign kept.parquet --teacher runs/d --data mnist --out k.parquet';
    const flags = '--top-k 5 --corrections c.csv --allow-empty';
    const { status, out } = await run(`${line} ${flags}`, { reassignDataSet });
    expect(status).toBe(130);
    expect(out).toBe(`stopped; finished shards are kept\ncontinue with: gradus ${line} ${flags}\n`);
  });
});

describe('gradus data', () => {
  it('calls the data set that there is not by what it is, not by a flag', async () => {
    const { status, err } = await run('data cifar100 d');
    expect(status).toBe(2);
    expect(err).toContain('error ConfigError: <name> cannot be "cifar100"');
  });
});

describe('gradus import', () => {
  const result: Awaited<ReturnType<Library['importWeights']>> = {
    checkpoint: 'weights/b0',
    model: 'efficientnet_b0',
    classes: 10,
    classNames: null,
    parameters: 4_020_358,
    tensors: 309,
    converted: { float16: 309 },
    ignored: 49,
    prefix: 'module.',
    unread: { 'head.scale': 'F8_E4M3' },
    warnings: ['another epsilon'],
    pixels: {
      from: 'config.json',
      size: 256,
      choices: { crop: 'centre', cropPct: 0.875, interpolation: 'bicubic', mean: [0.5], std: [1] },
      warnings: ['another crop'],
    },
    initialized: { tensors: ['classifier.weight', 'classifier.bias'], fileClasses: 1000, seed: 0 },
  };

  it('hands its flags on, and says what became of the file', async () => {
    const importWeights = vi.fn<Library['importWeights']>(() => Promise.resolve(result));
    const line =
      'import b0.safetensors --model efficientnet_b0 --names torchvision --classes 10 --size 64 --seed 3 --out weights/b0';
    const { status, out } = await run(line, { importWeights });
    expect(status).toBe(0);
    expect(importWeights.mock.calls[0]).toEqual([
      'b0.safetensors',
      {
        model: 'efficientnet_b0',
        names: 'torchvision',
        classes: 10,
        newClassifier: false,
        size: 64,
        seed: 3,
        out: 'weights/b0',
      },
    ]);
    expect(out).toMatchInlineSnapshot(`
      "warning: another epsilon
      warning: another crop
      matched the names without their prefix module.
      converted 309 tensors of float16 to float32
      left out 49 counters such as num_batches_tracked, which are not needed
      left out, not needed and of unsupported types (F8_E4M3): head.scale
      new classifier for 10 classes, the file has 1000: classifier.weight, classifier.bias start with seed 0
      images are preprocessed as in config.json: 256 px, centre crop of 87.5 %, bicubic, mean 0.5, std 1
      efficientnet_b0: 4,020,358 parameters, 309 tensors from the file
      wrote weights/b0
      "
    `);
  });

  it('refuses names that there are not', async () => {
    const { status, err } = await run('import b0 --model m --out o --names keras');
    expect([status, err.split('\n')[0]]).toEqual([
      2,
      'error ConfigError: --names cannot be "keras"',
    ]);
  });
});

describe('gradus export', () => {
  it('hands its flags on, and says what the model takes', async () => {
    const exportModel = vi.fn<Library['exportModel']>(() =>
      Promise.resolve({
        checkpoint: 'runs/x/checkpoints/step-00000120',
        model: 'efficientnet_b0',
        step: 120,
        weights: 'ema',
        format: 'onnx',
        files: [{ path: 'b0.onnx', bytes: 10_600_000 }],
        classes: 10,
        classNames: null,
        tooLarge: [],
        onnx: {
          opset: 17,
          inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 3, 64, 64] }],
          outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', 10] }],
          normalisation: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] },
        },
      }),
    );
    const line =
      'export runs/x --format onnx --batch dynamic --float16 --weights raw --image-format uint8-nhwc --out b0.onnx';
    const { status, out } = await run(line, { exportModel });
    expect(status).toBe(0);
    expect(exportModel.mock.calls[0]?.[0]).toBe('runs/x');
    expect(exportModel.mock.calls[0]?.[1]).toMatchObject({
      format: 'onnx',
      batch: 'dynamic',
      float16: true,
      weights: 'raw',
      imageFormat: 'uint8-nhwc',
      out: 'b0.onnx',
    });
    expect(out).toMatchInlineSnapshot(`
      "file        size
      -------  -------
      b0.onnx  10.6 MB

      opset 17: image float32 [N,3,64,64] -> logits float32 [N,10]
      an image holds (pixel - mean) / std of pixels in 0..1: mean 0.5, 0.4, 0.3; std 0.2, 0.2, 0.2
      the checkpoint does not record the names of its 10 classes, so the file does not name them
      efficientnet_b0, step 120: the moving average of the weights, from runs/x/checkpoints/step-00000120
      "
    `);
  });
});

describe('gradus tune', () => {
  const change = {
    work: 'silu float32[64,32,14,14] {}',
    nodes: 2,
    before: 'portable',
    after: 'blocked',
    microseconds: [120, 80.5],
  } as const;
  const result: TuneResult = {
    name: 'digits',
    batch: 64,
    image: [1, 28, 28],
    timed: 90,
    known: 10,
    changed: [change],
    step: { before: 20, after: 19.5 },
    kept: true,
    path: '/cache/gradus/costs/ab.json',
    hash: '0123456789abcdef',
    seconds: 12.3,
    cores: 2,
    load: 2.1,
  };

  it('tells what it timed, what is spelled otherwise, and what a step gains', async () => {
    const tuneModel = vi.fn<Library['tuneModel']>(() => Promise.resolve(result));
    const line = 'tune digits.model.ts --batch 64 --threads 2 --again';
    const { status, out } = await run(line, { tuneModel });
    expect(status).toBe(0);
    expect(tuneModel.mock.calls[0]?.[1]).toMatchObject({ batch: 64, threads: 2, again: true });
    expect(out).toMatchInlineSnapshot(`
      "digits, training steps of 64 images [1,28,28]
      timed 90 kinds of nodes and conversions in 12 s, 10 had been timed before

      node                nodes  before     µs  now        µs
      ------------------  -----  --------  ---  -------  ----
      silu [64,32,14,14]      2  portable  120  blocked  80.5

      a step takes 19.5 ms, 20 ms before
      the times are in /cache/gradus/costs/ab.json, table 01234567
      "
    `);
  });

  it('tells that slower lowerings are not kept, that nothing changes, and that others disturb', async () => {
    const slower = { ...result, kept: false, step: { before: 20, after: 22 }, load: 9 };
    const { out } = await run('tune m.ts', { tuneModel: () => Promise.resolve(slower) });
    expect(out).toContain('a step takes 22 ms, 20 ms before: the lowerings stay as they were');
    expect(out).toContain('the times are discarded');
    expect(out).toContain('warning: other programs were running (load 9 on 2 cores)');
    const same = { ...result, timed: 0, changed: [], step: null };
    const { out: nothing } = await run('tune m.ts', { tuneModel: () => Promise.resolve(same) });
    expect(nothing).toContain('every node is lowered as before');
  });
});

describe('--device auto', () => {
  it.each([
    ['no GPU was found', 'cpu'],
    [undefined, 'webgpu'],
  ] as const)('says what it took and why, where it chose: %s', async (why, device) => {
    const evaluateCheckpoint = vi.fn<Library['evaluateCheckpoint']>((_, { onDevice } = {}) => {
      onDevice?.({ device, ...(why !== undefined && { why }) });
      return Promise.reject(new ConfigError('nothing more', { code: 'test' }));
    });
    const { err } = await run('eval runs/d', { evaluateCheckpoint });
    const lines = why === undefined ? [] : ['device auto takes cpu: no GPU was found'];
    expect(err.split('\n').filter((line) => line.startsWith('device auto'))).toEqual(lines);
  });
});

describe('gradus bench', () => {
  const time = { milliseconds: 60, share: 0.6 };
  const result: BenchResult = {
    name: 'digits',
    mode: 'train',
    device: 'cpu',
    batch: 64,
    stepsPerRun: 1,
    image: [1, 28, 28],
    imagesPerSecond: 640,
    stepMilliseconds: 100,
    stepSpread: { median: 100, lowest: 90, quartiles: [95, 110], count: 20 },
    peakRssBytes: 208_100_000,
    transferShare: null,
    outsideRunShare: 0.0123,
    operators: Array.from({ length: 14 }, (_, i) => ({ operator: `Op${i}`, nodes: 1, ...time })),
    layers: [
      { layer: 'stem.conv', ...time, backwardMilliseconds: 40, source: 'digits.model.ts:11:9' },
      { layer: 'optimizer', milliseconds: 40, share: 0.4, backwardMilliseconds: 0 },
    ],
    compileSeconds: 1,
    machine: { cpu: 'a processor', cores: 2, load: 1 },
  };

  it('prints figures, operators and the slowest layers with their lines', async () => {
    const benchModel = vi.fn<Library['benchModel']>(() => Promise.resolve(result));
    const line = 'bench digits.model.ts --batch 64 --size 28 --mode train --optimizer sgd';
    const { status, out } = await run(line, { benchModel });
    expect(status).toBe(0);
    expect(benchModel.mock.calls[0]?.[1]).toMatchObject({
      batch: 64,
      size: 28,
      mode: 'train',
      optimizer: { kind: 'sgd' },
    });
    expect(
      out
        .split('\n')
        .filter((text) => !/^Op([1-9]|10) /.test(text))
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "digits: 20 training steps of 64 images [1,28,28] on cpu
      a processor, 2 cores, load 1

      figure                 median
      ---------------------  ----------------------------
      images per second      640
      milliseconds per step  100 (half of them 95 to 110)
      peak memory            208.1 MB
      outside onnxruntime    1.23 %

      operator  nodes     ms     share
      --------  -----  -----  --------
      Op0           1   60.0   60.00 %
      Op11          1   60.0   60.00 %
      2 others      2  120.0  120.00 %

      slowest layers    ms    share  backward  made at
      --------------  ----  -------  --------  --------------------
      stem.conv       60.0  60.00 %      40.0  digits.model.ts:11:9
      optimizer       40.0  40.00 %
      "
    `);
  });

  it('prints its figures alone with --quiet, and all as JSON', async () => {
    const benchModel = () => Promise.resolve(result);
    const { out } = await run('bench digits.model.ts --quiet', { benchModel });
    expect(out).not.toContain('stem.conv');
    const { out: json } = await run('bench digits.model.ts --json', { benchModel });
    expect(JSON.parse(json)).toEqual(result);
  });

  it('refuses a mode that it does not have', async () => {
    const { status, err } = await run('bench digits.model.ts --mode serve');
    expect([status, err.split('\n')[0]]).toEqual([
      2,
      'error ConfigError: --mode cannot be "serve"',
    ]);
  });
});

describe('gradus inspect --graph', () => {
  const inspection = {
    kind: 'model',
    name: 'm',
    parameters: 1,
    multiplyAdds: 2,
    layers: [],
  } as const;

  it('says where the drawing is', async () => {
    const inspectModelFile = vi.fn<Library['inspectModelFile']>(() => Promise.resolve(inspection));
    const { status, out } = await run('inspect m.ts --graph m.svg --size 64', { inspectModelFile });
    expect(status).toBe(0);
    expect(inspectModelFile.mock.calls[0]?.[1]).toMatchObject({ graph: 'm.svg', size: 64 });
    expect(out).toMatch(/\n\ndrawn in m.svg\n$/);
  });

  it('refuses an ONNX file', async () => {
    const { status, err } = await run('inspect m.onnx --graph m.svg');
    expect([status, err.split('\n')[0]]).toEqual([
      2,
      'error ConfigError: --graph draws models, not .onnx files',
    ]);
  });
});

describe('gradus predict', () => {
  const report = {
    ...{ model: 'm.onnx', name: 'm', classes: 2, assumed: ['images become 8x8'] },
    images: [
      {
        image: 'a.png',
        classes: [
          { class: 'cat', index: 1, probability: 0.75 },
          { class: 'dog', index: 0, probability: 0.25 },
        ],
      },
    ],
    unreadable: [{ image: 'b.png', reason: 'the file is empty' }],
  };

  it('takes several images, and prints a table', async () => {
    const predictImages = vi.fn(() => Promise.resolve(report));
    const { status, out } = await run('predict a.png b.png --model m.onnx --top-k 2', {
      predictImages,
    });
    expect(status).toBe(0);
    expect(predictImages.mock.calls[0]).toMatchObject([
      ['a.png', 'b.png'],
      { model: 'm.onnx', topK: 2 },
    ]);
    expect(out).toMatchInlineSnapshot(`
      "image  class  probability
      -----  -----  -----------
      a.png  cat        75.00 %
             dog        25.00 %

      1 could not be read:
      b.png: the file is empty
      images become 8x8
      "
    `);
  });

  it('prints JSON', async () => {
    const predictImages = (): Promise<typeof report> => Promise.resolve(report);
    const { out } = await run('predict a.png --model m.onnx --json', { predictImages });
    expect(JSON.parse(out)).toEqual(report);
  });
});
