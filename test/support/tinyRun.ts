import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainingPlan } from '../../src/training/run/runTraining.js';
import { ShuffledBatches } from '../../src/data/loader/batches.js';
import { quarters, tinyNet } from './tinyDigits.js';

/** A run of a dozen steps with all that a checkpoint must hold: momentum, averages, statistics, noise. */
export function tinyRun(folder: string, changes: Partial<TrainingPlan> = {}): TrainingPlan {
  const { seed = 1, batch = 8 } = changes.trainer ?? {};
  return {
    title: 'tiny',
    folder,
    model: tinyNet(),
    source: new ShuffledBatches(quarters(40), { batch, seed }),
    steps: 12,
    schedule: {
      kind: 'warmup',
      length: { steps: 2 },
      then: { kind: 'cosine', rate: 0.02 },
    },
    validation: quarters(16, 2),
    evaluateEvery: 3,
    checkpointEvery: 4,
    keepLast: 2,
    config: { net: 'tiny' },
    ...changes,
    trainer: {
      ...{ batch, seed, optimizer: { kind: 'rmspropTf' }, emaDecay: 0.9, device: 'cpu' },
      ...changes.trainer,
    },
  };
}

/** Every file below a folder by relative path: the text of JSON files, a hash of others. */
export function filesBelow(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, contentOf(join(folder, name))]));
}

function contentOf(path: string): string {
  const bytes = readFileSync(path);
  if (/\.jsonl?$/.test(path)) return bytes.toString();
  return `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex')}`;
}
