import { existsSync, readFileSync } from 'node:fs';
import type { Json } from '../../contract/checkpointSchema.js';
import { isCovered } from '../../compiler/trace/freeze.js';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { removeOwnFiles } from '../../runtime/storage/ownFiles.js';
import { readCheckpointState } from '../../runtime/storage/checkpoint.js';
import { canonicalJson } from '../../runtime/storage/json.js';
import { placesOf } from '../../runtime/storage/places.js';
import { initialRate } from '../../runtime/engine/schedules.js';
import { ConfigError } from '../../support/errors.js';
import type { OptionPath } from '../../support/phrase.js';
import { loadModel } from '../../language/frontend/loadModel.js';
import { networkOf } from '../weights/modelWeights.js';
import { recordedRunCosts } from '../build/costFile.js';
import {
  runTraining,
  type TrainingControl,
  type TrainingOutcome,
  type TrainingPlan,
} from './runTraining.js';

/** The second phase of a training: some passes at a larger size, in which deep layers alone learn. */
export interface ResolutionFix {
  /** Height and width of the images, in pixels. */
  readonly size: number;
  /** Passes over the labelled images. */
  readonly epochs: number;
  /** A hundredth of the first phase's if missing. */
  readonly learningRate?: number | undefined;
  /** Dotted names of what is not trained; the first half of the network's blocks if missing. */
  readonly freeze?: readonly string[] | undefined;
}

export interface FixResolutionRequest extends Pick<
  TrainingPlan,
  'source' | 'validation' | 'evaluateEvery' | 'checkpointEvery'
> {
  /** The first phase, which is done. */
  readonly first: TrainingPlan;
  /** The checkpoint that it chose. */
  readonly checkpoint: string;
  readonly fix: ResolutionFix;
  /** Images of a step of `source`: labelled ones, un-augmented, at the new size. */
  readonly batch: number;
  /** Label smoothing of the labelled images (default: the first phase's). */
  readonly labelSmoothing?: number | undefined;
}

/**
 * The fix of the train-test resolution discrepancy (arXiv 1906.06423, as in 1911.04252): trains the
 * deep layers on at a larger size, on un-augmented labelled images, from the averaged weights of the
 * first phase, whose folder it is below. It goes on where it was stopped, and starts over where
 * the first phase has become another; `resume` of `control` is not asked. The caller closes the
 * trainer of the outcome.
 */
export async function fixResolution(
  request: FixResolutionRequest,
  control: Omit<TrainingControl, 'resume'> = {},
): Promise<TrainingOutcome> {
  const plan = await fixPlan(request);
  const same = beginsAsBefore(plan, request.checkpoint);
  return runTraining(plan, { ...control, resume: same });
}

/** Throws a ConfigError for a second phase whose images are no larger than the first's, [C,H,W]. */
export function requireLarger(
  fix: Pick<ResolutionFix, 'size'> | undefined,
  [, height, width]: readonly [number, number, number],
  asked: OptionPath,
): void {
  const least = Math.max(height, width);
  if (fix === undefined || fix.size > least) return;
  throw new ConfigError(`the second phase at ${fix.size} px must be larger than ${least} px`, {
    code: 'fix-size',
    option: asked,
    hint: `set a size above ${least}, or leave fixResolution out`,
  });
}

async function fixPlan(request: FixResolutionRequest): Promise<TrainingPlan> {
  const { first, checkpoint, fix, source, batch, validation } = request;
  const { size, epochs, freeze = await shallowLayers(first), learningRate } = fix;
  const { labelSmoothing = first.trainer.labelSmoothing } = request;
  const costs = recordedRunCosts(first.folder);
  // The published code goes on at the rate that its schedule has come down to, 1/80 of the highest.
  const rate = learningRate ?? initialRate(first.schedule) / 100;
  return {
    ...first,
    title: `${first.title} at ${size} px`,
    folder: placesOf(first.folder).fixed,
    trainer: { ...first.trainer, batch, size, freeze, labelSmoothing, costs },
    initial: checkpoint,
    notes: undefined,
    source,
    steps: Math.ceil(epochs * source.stepsPerEpoch),
    schedule: { kind: 'constant', rate },
    validation,
    evaluateEvery: request.evaluateEvery,
    earlyStopping: undefined,
    checkpointEvery: request.checkpointEvery,
    config: { ...(first.config as Readonly<Record<string, Json>>), size, freeze },
  };
}

/**
 * The first half of a network's blocks, by their names: `conv_stem`, `bn1`, `blocks.0.0`, ... A
 * block is what comes before the part that is not a number behind a number.
 */
export function shallowBlocks(params: readonly string[]): string[] {
  const blocks: string[] = [];
  for (const name of params) {
    if (isCovered(name, blocks)) continue;
    blocks.push(/^\w+?(?:\.\d+)*(?=\.|$)/.exec(name)?.[0] ?? name);
  }
  return blocks.slice(0, Math.floor(blocks.length / 2));
}

async function shallowLayers({ model, trainer }: TrainingPlan): Promise<string[]> {
  const { params } = networkOf(await loadModel(model), { classes: trainer.classes });
  return shallowBlocks(params.map(({ name }) => name));
}

/** True if the phase's folder was begun from these weights in this way; notes it if not. */
function beginsAsBefore({ folder, trainer, schedule }: TrainingPlan, checkpoint: string): boolean {
  const { size, freeze } = trainer;
  const weights = readCheckpointState(checkpoint).tensors.sha256;
  const start = canonicalJson({ weights, size, freeze, schedule });
  const path = placesOf(folder).start;
  if (existsSync(path) && readFileSync(path, 'utf8') === start) return true;
  if (existsSync(folder)) removeOwnFiles(folder);
  makeFolder(folder);
  writeFileAtomic(path, start);
  return false;
}
