import { Trainer } from '../src/index.js';
import { cheapBatches, trainerOptions } from './b0.js';
import type { Settings } from './run.js';
import { round, spread } from '../src/support/spread.js';
import { TorchPeer } from './torchPeer.js';

const warmUp = 3;
const stepsPerTurn = 3;

/**
 * Milliseconds of a training step of a shipped model, the share of it outside session.run, and
 * those of PyTorch, whose steps take turns with ours so that both see the same machine.
 */
export async function benchStep(settings: Settings): Promise<object> {
  const { model, batch, size, steps, threads } = settings;
  const trainer = await Trainer.create(model, { ...trainerOptions, size, batch, threads });
  const batches = cheapBatches(trainer.manifest.classes);
  const torch = await TorchPeer.start(settings);
  const [gradus, outside, pytorch]: [number[], number[], number[]] = [[], [], []];
  for (let until = warmUp; until <= warmUp + steps; until += stepsPerTurn) {
    let last = performance.now();
    const run = { until, learningRate: () => 1e-3 };
    for await (const { step, runMilliseconds } of trainer.run(batches, run)) {
      const now = performance.now();
      if (step > warmUp) {
        gradus.push(now - last);
        outside.push(100 * (1 - runMilliseconds / (now - last)));
      }
      last = now;
    }
    for (let i = 0; torch && i < stepsPerTurn; i++) {
      const milliseconds = await torch.peer.step();
      if (until > warmUp) pytorch.push(milliseconds);
    }
  }
  const peakBytes = 1024 * process.resourceUsage().maxRSS;
  const torchPeakBytes = torch?.peer.peakBytes;
  await trainer.close();
  torch?.peer.close();
  const ours = spread(gradus);
  const theirs = spread(pytorch);
  return {
    model,
    batch,
    size,
    threads,
    milliseconds: ours,
    percentOutsideRun: spread(outside),
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
