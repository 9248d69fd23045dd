import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { firstLines, inFolder } from './work.js';

/** A command as a user writes it, in a folder beside the inputs. */
interface Command {
  readonly name: string;
  readonly line: string;
  /** Seconds until the signal; a command without them is timed first and gets it within its time. */
  readonly after?: number;
}

const commands: readonly Command[] = [
  { name: 'train', line: 'train ../train.json --set steps=100000 --out run', after: 5 },
  { name: 'selftrain', line: 'selftrain ../selftrain.json --out run', after: 5 },
  { name: 'ablate', line: 'ablate ../selftrain.json --out run', after: 5 },
  { name: 'demo', line: 'demo --out run', after: 5 },
  { name: 'label', line: 'label ../run --data ../images --out labels --shards 12' },
  { name: 'filter', line: 'filter ../labels --out kept.parquet --threshold 0 --allow-empty' },
  {
    name: 'reassign',
    line: 'reassign ../kept.parquet --teacher ../run --data ../images --out new.parquet',
  },
  { name: 'eval', line: 'eval ../run --data ../images' },
  { name: 'eval --corruptions', line: 'eval ../run --data ../images --corruptions', after: 5 },
  { name: 'predict', line: 'predict ../images --model ../run' },
  { name: 'export (ONNX)', line: 'export ../run --out net.onnx' },
  { name: 'export (safetensors)', line: 'export ../run --out net.safetensors' },
  {
    name: 'import',
    line: 'import ../net.safetensors --model efficientnet_b0 --classes 10 --out imported',
  },
  { name: 'compile', line: 'compile efficientnet_b3 --out build' },
  { name: 'inspect', line: 'inspect efficientnet_b7 --memory --graph b7.svg' },
  { name: 'tune', line: 'tune efficientnet_b0 --batch 4 --size 64', after: 5 },
  { name: 'bench', line: 'bench efficientnet_b0 --batch 4 --size 64', after: 5 },
  { name: 'labels diff', line: 'labels diff ../labels ../labels --csv changes.csv' },
  { name: 'labels gallery', line: 'labels gallery ../labels --data ../images --out gallery.html' },
  { name: 'labels export', line: 'labels export ../labels --to jsonl --out labels.jsonl' },
  { name: 'data', line: 'data mnist packed' },
];

/** Parts of an undisturbed command's time after which the signal comes, in turns. */
const parts = [0.5, 0.65, 0.8, 0.95];
const signals = ['SIGTERM', 'SIGINT'] as const;

/** How long a command may take to end, in milliseconds: a step or an image, on a busy machine. */
const longestEnd = 3000;

/** What only a process that still runs may leave. */
const leftover = /\.new-|\.old-|\.parts|^run\.lock/;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly milliseconds: number;
  /** All that it printed. */
  readonly errors: string;
}

/**
 * SIGTERM and SIGINT for each command in the midst of its work: it ends soon, by the status of the
 * documents, says so, leaves nothing half-written, and the same command then runs to its end.
 */
export function interruptCommands(
  count: number,
): Promise<{ readonly failures: readonly string[] }> {
  return inFolder(async (base) => {
    await prepare(base);
    const failures: string[] = [];
    const results: Record<string, unknown> = {};
    for (const command of commands) {
      const times = command.after === undefined ? await undisturbed(base, command) : undefined;
      const ends: string[] = [];
      for (let i = 0; i < count; i++) {
        const folder = placeOf(base, command, String(i));
        const part = parts[i % parts.length] ?? 1;
        const delay = times === undefined ? 1000 * (command.after ?? 0) : part * times;
        const signal = signals[i % signals.length] ?? 'SIGTERM';
        const { ended, sent } = await run(folder, command.line, { signal, delay });
        const took = Math.round(ended.milliseconds - delay);
        const told = `${command.name}, ${signal} after ${Math.round(delay)} ms`;
        const status = ended.signal ?? String(ended.code);
        ends.push(sent ? `${signal}: ${status} in ${took} ms` : `over before ${signal}`);
        const last = ended.errors.trimEnd().split('\n').at(-1) ?? '';
        process.stderr.write(`${told}: ${ends.at(-1) ?? ''}; ${last}\n`);
        if (!sent || ended.code === 0) continue;
        if (ended.code !== 130 && ended.signal === null)
          failures.push(`${told}: exit ${status}: ${firstLines(ended.errors)}`);
        if (took > longestEnd) failures.push(`${told}: ended ${took} ms later`);
        // Who dies by the signal itself says nothing; docs/cli.md tells which commands do.
        if (ended.code === 130 && !/again|goes on|go on with|resume with/.test(last))
          failures.push(`${told}: no word of how to go on: ${last}`);
        const left = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
          leftover.test(file.split('/').at(-1) ?? ''),
        );
        if (left.length > 0) failures.push(`${told}: it left ${left.join(', ')}`);
        if (command.after !== undefined) continue;
        const { ended: again } = await run(folder, command.line);
        if (again.code !== 0) failures.push(`${told}, again: ${firstLines(again.errors)}`);
      }
      results[command.name] = ends;
    }
    return { commands: commands.length, results, failures };
  });
}

async function undisturbed(base: string, command: Command): Promise<number> {
  const { ended } = await run(placeOf(base, command, 'whole'), command.line);
  if (ended.code !== 0) throw new Error(`${command.line} failed undisturbed: ${ended.errors}`);
  return ended.milliseconds;
}

function placeOf(base: string, { name }: Command, suffix: string): string {
  const folder = join(base, `${name.replace(/\W+/g, '-')}-${suffix}`);
  mkdirSync(folder);
  return folder;
}

const program = fileURLToPath(new URL('../../bin/gradus.js', import.meta.url));

async function run(
  folder: string,
  line: string,
  interrupt?: { readonly signal: NodeJS.Signals; readonly delay: number },
): Promise<{ readonly ended: Ended; readonly sent: boolean }> {
  const start = performance.now();
  const child = spawn(process.execPath, [program, ...line.split(' ')], {
    cwd: folder,
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (errors += text.toString()));
  const ending = new Promise<Ended>((resolve) =>
    child.on('close', (code, signal) => {
      resolve({ code, signal, milliseconds: performance.now() - start, errors });
    }),
  );
  if (!interrupt) return { ended: await ending, sent: false };
  await Promise.race([wait(interrupt.delay), ending]);
  const sent = child.kill(interrupt.signal);
  return { ended: await ending, sent };
}

const classes = 10;
/** Images of a class, by set. */
const sets = { images: 150, more: 150, tests: 10 };

/** Images of which no two are the same. */
async function drawImages(folder: string, count: number, seed: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < count; i++) {
    const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, k) => (k * (i + 3) + seed) % 256);
    const image = sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } });
    await image.png().toFile(join(folder, `${i}.png`));
  }
}

/** Images, configs, a trained network, its weights and its labels. */
async function prepare(base: string): Promise<void> {
  for (const [s, [set, count]] of Object.entries(sets).entries())
    for (let c = 0; c < classes; c++)
      await drawImages(join(base, set, `class-${c}`), count, 50 * s + c);
  const network = {
    ...{ model: 'efficientnet_b0', size: 32, batch: 8, steps: 2 },
    optimizer: { kind: 'sgd', learningRate: 0.001 },
  };
  const config = { name: 'signals', seed: 1, data: { labelled: 'images' } };
  const train = { ...config, ...network };
  const all = { labelled: 'images', unlabelled: 'more', test: 'tests' };
  const student = { steps: 100_000, labels: { threshold: 0, allowEmpty: true } };
  const selftrain = { ...config, data: all, teacher: network, students: [student] };
  const files = { 'train.json': train, 'selftrain.json': selftrain };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(base, name), JSON.stringify(content));
  const inner = join(base, 'inputs');
  mkdirSync(inner);
  for (const line of [
    'train ../train.json --out ../run',
    'export ../run --out ../net.safetensors',
    'label ../run --data ../images --out ../labels --audit none',
    'filter ../labels --out ../kept.parquet --threshold 0 --allow-empty',
  ]) {
    const { ended } = await run(inner, line);
    if (ended.code !== 0) throw new Error(`${line}: ${ended.errors}`);
  }
}
