/**
 * npm run bench -- NAME [--model efficientnet_b0] [--batch 8] [--size 64] [--steps 30] [--threads 2] [--toy]; needs
 * a built dist/. Those that compare with peers, step, label and javascript, take [--rounds 3] [--seconds 5] [--only REGEXP]
 * in place of --steps.
 */
import { parseArgs } from 'node:util';
import { benchAugment } from './augment.js';
import { benchCompile } from './compile.js';
import { benchCompileScale } from './compileScale.js';
import { benchDecode } from './decode.js';
import { benchDeviceMemory } from './deviceMemory.js';
import { benchFilter } from './filter.js';
import { benchGpu } from './gpu.js';
import { benchJavaScript } from './javaScript.js';
import { benchLabel } from './label.js';
import { benchLoader } from './loader.js';
import { benchMemory } from './memory.js';
import { report } from './statistics.js';
import { contestText, type Contest } from './peers/contest.js';
import { benchStep } from './step.js';

/** What a benchmark is run with. */
export interface Settings {
  /** A shipped model. */
  readonly model: string;
  readonly batch: number;
  /** Height and width of images in pixels. */
  readonly size: number;
  readonly steps: number;
  readonly threads: number;
  /** Sizes at which a bench of GPUs runs without one. */
  readonly toy: boolean;
  /** Turns of each contestant, where some compete. */
  readonly rounds: number;
  /** Length of a turn. */
  readonly seconds: number;
  /** Names of the contestants that take part beside the first. */
  readonly only: RegExp;
}

const benches: Readonly<
  Record<string, (settings: Settings) => object | Promise<object | undefined>>
> = {
  augment: benchAugment,
  compile: benchCompile,
  compileScale: benchCompileScale,
  decode: benchDecode,
  deviceMemory: benchDeviceMemory,
  filter: benchFilter,
  gpu: benchGpu,
  loader: benchLoader,
  memory: benchMemory,
};

/** Those in which peers take part. */
const contests: Readonly<Record<string, (settings: Settings) => Promise<Contest>>> = {
  javascript: benchJavaScript,
  label: benchLabel,
  step: benchStep,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'efficientnet_b0' },
    batch: { type: 'string', default: '8' },
    size: { type: 'string', default: '64' },
    steps: { type: 'string', default: '30' },
    threads: { type: 'string', default: '2' },
    toy: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
  },
});
const count = (name: 'batch' | 'size' | 'steps' | 'threads' | 'rounds' | 'seconds'): number => {
  const value = Number(values[name]);
  if (value > 0) return value;
  process.stderr.write(`--${name} takes a number above 0, not ${values[name]}\n`);
  process.exit(2);
};
const settings: Settings = {
  ...{ model: values.model, batch: count('batch'), size: count('size'), steps: count('steps') },
  ...{ threads: count('threads'), toy: values.toy, rounds: count('rounds') },
  ...{ seconds: count('seconds'), only: new RegExp(values.only) },
};
const [name = ''] = positionals;
const bench = benches[name];
const competition = contests[name];
if (competition) {
  const { model, batch, size, threads, rounds, seconds } = settings;
  const result = await competition(settings);
  const own = name === 'javascript' ? {} : { model, size };
  const kept = [name, ...Object.values(own)].join('-');
  const asked = { ...own, batch, threads, rounds, seconds };
  report(
    own.size === undefined ? kept : `${kept}px`,
    { ...asked, ...result },
    { text: contestText(result) },
  );
} else if (bench) {
  const result = await bench(settings);
  if (result === undefined) process.exitCode = 1;
  // Toys say nothing that is worth keeping.
  else report(name, result, { keep: !settings.toy });
} else {
  const names = [...Object.keys(benches), ...Object.keys(contests)].toSorted();
  process.stderr.write(
    `npm run bench -- ${names.join('|')} [--model NAME] [--batch N] [--size N] [--steps N] [--threads N] [--toy] [--rounds N] [--seconds N] [--only REGEXP]\n`,
  );
  process.exitCode = 2;
}
