import { Trainer } from '../src/index.js';
import { b0, cheapBatches, trainerOptions } from './b0.js';
import type { Settings } from './run.js';
import { round, spread } from './statistics.js';
import { TorchPeer } from './torchPeer.js';

const warmUp = 3;
const stepsPerTurn = 3;

/**
 * Milliseconds of a training step of EfficientNet-B0, the share of it outside session.run, and
 * those of PyTorch, whose steps take turns with ours so that both see the same machine.
 */
export async function benchStep(settings: Settings): Promise<object> {
  const { batch, size, steps, threads } = settings;
  const trainer = await Trainer.create(b0(size), { ...trainerOptions, batch, threads });
  const torch = await TorchPeer.start(settings);
  const [gradus, outside, pytorch]: [number[], number[], number[]] = [[], [], []];
  for (let until = warmUp; until <= warmUp + steps; until += stepsPerTurn) {
    let last = performance.now();
    const run = { until, learningRate: () => 1e-3 };
    for await (const { step, runMilliseconds } of trainer.run(cheapBatches(), run)) {
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
  await trainer.close();
  torch?.peer.close();
  const ours = spread(gradus);
  const theirs = spread(pytorch);
  return {
    batch,
    size,
    threads,
    milliseconds: ours,
    percentOutsideRun: spread(outside),
    ...(torch && {
      torch: torch.version,
      torchMilliseconds: theirs,
      timesTorch: {
        medians: round(ours.median / theirs.median),
        lowest: round(ours.lowest / theirs.lowest),
      },
    }),
  };
}
