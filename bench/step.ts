import { contest, torchContestants, type Contest } from './peers/contest.js';
import type { Settings } from './run.js';

/** Milliseconds and memory of a training step of a shipped model, and those of PyTorch in each of its modes. */
export function benchStep(settings: Settings): Promise<Contest> {
  const { model, batch, size, threads } = settings;
  const gradus = {
    ...{ name: 'Gradus', program: process.execPath, script: 'gradusStep.mjs' },
    args: [model, batch, size, threads],
  };
  return contest([gradus, ...torchContestants('torchStep.py', settings)], settings);
}
