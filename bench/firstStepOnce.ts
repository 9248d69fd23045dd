/** tsx bench/firstStepOnce.ts FILE BATCH THREADS: from a model file to the first step's loss; prints seconds as JSON. */
import type * as frontendModule from '../src/frontend/load.js';
import type * as gradusModule from '../src/index.js';
import { cheapBatches, trainerOptions } from './b0.js';

/** Wall seconds of one process. */
export interface FirstStep {
  /** Loading Gradus' code. */
  readonly load: number;
  /** Type check and evaluation of the model file; a cache of them is empty. */
  readonly check: number;
  /** Gradients, optimizer, layouts, ONNX; initial weights and sessions. */
  readonly compile: number;
  readonly step: number;
  readonly all: number;
}

const [file = '', batch = '', threads = ''] = process.argv.slice(2);
const start = performance.now();
// What users run is dist/, not the sources.
const dist = new URL('../dist/src/', import.meta.url);
const gradus = (await import(new URL('index.js', dist).href)) as typeof gradusModule;
const { loadModule } = (await import(
  new URL('frontend/load.js', dist).href
)) as typeof frontendModule;
const models = (await import(new URL('models/index.js', dist).href)) as object;
const loaded = performance.now();
const { module } = await loadModule(file, { modules: { gradus, 'gradus/models': models } });
const checked = performance.now();
const trainer = await gradus.Trainer.create(module['default'] as gradusModule.Model, {
  ...trainerOptions,
  ...{ batch: Number(batch), threads: Number(threads), device: 'cpu' },
});
const compiled = performance.now();
const run = { until: 1, learningRate: () => 1e-3 };
for await (const _ of trainer.run(cheapBatches(trainer.manifest.classes), run)) continue;
const end = performance.now();
await trainer.close();

const result: FirstStep = {
  load: (loaded - start) / 1000,
  check: (checked - loaded) / 1000,
  compile: (compiled - checked) / 1000,
  step: (end - compiled) / 1000,
  all: (end - start) / 1000,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
