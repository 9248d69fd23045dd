import { round, spread } from '../src/support/statistics/spread.js';
import { Peer, startTorch } from './peer.js';
import type { Settings } from './run.js';

const warmUp = 3;
const stepsPerTurn = 3;

/**
 * Milliseconds of a training step of a shipped model, the share of them outside session.run, and
 * those of PyTorch. Each runs in a process of its own, whose memory is measured; their steps take turns,
 * so that both see the same machine.
 */
export async function benchStep(settings: Settings): Promise<object> {
  const { model, batch, size, steps, threads } = settings;
  const gradus = await Peer.start(process.execPath, 'gradusStep.mjs', settings);
  if (gradus === undefined) throw new Error('gradusStep.mjs does not start');
  const torch = await startTorch(settings, 'torchStep.py');
  const taken: (readonly [all: number, run: number])[] = [];
  const pytorch: number[] = [];
  for (let until = warmUp; until <= warmUp + steps; until += stepsPerTurn) {
    const own = JSON.parse(await gradus.peer.ask(String(stepsPerTurn))) as [number, number][];
    if (until > warmUp) taken.push(...own);
    for (let i = 0; torch && i < stepsPerTurn; i++) {
      const milliseconds = Number(await torch.peer.ask());
      if (until > warmUp) pytorch.push(milliseconds);
    }
  }
  const { peakBytes } = gradus.peer;
  const torchPeakBytes = torch?.peer.peakBytes;
  gradus.peer.close();
  torch?.peer.close();
  const ours = spread(taken.map(([all]) => all));
  const theirs = spread(pytorch);
  return {
    model,
    batch,
    size,
    threads,
    milliseconds: ours,
    percentOutsideRun: spread(taken.map(([all, run]) => 100 * (1 - run / all))),
    peakBytes,
    ...(torch && {
      torch: torch.version,
      torchMilliseconds: theirs,
      torchPeakBytes,
      timesTorch: {
        medians: round(theirs.median / ours.median),
        lowest: round(theirs.lowest / ours.lowest),
      },
    }),
  };
}
