import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileStep } from '../src/tools/measure/benchStep.js';
import { sessionOn } from '../src/runtime/machine/device.js';
import {
  batchNorm,
  conv2d,
  defineModel,
  globalAvgPool,
  image,
  linear,
  relu,
} from '../src/index.js';
import { stepsPerRunOf } from '../src/contract/steps.js';
import { measure } from '../src/runtime/threads/benchProcess.js';
import type { BenchMode } from '../src/contract/choices.js';
import { round, spread, type Spread } from '../src/support/statistics/spread.js';
import { benchDevices, type BenchDevice } from './gpuDevices.js';
import { startMeter, type MemoryMeter } from './gpuMemory.js';
import { resultsFolder } from './statistics.js';
import { findTorch, torchSteps, type TorchGpu } from './torchGpu.js';

/** Steps of a network that are measured. */
interface Case {
  /** A shipped model, of that name in torchvision too, or in torchModels.py. */
  readonly model: string;
  readonly size: number;
  readonly batch: number;
}

/** One measurement; without figures where it failed. */
interface Row extends Case {
  readonly mode: BenchMode;
  /** `gradus webgpu`, `gradus cuda float16`, `torch channels_last+amp`. */
  readonly runner: string;
  /** Training steps that one run does; of Gradus. */
  readonly stepsPerRun?: number;
  readonly imagesPerSecond?: number;
  readonly milliseconds?: Spread;
  /** The most memory of the GPU in use, less what was before; null where no tool tells. */
  readonly peakDeviceBytes?: number | null;
  /** The most resident memory of the process, less Node's, in which a software driver's memory lies too. */
  readonly peakHostBytes?: number;
  /**
   * What moving a step's values between host and device takes by itself, as a share of the step: images, and of
   * Gradus on CUDA its part of the state around a run. Null on the CPU.
   */
  readonly transferShare?: number | null;
  readonly error?: string;
}

const cases: readonly Case[] = [
  { model: 'efficientnet_b0', size: 224, batch: 64 },
  { model: 'efficientnet_b0', size: 224, batch: 256 },
  { model: 'efficientnet_b3', size: 300, batch: 64 },
  { model: 'wrn_28_2', size: 32, batch: 256 },
];

/**
 * So small that a software driver runs it: it shows that the script works, and nothing else. A step of
 * Wide-ResNet-28-2 takes SwiftShader half a minute.
 */
const toyCases: readonly Case[] = [{ model: 'toy', size: 16, batch: 4 }];

/** The same as `toy` in torchModels.py. */
const toyNetwork = defineModel({
  name: 'toy',
  input: image(3, 16, 16),
  classes: 10,
  build(x, { classes }) {
    x = conv2d(x, { name: 'conv', out: 8, kernel: 3, stride: 2, bias: false });
    x = relu(batchNorm(x, { name: 'bn' }));
    return linear(globalAvgPool(x), { name: 'fc', out: classes });
  },
});

export interface GpuSettings {
  readonly steps: number;
  readonly toy: boolean;
}

/**
 * Images per second of training and labelling on each device of a GPU, and of PyTorch on the same GPU
 * where it is installed. Undefined, after a message, where there is no GPU.
 */
export async function benchGpu({ steps, toy }: GpuSettings): Promise<object | undefined> {
  const { gpus, devices, reasons } = await benchDevices({ software: toy });
  if (devices.length === 0) {
    const why = reasons.map((reason) => `  ${reason}\n`).join('');
    say(`no GPU can be used here; nothing was measured\n${why}`);
    say('npm run bench -- gpu --toy runs the same on SwiftShader, at sizes that say nothing\n');
    return undefined;
  }
  const torch = await findTorch({ onCpu: toy });
  if (typeof torch === 'string') reasons.push(`torch: ${torch}`);
  const meter = await startMeter();
  const context = { devices, steps, meter, torch: typeof torch === 'string' ? undefined : torch };
  const rows: Row[] = [];
  try {
    for (const wanted of toy ? toyCases : cases)
      for (const mode of ['train', 'label'] as const)
        rows.push(...(await measureCase(wanted, mode, context)));
  } finally {
    meter?.stop();
  }
  const table = markdownTable(rows);
  say(`\n${table}\n`);
  if (!toy) writeFileSync(join(resultsFolder, 'gpu.md'), `${table}\n`);
  return { gpus, devices, reasons, toy, torch: context.torch?.version ?? null, rows };
}

interface Context {
  readonly devices: readonly BenchDevice[];
  readonly steps: number;
  readonly meter: MemoryMeter | undefined;
  readonly torch: TorchGpu | undefined;
}

async function measureCase(wanted: Case, mode: BenchMode, context: Context): Promise<Row[]> {
  const { devices, steps, meter, torch } = context;
  const rows: Row[] = [];
  const add = async (runner: string, work: () => Promise<Figures>): Promise<void> => {
    say(`${wanted.model} ${wanted.size} px, batch ${wanted.batch}, ${mode}, ${runner}: `);
    const row = { ...wanted, mode, runner, ...(await figuresOf(work, wanted.batch, meter)) };
    say(`${row.error ?? `${row.imagesPerSecond} images/s`}\n`);
    rows.push(row);
  };
  for (const device of devices)
    for (const precision of precisionsOf(device, mode)) {
      const runner = ['gradus', device.name, ...(precision === undefined ? [] : [precision])];
      await add(runner.join(' '), () => gradusSteps(wanted, { mode, device, precision, steps }));
    }
  for (const variant of torch?.variants ?? [])
    await add(`torch ${variant}`, () => torchSteps({ ...wanted, mode, variant, steps }));
  return rows;
}

/** What steps are measured in: float32, and in training float16 where the device has it. */
function precisionsOf(
  { float16 }: BenchDevice,
  mode: BenchMode,
): readonly ('float16' | undefined)[] {
  return float16 && mode === 'train' ? [undefined, 'float16'] : [undefined];
}

/** What one process measured. */
export interface Figures {
  /** Of each step, or the mean of some. */
  readonly milliseconds: readonly number[];
  readonly transferMilliseconds?: number | null | undefined;
  readonly stepsPerRun?: number;
  readonly peakHostBytes?: number;
}

/** A process that fails, as for want of memory, is a row and not the end. */
async function figuresOf(
  work: () => Promise<Figures>,
  batch: number,
  meter: MemoryMeter | undefined,
): Promise<Omit<Row, keyof Case | 'mode' | 'runner'>> {
  const before = meter?.used();
  meter?.takePeak();
  try {
    const { milliseconds: all, transferMilliseconds, ...others } = await work();
    const peak = meter?.takePeak();
    const milliseconds = spread(all);
    return {
      imagesPerSecond: round((1000 * batch) / milliseconds.median),
      milliseconds,
      peakDeviceBytes: peak === undefined ? null : peak - (before ?? 0),
      ...(others.stepsPerRun !== undefined && { stepsPerRun: others.stepsPerRun }),
      ...(others.peakHostBytes !== undefined && { peakHostBytes: others.peakHostBytes }),
      transferShare:
        typeof transferMilliseconds === 'number'
          ? round(transferMilliseconds / milliseconds.median)
          : null,
    };
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { error: line };
  }
}

interface GradusWork {
  readonly mode: BenchMode;
  readonly device: BenchDevice;
  readonly precision: 'float16' | undefined;
  readonly steps: number;
}

async function gradusSteps(
  { model, size, batch }: Case,
  { mode, device, precision, steps }: GradusWork,
): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-gpu-'));
  try {
    const options = { mode, size, batch, precision, device: device.name };
    const { manifest, choice } = await compileStep(
      model === toyNetwork.name ? toyNetwork : model,
      options,
      folder,
    );
    const request = { mode, manifest, folder, warmUp: 3, steps, seconds: 0 };
    const measured = await measure({ ...request, session: sessionOn(choice.device) });
    return {
      milliseconds: measured.steps.map(({ milliseconds }) => milliseconds),
      transferMilliseconds: measured.transferMilliseconds,
      stepsPerRun: stepsPerRunOf(manifest),
      peakHostBytes: measured.peakRssBytes - measured.baseRssBytes,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The rows as a table of Markdown. */
export function markdownTable(rows: readonly Row[]): string {
  const measures = ['steps a run', 'peak GPU MB', 'transfers'];
  const head = ['network', 'batch', 'work', 'by', 'images/s', 'ms', ...measures];
  const cells = rows.map((row) => [
    `${row.model} ${row.size} px`,
    String(row.batch),
    row.mode,
    row.runner,
    row.error ?? String(row.imagesPerSecond),
    String(row.milliseconds?.median ?? ''),
    String(row.stepsPerRun ?? ''),
    typeof row.peakDeviceBytes === 'number' ? (row.peakDeviceBytes / 1e6).toFixed(0) : '',
    typeof row.transferShare === 'number' ? `${(100 * row.transferShare).toFixed(1)} %` : '',
  ]);
  const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...cells.map(line)].join('\n');
}

function say(text: string): void {
  process.stderr.write(text);
}
