/**
 * npm run results -- cifar10 --seed N [--labels 1000|4000] [--quick] [--data DIR] [--out DIR]: reruns
 * what docs/results shows, through the command line, in processes that anyone can run. The last line
 * is one JSON object of test accuracies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import '../src/index.js';
import type { SelfTrainingConfig } from '../src/selftrain/config.js';
import { loadSelfTrainingConfig } from '../src/selftrain/loadSelfTrainingConfig.js';
import type { SelfTrainingSummary } from '../src/selftrain/summary.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const cli = join(root, 'bin/gradus.js');

/** Clean images by which robustness is measured; more would take longer than the training. */
const robustnessImages = 250;

interface Wanted {
  readonly seed: number;
  readonly labels: number;
  readonly quick: boolean;
  readonly threads: number | undefined;
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

async function cifar10({ seed, labels, quick, threads, data, out }: Wanted): Promise<object> {
  if (!existsSync(join(data, `labelled-${labels}.json`))) gradus('data', 'cifar10', data);
  const folder = join(root, 'examples/cifar10');
  const file = join(folder, `selftrain${labels === 1000 ? '' : `-${labels}`}.config.ts`);
  const { config: whole } = await loadSelfTrainingConfig(file);
  const set = (name: string): string => resolve(data, name);
  const config: SelfTrainingConfig = {
    ...(quick ? shortened(whole) : whole),
    threads,
    data: {
      ...whole.data,
      labelled: set(`labelled-${labels}`),
      unlabelled: set(`unlabelled-${labels}`),
      test: set('test'),
    },
  };
  const absolute = <T extends { model: string }>(own: T): T => ({
    ...own,
    model: resolve(folder, own.model),
  });
  const { teacher, students } = config;
  const written = { ...config, teacher: absolute(teacher), students: students.map(absolute) };
  mkdirSync(out, { recursive: true });
  const path = join(out, 'config.json');
  writeFileSync(path, `${JSON.stringify(written, null, 2)}\n`);
  const run = join(out, 'run');
  const summary = gradus(
    ...['selftrain', path, '--seed', String(seed), '--out', run],
  ) as SelfTrainingSummary;
  const accuracy = (name: string): number | null =>
    summary.networks.find((own) => own.name === name)?.test.accuracy ?? null;
  if (!quick) robustness(summary, run, set('test'), out);
  return {
    seed,
    labels,
    teacher: accuracy('teacher'),
    student1: accuracy('student-1'),
    student2: accuracy('student-2'),
    control: accuracy('control'),
  };
}

/** Corruption errors and flip rates of every network, into robustness.json. */
function robustness(summary: SelfTrainingSummary, run: string, test: string, out: string): void {
  const noise = ['--corruptions', '--perturbations', '--images', String(robustnessImages)];
  const found = summary.networks.map(({ name, checkpoint }) => ({
    name,
    ...(gradus('eval', join(run, checkpoint), '--data', test, ...noise) as object),
  }));
  writeFileSync(join(out, 'robustness.json'), `${JSON.stringify(found, null, 2)}\n`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    labels: { type: 'string', default: '1000' },
    quick: { type: 'boolean', default: false },
    data: { type: 'string', default: 'data/cifar10' },
    threads: { type: 'string' },
    out: { type: 'string' },
  },
});
const [seed, labels] = [Number(values.seed), Number(values.labels)];
if (positionals[0] !== 'cifar10' || !Number.isInteger(seed) || ![1000, 4000].includes(labels)) {
  process.stderr.write(
    'npm run results -- cifar10 --seed N [--labels 1000|4000] [--quick] [--data DIR] [--out DIR]\n',
  );
  process.exitCode = 2;
} else {
  const { quick, data } = values;
  const threads = values.threads === undefined ? undefined : Number(values.threads);
  const out = values.out ?? join('runs', `cifar10-${labels}${quick ? '-quick' : ''}-seed${seed}`);
  console.log(JSON.stringify(await cifar10({ seed, labels, quick, threads, data, out })));
}
