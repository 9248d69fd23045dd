import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { StepEvent } from '../../../src/contract/events.js';
import { runTraining } from '../../../src/training/run/runTraining.js';
import { Trainer, type TrainerOptions } from '../../../src/training/trainer/trainer.js';
import { range } from '../../../src/data/loader/imageSource.js';
import { ArrayDataset } from '../../../src/data/loader/dataset.js';
import { ShuffledBatches } from '../../../src/data/loader/batches.js';
import * as nn from '../../../src/language/nn/index.js';
import type { TensorData } from '../../../src/support/tensor.js';
import { temporaryFolder } from '../../support/folder.js';
import { holdDevice } from '../../support/heldDevice.js';
import { runUntil } from '../../support/killedProcess.js';
import { repositoryRoot } from '../../support/paths.js';
import { noWebgpu, onWebgpu } from '../../support/swiftshader.js';
import { quarters, tinyNet } from '../../support/tinyDigits.js';
import { tinyProcessRun } from '../../support/tinyProcessRun.mjs';
import { filesBelow } from '../../support/tinyRun.js';
import { quarterSource, tinyTeacher, withLabeller } from '../../support/tinyTeacher.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

const trainers: Trainer[] = [];

afterEach(async () => {
  for (const trainer of trainers.splice(0)) await trainer.close();
});

async function create(model: nn.Model, options: Partial<TrainerOptions>): Promise<Trainer> {
  const trainer = await Trainer.create(model, { batch: 8, seed: 1, ...options });
  trainers.push(trainer);
  return trainer;
}

const data = quarters(32);

async function train(trainer: Trainer, until: number): Promise<StepEvent[]> {
  const source = new ShuffledBatches(data, { batch: 8, seed: 1 });
  const events: StepEvent[] = [];
  const steps = { until, learningRate: (step: number) => 0.02 / (1 + step) };
  for await (const event of trainer.run(source, steps)) events.push(event);
  return events;
}

const numbers = (tensor: TensorData | undefined) => Array.from(tensor?.data ?? [], Number);

/** Two states agree, tensor by tensor. */
function expectClose(
  a: ReadonlyMap<string, TensorData>,
  b: ReadonlyMap<string, TensorData>,
  tolerance: number,
): void {
  expect([...a.keys()].toSorted()).toEqual([...b.keys()].toSorted());
  for (const key of a.keys())
    expect(relativeError(numbers(a.get(key)), numbers(b.get(key))), key).toBeLessThan(tolerance);
}

const script = join(repositoryRoot, 'test/support/tinyRunProcess.mjs');

/** Trains what a process of the script would, in this one, whose shaders are compiled already. */
async function trainHere(folder: string, steps: number): Promise<void> {
  const gradus = { ...nn, ArrayDataset, ShuffledBatches, runTraining };
  trainers.push(await tinyProcessRun(gradus, folder, { device: 'webgpu', steps }));
}

// SwiftShader takes seconds to compile a step, and more where others compute, too.
describe.skipIf(noWebgpu)(onWebgpu('training on WebGPU'), { timeout: 180_000 }, () => {
  holdDevice();

  it('follows the CPU step by step: batch norm, noise, clipping, averages, 8-bit images', async () => {
    const options: Partial<TrainerOptions> = {
      optimizer: { kind: 'rmspropTf', weightDecay: 1e-4 },
      emaDecay: 0.9,
      maxNorm: 1,
      labelSmoothing: 0.1,
      imageFormat: 'uint8-nhwc',
    };
    const [cpu, gpu] = [
      await create(tinyNet(), { ...options, device: 'cpu' }),
      await create(tinyNet(), { ...options, device: 'webgpu' }),
    ];
    const [wanted, found] = [await train(cpu, 20), await train(gpu, 20)];
    for (const key of ['step', 'epoch', 'accuracy', 'learningRate'] as const)
      expect(found.map((event) => event[key])).toEqual(wanted.map((event) => event[key]));
    const losses = (events: readonly StepEvent[]) => events.map(({ loss }) => loss);
    expect(relativeError(losses(found), losses(wanted))).toBeLessThan(tolerances.devices);
    expectClose(await gpu.state(), await cpu.state(), tolerances.devices);
    const [a, b] = [await gpu.predict(data), await cpu.predict(data)];
    expect(relativeError(a, b)).toBeLessThan(tolerances.devices);
  });

  it('killed and resumed ends with the bytes of a run that was left alone', async () => {
    const [whole, folder] = [temporaryFolder(), temporaryFolder()];
    const killed = await runUntil(script, folder, { line: 8, delay: 0 }, ['webgpu', '8']);
    expect([killed.code, killed.errors]).toEqual([null, '']);
    expect(killed.lines).not.toContain('step 8');
    await trainHere(whole, 8);
    await trainHere(folder, 8);
    expect(filesBelow(folder)).toEqual(filesBelow(whole));
  });

  it('in float16 is refused before anything is compiled where the device has no 16-bit floats', async () => {
    let passes = 0;
    const options = { precision: 'float16', onPass: () => passes++ } as const;
    await expect(create(tinyNet(), { ...options, device: 'webgpu' })).rejects.toMatchObject({
      name: 'DeviceError',
      code: 'no-float16',
      option: ['precision'],
      message:
        'webgpu cannot compute in float16 here: it runs on the CPU, by SwiftShader: for tests, not for training; no 16-bit floats',
      hint: "leave precision out, or update the GPU's driver to one that offers shader-f16; `gradus doctor` shows whether it does",
    });
    expect(passes).toBe(0);
  });

  it('labels as the CPU does', async () => {
    const teacher = await tinyTeacher(temporaryFolder(), { steps: 30 });
    const label = (device: 'cpu' | 'webgpu') =>
      withLabeller(
        teacher,
        async (labeller) => {
          const rows: number[] = [];
          for await (const { probabilities } of labeller.predict(quarterSource(12), range(0, 12)))
            rows.push(...probabilities);
          return rows;
        },
        { device },
      );
    const [found, wanted] = [await label('webgpu'), await label('cpu')];
    expect(found).toHaveLength(12 * 4);
    expect(relativeError(found, wanted)).toBeLessThan(tolerances.float32);
  });
});
