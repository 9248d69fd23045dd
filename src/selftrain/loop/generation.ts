import { join, relative } from 'node:path';
import { classWeightsOf } from '../../training/run/balance.js';
import { fixResolution } from '../../training/run/fixResolution.js';
import {
  batchOptions,
  labelledBatches,
  planNetwork,
  secondPhase,
  type Lessons,
  type NetworkToTrain,
  type PlanContext,
} from '../../training/run/planNetwork.js';
import { Labeller } from '../../training/labelling/labeller.js';
import {
  runTraining,
  type TrainingControl,
  type TrainingOutcome,
} from '../../training/run/runTraining.js';
import type { TeacherSource } from '../../training/labelling/teacher.js';
import type { BatchSource } from '../../training/trainer/trainer.js';
import type { InferencePrecision } from '../../contract/precisions.js';
import { leastNoise } from '../../data/augment/imageNoise.js';
import { ImageBatches } from '../../data/loader/imageBatches.js';
import type { Images, Targets } from '../../data/sets/images.js';
import { chosenCheckpointPath, readCheckpointState } from '../../runtime/storage/checkpoint.js';
import { readMetrics } from '../../runtime/storage/metrics.js';
import { placesOf } from '../../runtime/storage/places.js';
import type { GenerationConfig, StudentConfig } from './config.js';
import { invariant } from '../../support/errors.js';
import { MixedBatches } from './mixedBatches.js';
import { onTheFlyBatches } from './onTheFlyBatches.js';
import type { PseudoImages } from './pseudoImages.js';

/** The noise that pseudo-labelled images go without: an ablation. */
export type Quiet = {
  /** Without all input noise but the least; see leastNoise. */
  readonly input?: boolean;
  /** Dropout, stochastic depth, or both. */
  readonly model?: 'dropout' | 'stochasticDepth' | 'both';
};

/** Images that a teacher labels while a student learns from them. */
export interface LiveLabels {
  readonly images: Images;
  readonly teacher: Exclude<TeacherSource, string>;
}

/** Data and settings that one network learns from. */
export interface Generation extends Pick<
  NetworkToTrain,
  'seed' | 'model' | 'shape' | 'viewAt' | 'labelled' | 'validation' | 'initial'
> {
  /** Its folder's name: `teacher`, `student-1`. */
  readonly name: string;
  readonly config: GenerationConfig | StudentConfig;
  /** Pseudo-labels that a student learns from beside the labelled images. */
  readonly pseudo?: ((PseudoImages | LiveLabels) & { readonly student: StudentConfig }) | undefined;
  readonly quiet?: Quiet | undefined;
  /** A control's steps: as many, and of as many images, as those of the student beside it. */
  readonly like?: Pick<TrainedNetwork, 'steps' | 'stepImages' | 'stepsPerEpoch'> | undefined;
}

/** Settings that all networks of a run have in common. */
export interface GenerationContext extends PlanContext {
  /** The run's folder. */
  readonly folder: string;
  /**
   * Costs by which graphs are lowered; the same for all networks, whatever is tuned while they
   * train.
   */
  readonly costs: PlanContext['costs'];
  /** Precision of a teacher that labels while a student trains. */
  readonly labelPrecision: InferencePrecision;
}

/** A trained network, as lineage.json keeps it. */
export type TrainedNetwork = {
  /** The chosen checkpoint, a path in the run's folder. */
  readonly checkpoint: string;
  /** Step of the chosen checkpoint. */
  readonly step: number;
  readonly steps: number;
  /** Images of a step, of all kinds. */
  readonly stepImages: number;
  readonly stepsPerEpoch: number;
  /** Accuracy of the chosen checkpoint on held-out images. */
  readonly validation: number | null;
  /** Steps that overflowed and changed nothing; missing but in float16. */
  readonly skipped?: number;
  /** Weight of each class of the labelled images in the loss; missing where all weigh 1. */
  readonly classWeights?: Readonly<Record<string, number>>;
};

/**
 * Trains one network in its folder, going on from its newest checkpoint; undefined if it was
 * interrupted.
 */
export async function trainGeneration(
  generation: Generation,
  context: GenerationContext,
  control: Omit<TrainingControl, 'resume'>,
): Promise<TrainedNetwork | undefined> {
  const network = networkToTrain(generation, context);
  const { plan, first } = await firstPhase(generation, network, context, control);
  if (first === undefined) return undefined;
  const phase = secondPhase(network, context, { first: plan, checkpoint: first.checkpoint });
  const last = phase
    ? await endOf(placesOf(plan.folder).fixed, await fixResolution(phase, control))
    : first;
  if (last === undefined) return undefined;
  const { checkpoint, step, validation } = last;
  const after = phase ? (last.skipped ?? 0) : 0;
  const classWeights = classWeightsOf(network);
  return {
    checkpoint: relative(context.folder, checkpoint),
    step,
    steps: first.steps,
    stepImages: plan.trainer.batch,
    stepsPerEpoch: plan.source.stepsPerEpoch,
    validation,
    ...(first.skipped !== undefined && { skipped: first.skipped + after }),
    ...(classWeights && { classWeights }),
  };
}

/** The training itself: all of it if the config wants no second phase. */
async function firstPhase(
  generation: Generation,
  network: NetworkToTrain,
  context: GenerationContext,
  control: Omit<TrainingControl, 'resume'>,
) {
  const labeller = await liveTeacher(generation, context);
  try {
    const plan = planNetwork(network, context, lessonsOf(generation, network, context, labeller));
    const outcome = await runTraining(plan, { ...control, resume: true });
    return { plan, first: await endOf(plan.folder, outcome) };
  } finally {
    await labeller?.close();
  }
}

/** The teacher that labels while the student trains, if there is one. */
async function liveTeacher(
  { pseudo, config }: Generation,
  { threads, device, labelPrecision: precision }: GenerationContext,
): Promise<Labeller | undefined> {
  if (!pseudo || !('teacher' in pseudo)) return undefined;
  const batch = config.batch * pseudo.student.ratio;
  return Labeller.create(pseudo.teacher, { batch, threads, device, precision });
}

/** Result of one phase of training. */
interface PhaseEnd {
  readonly checkpoint: string;
  readonly step: number;
  readonly steps: number;
  readonly validation: number | null;
  readonly skipped: number | undefined;
}

/** Ends a phase: the checkpoint that it chose; undefined if it was interrupted. */
async function endOf(
  folder: string,
  { trainer, checkpoint: newest, interrupted }: TrainingOutcome,
): Promise<PhaseEnd | undefined> {
  const { step: steps, skipped } = trainer;
  await trainer.close();
  if (interrupted) return undefined;
  const checkpoint = chosenCheckpointPath(placesOf(folder).checkpoints) ?? newest;
  const { step } = readCheckpointState(checkpoint);
  return { checkpoint, step, steps, validation: accuracyAt(folder, step), skipped };
}

/** Accuracy on held-out images after a step, if they were looked at then. */
function accuracyAt(folder: string, step: number): number | null {
  for (const record of readMetrics(placesOf(folder).metrics))
    if (record.kind === 'eval' && record.step === step) return Number(record['accuracy']);
  return null;
}

function networkToTrain(
  { name, config, seed, model, shape, viewAt, labelled, validation, initial }: Generation,
  { folder }: GenerationContext,
): NetworkToTrain {
  return {
    ...{ config, title: name, folder: join(folder, name), stream: name, seed, model },
    ...{ shape, viewAt, labelled, validation, initial },
    record: { model: config.model, generation: name, seed },
  };
}

function lessonsOf(
  { name, like, pseudo, quiet }: Generation,
  network: NetworkToTrain,
  context: GenerationContext,
  labeller: Labeller | undefined,
): Lessons {
  const { config } = network;
  const { batch, noise } = config;
  const labelledPart = (rows: number) =>
    labelledBatches(network, context, { name: `${name}.labelled`, rows });
  if (!pseudo) {
    const images = like?.stepImages ?? batch;
    const own = labelledPart(images);
    // A control counts the epochs of the student beside it, so that its learning rate is the same.
    const stepsPerEpoch = like?.stepsPerEpoch ?? own.stepsPerEpoch;
    const source: BatchSource = { stepsPerEpoch, fill: (arrays, step) => own.fill(arrays, step) };
    return { source, images, steps: like?.steps, toTheEnd: like !== undefined };
  }
  const { student, images } = pseudo;
  const { ratio, loss } = student;
  const { kind, temperature, threshold } = student.labels;
  const options = batchOptions(network, context, images, {
    ...{ name: `${name}.pseudo`, rows: batch * ratio },
    noise: quiet?.input === true ? { ...leastNoise(noise), mix: undefined } : noise,
  });
  const source = new MixedBatches({
    labelled: labelledPart(batch),
    pseudo:
      labeller && 'teacher' in pseudo
        ? onTheFlyBatches({ ...options, labeller, images, kind, temperature, threshold })
        : new ImageBatches(images, storedTargets(pseudo), options),
    ...{ batch, ratio, loss, kind, labelSmoothing: config.labelSmoothing },
    quietPseudo: quiet?.model && { kind: quiet.model === 'both' ? undefined : quiet.model },
  });
  // Among mixed batches only some images are smoothed, which MixedBatches does.
  return { source, images: source.images, labelSmoothing: 0 };
}

function storedTargets(pseudo: PseudoImages | LiveLabels): Targets {
  invariant('targets' in pseudo, 'labels without a teacher that gives them');
  return pseudo.targets;
}
