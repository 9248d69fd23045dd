import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileModel } from '../src/index.js';
import { classes } from './b0.js';
import { contest, torchContestants, type Contest } from './peers/contest.js';
import type { Settings } from './run.js';

const ownModes = {
  labeller: 'Gradus, labeller',
  sessions: 'Gradus, labeller, a session for each thread',
  bare: 'Gradus, session.run alone',
};

/**
 * Milliseconds of a batch that is labelled with a shipped model, images to probabilities: by our
 * labeller in both ways, by `session.run` alone on the same graph, and by PyTorch in each of its modes.
 */
export async function benchLabel(settings: Settings): Promise<Contest> {
  const { model, batch, size, threads } = settings;
  const folder = mkdtempSync(join(tmpdir(), 'gradus-label-'));
  try {
    await compileModel(model, {
      ...{ batch, size, classes, out: folder, artifacts: ['infer'] },
      ...{ foldBatchNorm: true, imageFormat: 'uint8-nhwc' },
    });
    const own = Object.entries(ownModes).map(([how, name]) => ({
      ...{ name, program: process.execPath, script: 'gradusLabel.mjs' },
      args: [join(folder, 'infer.onnx'), batch, size, threads, how],
    }));
    const peers = (['eager', 'frozen', 'optimised'] as const).flatMap((how) =>
      torchContestants('torchLabel.py', settings, how),
    );
    return await contest([...own, ...peers], settings);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
