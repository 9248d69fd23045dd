import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileStep } from '../src/tools/measure/benchStep.js';
import { predictMemory } from '../src/tools/measure/memory/predictMemory.js';
import { measure } from '../src/runtime/threads/benchProcess.js';
import { round } from '../src/support/statistics/spread.js';
import { digitsModel } from '../src/selftrain/tasks/digitsModel.js';

/** Models with the images of a step and their size in pixels, where it is not the model's own. */
const steps = [
  [digitsModel({ name: 'digits', width: 1 }), 64, undefined],
  ['efficientnet_b0', 32, 64],
  ['efficientnet_b0', 8, 224],
  ['wrn_28_2', 64, undefined],
  ['resnet50', 8, undefined],
] as const;

/** Predicted and measured largest memory of a process that trains: what `gradus inspect --memory` claims. */
export async function benchMemory(): Promise<object> {
  const results = [];
  for (const [model, batch, size] of steps) {
    const options = { batch, size };
    const { name, peakRssBytes: predicted, peak } = await predictMemory(model, options);
    const folder = mkdtempSync(join(tmpdir(), 'gradus-memory-'));
    const { manifest } = await compileStep(model, options, folder);
    const request = { mode: 'train', manifest, folder, warmUp: 1, steps: 3, seconds: 0 } as const;
    const { peakRssBytes: measured } = await measure(request);
    rmSync(folder, { recursive: true });
    const { layer, phase } = peak;
    const error = round(predicted / measured - 1);
    results.push({
      name,
      batch,
      size,
      predicted: Math.round(predicted),
      measured,
      error,
      layer,
      phase,
    });
  }
  return { results };
}
