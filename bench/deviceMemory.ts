import { defineModel, flatten, image, linear, silu, Trainer } from '../src/index.js';
import { peakRssBytes } from '../src/runtime/threads/memory.js';
import { round, spread } from '../src/support/statistics/spread.js';
import { cheapBatches } from './b0.js';
import { useSwiftshader } from './gpuDevices.js';
import { startMeter } from './gpuMemory.js';

const steps = 2000;
const every = 100;

/** A network of a few thousand parameters. */
const tiny = defineModel({
  name: 'tiny',
  input: image(1, 8, 8),
  classes: 10,
  build: (x, { classes }) => {
    x = silu(linear(flatten(x), { name: 'hidden', out: 32 }));
    return linear(x, { name: 'classifier', out: classes });
  },
});

/**
 * Memory over 2,000 training steps on WebGPU, of the device where it is a GPU's, and resident memory of
 * the process, in which SwiftShader's device memory lies, too. Flat is a growth a step far below the
 * 3 * 9 kB that a step makes anew.
 */
export async function benchDeviceMemory(): Promise<object> {
  useSwiftshader();
  const meter = await startMeter();
  const options = {
    device: 'webgpu',
    batch: 8,
    optimizer: { kind: 'sgd', momentum: 0.9 },
  } as const;
  const trainer = await Trainer.create(tiny, { ...options, emaDecay: 0.99 });
  const batches = cheapBatches(trainer.manifest.classes);
  const samples: { step: number; rssBytes: number; deviceBytes: number | undefined }[] = [];
  let lastStep = 0;
  for (let until = every; until <= steps; until += every) {
    for await (const { step } of trainer.run(batches, { until, learningRate: () => 0.01 }))
      lastStep = step;
    samples.push({
      step: lastStep,
      rssBytes: process.memoryUsage().rss,
      deviceBytes: meter?.used(),
    });
  }
  await trainer.close();
  meter?.stop();
  const half = samples.slice(samples.length / 2);
  const [first, last] = [half[0], half.at(-1)];
  const growth = ((last?.rssBytes ?? NaN) - (first?.rssBytes ?? NaN)) / (steps / 2);
  return {
    steps,
    rssGrowthBytesAStep: round(growth),
    rssMedianBytes: spread(half.map(({ rssBytes }) => rssBytes)).median,
    peakRssBytes: peakRssBytes(),
    samples,
  };
}
