import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchMode } from '../../contract/choices.js';
import { artifactFile } from '../../contract/artifactKinds.js';
import { stepsPerRunOf } from '../../contract/steps.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { measure } from '../../runtime/threads/benchProcess.js';
import type { BenchRequest } from '../../runtime/threads/benchProtocol.js';
import { nodeSources } from '../../runtime/executors/onnxFile.js';
import { readProfile } from '../../runtime/machine/profile.js';
import { invariant } from '../../support/errors.js';
import { round, spread, type Spread } from '../../support/statistics/spread.js';
import { timeByLayer, timeByOperator, type LayerTime, type OperatorTime } from './benchLayers.js';
import { compileStep, type StepOptions } from './benchStep.js';
import { sessionOn } from '../../runtime/machine/device.js';
import { deviceNote } from '../../runtime/machine/deviceNames.js';

export interface BenchOptions extends StepOptions {
  /** Threads of one operator (default: onnxruntime's choice). */
  readonly threads?: number | undefined;
  /** Steps to time (default: as many as fit into ten seconds, at least five). */
  readonly steps?: number | undefined;
  /** Told what is done next. */
  readonly onPhase?: ((text: string) => void) | undefined;
}

/** Cost of a model's steps on this machine; JSON. */
export interface BenchResult {
  readonly name: string;
  readonly mode: BenchMode;
  readonly device: string;
  readonly batch: number;
  /** Training steps that one run does. */
  readonly stepsPerRun: number;
  /** [C,H,W] */
  readonly image: readonly number[];
  /** Throughput of the median step. */
  readonly imagesPerSecond: number;
  /** Median. */
  readonly stepMilliseconds: number;
  readonly stepSpread: Spread;
  /** Largest resident memory of a process that does nothing but these steps. */
  readonly peakRssBytes: number;
  /** Share of a step outside onnxruntime: noise, messages between threads, copies. Median. */
  readonly outsideRunShare: number;
  /**
   * Share of a step that moving what it must between host and device would take by itself: what it is fed, and
   * on CUDA its part of the state that goes to and fro around a run. Null on the CPU.
   */
  readonly transferShare: number | null;
  /** Shares of the nodes' time, by a profile of other steps than those that were timed. */
  readonly operators: readonly OperatorTime[];
  readonly layers: readonly LayerTime[];
  readonly compileSeconds: number;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    /** Processes that wanted a core in the last minute, these steps among them. */
    readonly load: number;
  };
}

/** Steps that are run before those that count: the arena grows, caches fill. */
const warmUp = 3;
const profiledSteps = 5;

/**
 * Times steps of a model, in a process of their own, and profiles others, so that the profiler slows
 * none that is timed. Images are made up once, so data loading is no part of a step.
 */
export async function benchModel(
  model: string | Model,
  options: BenchOptions = {},
): Promise<BenchResult> {
  const { mode = 'train', steps, threads, onPhase } = options;
  const folder = mkdtempSync(join(tmpdir(), 'gradus-bench-'));
  try {
    const { manifest, seconds, choice } = await compileStep(model, options, folder);
    const { device } = choice;
    const note = deviceNote(choice);
    if (note !== undefined) onPhase?.(note);
    onPhase?.(`compiled ${manifest.name} in ${seconds.toFixed(1)} s; timing steps`);
    const request = { mode, manifest, folder, threads, warmUp, session: sessionOn(device) };
    const timing = { ...request, steps: steps ?? 5, seconds: steps === undefined ? 10 : 0 };
    const measured = await measure(timing);
    const load = loadavg()[0] ?? 0;
    const stepsPerRun = stepsPerRunOf(manifest);
    const runs = `${measured.steps.length} ${stepsPerRun > 1 ? `runs of ${stepsPerRun} steps` : 'steps'}`;
    onPhase?.(`timed ${runs}; profiling ${stepsPerRun > 1 ? 'one' : profiledSteps} more`);
    const profile = await profileSteps(stepsPerRun > 1 ? { ...request, warmUp: 1 } : request);
    const sources = nodeSources(join(folder, artifactFile(mode === 'train' ? 'train' : 'infer')));
    const step = spread(measured.steps.map(({ milliseconds }) => milliseconds));
    return {
      name: manifest.name,
      mode,
      device,
      batch: Number(manifest.batch),
      stepsPerRun,
      image: manifest.image,
      imagesPerSecond: round((1000 * Number(manifest.batch)) / step.median),
      stepMilliseconds: step.median,
      stepSpread: step,
      peakRssBytes: measured.peakRssBytes,
      outsideRunShare: spread(
        measured.steps.map(
          ({ milliseconds, runMilliseconds }) => 1 - runMilliseconds / milliseconds,
        ),
      ).median,
      transferShare:
        measured.transferMilliseconds === undefined
          ? null
          : round(measured.transferMilliseconds / step.median),
      operators: timeByOperator(profile.nodes),
      layers: timeByLayer(profile.nodes, sources),
      compileSeconds: seconds,
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: availableParallelism(),
        load: round(load),
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function profileSteps(
  request: Pick<BenchRequest, 'mode' | 'manifest' | 'folder' | 'warmUp'>,
) {
  const profile = join(request.folder, 'profile');
  await measure({ ...request, steps: profiledSteps, seconds: 0, profile });
  const file = readdirSync(request.folder).find((name) => /^profile.*\.json$/.test(name));
  invariant(file, 'onnxruntime wrote its profile');
  return readProfile(join(request.folder, file), request.warmUp);
}
