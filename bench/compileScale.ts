import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Compilation } from './compileOnce.js';
import type { Settings } from './run.js';
import { round } from '../src/support/statistics/spread.js';

const large = ['efficientnet_b0', 'efficientnet_b7', 'efficientnet_l2'];
/** The same network at growing depth: time and memory should follow the depth. */
const depths = [110, 302, 602, 1202];
const turns = 3;

interface Row extends Compilation {
  readonly model: string;
}

/**
 * Time and memory to compile the training step (batch 1, SGD) of the largest models, each in a
 * fresh process, the best of three: TypeScript's objects to files, without loading the compiler.
 */
export function benchCompileScale({ steps }: Settings): object {
  const names = [...large, ...depths.map((depth) => `resnet${depth}_cifar`)];
  const rows = names.map((model) => {
    const all = Array.from({ length: Math.min(steps, turns) }, () => compileOnce(model));
    const row = best(model, all);
    process.stderr.write(`${line(row)}\n`);
    return row;
  });
  const perLayer = depths.map((depth) => {
    const row = rows.find(({ model }) => model === `resnet${depth}_cifar`);
    return {
      depth,
      milliseconds: round((1000 * (row?.seconds.all ?? NaN)) / depth),
      cpuMilliseconds: round((1000 * (row?.cpuSeconds ?? NaN)) / depth),
      nodes: round((row?.nodes ?? NaN) / depth),
    };
  });
  return { batch: 1, rows, perLayer };
}

function compileOnce(model: string): Compilation {
  const script = fileURLToPath(new URL('compileOnce.ts', import.meta.url));
  const out = execFileSync(process.execPath, ['--import', 'tsx', script, model], {
    encoding: 'utf8',
  });
  return JSON.parse(out) as Compilation;
}

/** The fastest run's phases; others on the machine only ever add. */
function best(model: string, all: readonly Compilation[]): Row {
  const [fastest] = all.toSorted((a, b) => a.seconds.all - b.seconds.all);
  if (fastest === undefined) throw new Error('no run');
  const seconds = Object.fromEntries(
    Object.entries(fastest.seconds).map(([phase, value]) => [phase, round(value)]),
  ) as unknown as Compilation['seconds'];
  const cpuSeconds = round(Math.min(...all.map((run) => run.cpuSeconds)));
  const peakMegabytes = Math.max(...all.map((run) => run.peakMegabytes));
  return { model, ...fastest, seconds, cpuSeconds, peakMegabytes };
}

function line({ model, nodes, seconds, cpuSeconds, peakMegabytes }: Row): string {
  const phases = ['program', 'passes', 'onnx', 'files', 'all'] as const;
  return [
    model.padEnd(20),
    `${nodes} nodes`.padStart(13),
    ...phases.map((phase) => `${phase} ${seconds[phase].toFixed(2)} s`.padStart(16)),
    `cpu ${cpuSeconds.toFixed(2)} s`.padStart(12),
    `peak ${peakMegabytes} MB`.padStart(13),
  ].join('');
}
