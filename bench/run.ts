/** npm run bench -- NAME [--model efficientnet_b0] [--batch 8] [--size 64] [--steps 30] [--threads 2] [--toy]; needs a built dist/. */
import { parseArgs } from 'node:util';
import { benchAugment } from './augment.js';
import { benchCompile } from './compile.js';
import { benchCompileScale } from './compileScale.js';
import { benchDecode } from './decode.js';
import { benchDeviceMemory } from './deviceMemory.js';
import { benchFilter } from './filter.js';
import { benchGpu } from './gpu.js';
import { benchLabel } from './label.js';
import { benchLoader } from './loader.js';
import { benchMemory } from './memory.js';
import { report } from './statistics.js';
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
  label: benchLabel,
  loader: benchLoader,
  memory: benchMemory,
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
  },
});
const [batch, size, steps, threads] = [values.batch, values.size, values.steps, values.threads].map(
  Number,
);
const [name = ''] = positionals;
const bench = benches[name];
if (!bench || !batch || !size || !steps || !threads) {
  process.stderr.write(
    `npm run bench -- ${Object.keys(benches).join('|')} [--model NAME] [--batch N] [--size N] [--steps N] [--threads N] [--toy]\n`,
  );
  process.exitCode = 2;
} else {
  const { toy } = values;
  const result = await bench({ model: values.model, batch, size, steps, threads, toy });
  if (result === undefined) process.exitCode = 1;
  // Toys say nothing that is worth keeping.
  else report(name === 'step' ? `step-${values.model}-${size}px` : name, result, { keep: !toy });
}
