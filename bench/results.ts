/**
 * npm run results -- cifar10|ablation|curve [flags]: reruns what docs/results shows, through the command
 * line, in processes that anyone can run. The last line is one JSON object of test accuracies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { AblationSummary } from '../src/selftrain/tasks/ablate.js';
import type { SelfTrainingConfig } from '../src/selftrain/loop/config.js';
import { loadSelfTrainingConfig } from '../src/selftrain/loop/loadSelfTrainingConfig.js';
import type { SelfTrainingSummary } from '../src/selftrain/loop/summary.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const cli = join(root, 'bin/gradus.js');

/** Steps of the teacher at which it is shown that more of them help no more. */
const curveSteps = [500, 1000, 2000, 3000, 4000, 6000];

interface Wanted {
  readonly seed: number;
  readonly labels: number;
  readonly quick: boolean;
  readonly threads: number | undefined;
  /** Clean images, evenly spread over the test set, by whose corruptions robustness is measured; 0 for none. */
  readonly robustness: number;
  readonly data: string;
  readonly out: string;
}

/** Runs a command of ours; its progress goes to the terminal, its JSON comes back. */
function gradus(...args: readonly string[]): unknown {
  const { status, stdout } = spawnSync(process.execPath, [cli, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return JSON.parse(stdout);
  process.stderr.write(stdout);
  process.exit(status ?? 1);
}

/** Fewer steps, for a look at the whole in a third of the time; no generation beyond the second. */
function shortened(config: SelfTrainingConfig): SelfTrainingConfig {
  const short = <T extends { steps?: number | undefined }>(own: T): T => ({
    ...own,
    steps: Math.round((own.steps ?? 0) / 2),
  });
  return { ...config, teacher: short(config.teacher), students: config.students.map(short) };
}

/** The config of examples/cifar10, its paths absolute: a config as JSON may then lie anywhere. */
async function configOf({ labels, quick, threads, data }: Wanted): Promise<SelfTrainingConfig> {
  if (!existsSync(join(data, `labelled-${labels}.json`))) gradus('data', 'cifar10', data);
  const folder = join(root, 'examples/cifar10');
  const file = join(folder, `selftrain${labels === 1000 ? '' : `-${labels}`}.config.ts`);
  const { config } = await loadSelfTrainingConfig(file);
  const absolute = <T extends { model: string }>(own: T): T => ({
    ...own,
    model: resolve(folder, own.model),
  });
  const { teacher, students } = quick ? shortened(config) : config;
  return {
    ...config,
    threads,
    data: {
      ...config.data,
      labelled: resolve(data, `labelled-${labels}`),
      unlabelled: resolve(data, `unlabelled-${labels}`),
      test: resolve(data, 'test'),
    },
    teacher: absolute(teacher),
    students: students.map(absolute),
  };
}

/** Writes a config beside its run, and gives its path. */
function written(config: object, out: string): string {
  mkdirSync(out, { recursive: true });
  const path = join(out, 'config.json');
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`);
  return path;
}

/** Teacher, students and control of one seed. */
async function cifar10(wanted: Wanted): Promise<object> {
  const { seed, labels, out } = wanted;
  const config = await configOf(wanted);
  const run = join(out, 'run');
  const flags = ['--seed', String(seed), '--out', run];
  const summary = gradus('selftrain', written(config, out), ...flags) as SelfTrainingSummary;
  const accuracy = (name: string): number | null =>
    summary.networks.find((own) => own.name === name)?.test.accuracy ?? null;
  if (wanted.robustness > 0) robustness(summary, run, config.data.test, wanted);
  return {
    seed,
    labels,
    teacher: accuracy('teacher'),
    student1: accuracy('student-1'),
    student2: accuracy('student-2'),
    control: accuracy('control'),
  };
}

/** The first student without each noise, and with a noised teacher. */
async function ablation(wanted: Wanted): Promise<object> {
  const { seed, labels, out } = wanted;
  const flags = ['--seed', String(seed), '--out', join(out, 'run')];
  const path = written(await configOf(wanted), out);
  const { rows } = gradus('ablate', path, ...flags) as AblationSummary;
  return { seed, labels, ...Object.fromEntries(rows.map((row) => [row.name, row.test.accuracy])) };
}

/** Test accuracy of the teacher trained for fewer and for more steps than the config says. */
async function curve(wanted: Wanted): Promise<object> {
  const { seed, labels, out } = wanted;
  const { name, data, teacher, validation, threads } = await configOf(wanted);
  const accuracies = curveSteps.map((steps) => {
    const config = {
      name,
      validation,
      threads,
      ...teacher,
      steps,
      data: { ...data, kind: 'images' },
    };
    const folder = join(out, String(steps));
    const flags = ['--seed', String(seed), '--out', join(folder, 'run')];
    gradus('train', written(config, folder), ...flags);
    const found = gradus('eval', join(folder, 'run'), '--data', data.test) as { accuracy: number };
    return [steps, found.accuracy] as const;
  });
  return { seed, labels, curve: Object.fromEntries(accuracies) };
}

/** Corruption errors and flip rates of every network, into robustness.json. */
function robustness(
  summary: SelfTrainingSummary,
  run: string,
  test: string,
  { robustness: images, out }: Wanted,
): void {
  const measure = (checkpoint: string, noise: string, count: number): object => {
    const flags = ['--data', test, noise, '--images', String(count)];
    return gradus('eval', join(run, checkpoint), ...flags) as object;
  };
  // A perturbed image is a film of up to 31 frames.
  const few = Math.max(10, Math.round(images / 5));
  const found = summary.networks.map(({ name, checkpoint }) => ({
    name,
    corrupted: measure(checkpoint, '--corruptions', images),
    perturbed: measure(checkpoint, '--perturbations', few),
  }));
  writeFileSync(join(out, 'robustness.json'), `${JSON.stringify(found, null, 2)}\n`);
}

const jobs = { cifar10, ablation, curve };
const usage = `npm run results -- ${Object.keys(jobs).join('|')} --seed N [--labels 1000|4000] [--quick]
  [--robustness IMAGES] [--threads N] [--data DIR] [--out DIR]
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    labels: { type: 'string', default: '1000' },
    quick: { type: 'boolean', default: false },
    robustness: { type: 'string' },
    data: { type: 'string', default: 'data/cifar10' },
    threads: { type: 'string' },
    out: { type: 'string' },
  },
});
const [job = ''] = positionals;
const run = Object.entries(jobs).find(([name]) => name === job)?.[1];
const { quick, data } = values;
const [seed, labels] = [Number(values.seed), Number(values.labels)];
const robust = Number(values.robustness ?? (quick ? 0 : 500));
const threads = values.threads === undefined ? undefined : Number(values.threads);
const whole = [seed, robust, threads ?? 1].every((own) => Number.isInteger(own) && own >= 0);
if (run === undefined || !whole || ![1000, 4000].includes(labels)) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  const name = `${job}-${labels}${quick ? '-quick' : ''}-seed${seed}`;
  const out = values.out ?? join('runs', name);
  const wanted = { seed, labels, quick, threads, robustness: robust, data, out };
  console.log(JSON.stringify(await run(wanted)));
}
