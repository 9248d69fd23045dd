import { join, relative } from 'node:path';
import type { Json } from '../../contract/checkpointSchema.js';
import { scheduleOf } from '../../training/config/config.js';
import { batchesAhead } from '../../runtime/machine/device.js';
import type { BuiltInDevice } from '../../runtime/devices/lookup.js';
import { fixResolution } from '../../training/run/fixResolution.js';
import { Labeller } from '../../training/labelling/labeller.js';
import {
  everyEpochs,
  runTraining,
  type TrainingControl,
  type TrainingOutcome,
  type TrainingPlan,
} from '../../training/run/runTraining.js';
import type { TeacherSource } from '../../training/labelling/teacher.js';
import { plainPreparation, preparationOf } from '../../training/record/trainingData.js';
import type { BatchSource } from '../../training/trainer/trainer.js';
import type { InferencePrecision } from '../../contract/precisions.js';
import { ImageBatches } from '../../data/loader/imageBatches.js';
import type { Decoding } from '../../data/pixels/decode.js';
import {
  hardTargets,
  type Images,
  type LabelledImages,
  type Targets,
} from '../../data/sets/images.js';
import type { ImageSource } from '../../data/loader/imageSource.js';
import type { LoaderPool } from '../../data/loader/loaderPool.js';
import type { UnreadableImages } from '../../data/loader/unreadable.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { chosenCheckpointPath, readCheckpointState } from '../../runtime/storage/checkpoint.js';
import { readMetrics } from '../../runtime/storage/metrics.js';
import { placesOf } from '../../runtime/storage/places.js';
import type { GenerationConfig, StudentConfig } from './config.js';
import type { SelfTrainingNetwork } from './networks.js';
import { invariant } from '../../support/errors.js';
import { MixedBatches } from './mixedBatches.js';
import { onTheFlyBatches } from './onTheFlyBatches.js';
import type { PseudoImages } from './pseudoImages.js';

/** The noise that pseudo-labelled images go without: an ablation. */
export type Quiet = {
  /** What changes images: RandAugment, Cutout, affine maps; not crops and flips. */
  readonly input?: boolean;
  /** Dropout, stochastic depth, or both. */
  readonly model?: 'dropout' | 'stochasticDepth' | 'both';
};

/** Images that a teacher labels while a student learns from them. */
export interface LiveLabels {
  readonly images: Images;
  readonly teacher: Exclude<TeacherSource, string>;
}

/** What one network learns from, and how. */
export interface Generation {
  /** Its folder's name: `teacher`, `student-1`. */
  readonly name: string;
  readonly config: GenerationConfig | StudentConfig;
  readonly seed: number;
  /** A file or a name, or the model itself. */
  readonly model: string | Model;
  /** [C,H,W] */
  readonly shape: readonly [number, number, number];
  /** How it sees images at a size [C,H,W]. */
  readonly viewAt: SelfTrainingNetwork['viewAt'];
  readonly labelled: LabelledImages;
  readonly validation: ImageSource;
  /** What a student learns from beside the labelled images. */
  readonly pseudo?: ((PseudoImages | LiveLabels) & { readonly student: StudentConfig }) | undefined;
  readonly quiet?: Quiet | undefined;
  /** A control's steps: as many, and of as many images, as those of the student beside it. */
  readonly like?: Pick<TrainedNetwork, 'steps' | 'stepImages' | 'stepsPerEpoch'> | undefined;
  /** Checkpoint whose weights it starts from. */
  readonly initial?: string | undefined;
}

/** What the networks of a run have in common. */
export interface GenerationContext {
  /** The run's folder. */
  readonly folder: string;
  /** Epochs between two evaluations. */
  readonly validationEvery: number;
  readonly threads?: number | undefined;
  /** By which graphs are spelled; the same for all networks, whatever is tuned while they train. */
  readonly costs: TrainingPlan['trainer']['costs'];
  readonly device: TrainingPlan['trainer']['device'];
  /** What that stands for here. */
  readonly runsOn: BuiltInDevice;
  /** What a teacher computes in that labels while a student trains. */
  readonly labelPrecision: InferencePrecision;
  readonly pool: LoaderPool;
  readonly unreadable: UnreadableImages;
  /** How images are decoded for training; default exact. */
  readonly decode?: Decoding | undefined;
}

/** A trained network, as lineage.json keeps it. */
export type TrainedNetwork = {
  /** The chosen checkpoint, a path in the run's folder. */
  readonly checkpoint: string;
  /** Of the chosen checkpoint. */
  readonly step: number;
  readonly steps: number;
  /** Images of a step, of all kinds. */
  readonly stepImages: number;
  readonly stepsPerEpoch: number;
  /** Accuracy of the chosen checkpoint on held-out images. */
  readonly validation: number | null;
  /** Steps that overflowed and changed nothing; missing but in float16. */
  readonly skipped?: number;
};

/**
 * Trains one network in its folder, going on from its newest checkpoint; undefined where it was
 * interrupted.
 */
export async function trainGeneration(
  generation: Generation,
  context: GenerationContext,
  control: Pick<TrainingControl, 'signal' | 'onEvent'>,
): Promise<TrainedNetwork | undefined> {
  const { plan, first } = await firstPhase(generation, context, control);
  if (first === undefined) return undefined;
  const last = await fixed(generation, context, { plan, checkpoint: first.checkpoint }, control);
  if (last === undefined) return undefined;
  const { checkpoint, step, validation } = last === 'unwanted' ? first : last;
  const after = last === 'unwanted' ? 0 : (last.skipped ?? 0);
  return {
    checkpoint: relative(context.folder, checkpoint),
    step,
    steps: first.steps,
    stepImages: plan.trainer.batch,
    stepsPerEpoch: plan.source.stepsPerEpoch,
    validation,
    ...(first.skipped !== undefined && { skipped: first.skipped + after }),
  };
}

/** The training itself: all of it where the config wants no second phase. */
async function firstPhase(
  generation: Generation,
  context: GenerationContext,
  control: Pick<TrainingControl, 'signal' | 'onEvent'>,
) {
  const labeller = await liveTeacher(generation, context);
  try {
    const plan = planOf(generation, context, labeller);
    const outcome = await runTraining(plan, { ...control, resume: true });
    return { plan, first: await endOf(plan.folder, outcome) };
  } finally {
    await labeller?.close();
  }
}

/** The teacher that labels while the student trains, where there is one. */
async function liveTeacher(
  { pseudo, config }: Generation,
  { threads, device, labelPrecision: precision }: GenerationContext,
): Promise<Labeller | undefined> {
  if (!pseudo || !('teacher' in pseudo)) return undefined;
  const batch = config.batch * pseudo.student.ratio;
  return Labeller.create(pseudo.teacher, { batch, threads, device, precision });
}

/** What a phase of a training ends with. */
interface PhaseEnd {
  readonly checkpoint: string;
  readonly step: number;
  readonly steps: number;
  readonly validation: number | null;
  readonly skipped: number | undefined;
}

/** Ends a phase: the checkpoint that it chose; undefined where it was interrupted. */
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

/** Trains on at a larger size where the config wants that; undefined where it was interrupted. */
async function fixed(
  generation: Generation,
  context: GenerationContext,
  { plan, checkpoint }: { readonly plan: TrainingPlan; readonly checkpoint: string },
  control: Pick<TrainingControl, 'signal' | 'onEvent'>,
): Promise<PhaseEnd | undefined | 'unwanted'> {
  const { name, config, seed, labelled, validation } = generation;
  const { fixResolution: fix, batch, labelSmoothing } = config;
  if (fix === undefined) return 'unwanted';
  const [channels] = generation.shape;
  const larger = [channels, fix.size, fix.size] as const;
  const seen = { view: generation.viewAt(larger), decode: context.decode };
  const source = new ImageBatches(labelled, hardTargets(labelled), {
    ...{ batch, seed, name: `${name}.fixed` },
    pool: context.pool,
    unreadable: context.unreadable,
    preparation: plainPreparation(labelled, larger, seen),
    prefetch: batchesAhead(context.runsOn, config.stepsPerRun),
  });
  const request = {
    ...{ first: plan, checkpoint, fix, source, batch, labelSmoothing, validation },
    evaluateEvery: everyEpochs(context.validationEvery, source),
    checkpointEvery: everyEpochs(config.checkpoints.every, source),
  };
  return endOf(placesOf(plan.folder).fixed, await fixResolution(request, control));
}

/** Accuracy on held-out images after a step, where they were looked at then. */
function accuracyAt(folder: string, step: number): number | null {
  for (const record of readMetrics(placesOf(folder).metrics))
    if (record.kind === 'eval' && record.step === step) return Number(record['accuracy']);
  return null;
}

function planOf(
  generation: Generation,
  context: GenerationContext,
  labeller: Labeller | undefined,
): TrainingPlan & { readonly source: SizedSource } {
  const { name, config, seed, like, pseudo } = generation;
  const source = sourceOf(generation, context, labeller);
  return {
    title: name,
    folder: join(context.folder, name),
    model: generation.model,
    trainer: {
      batch: source.images,
      seed,
      optimizer: config.optimizer,
      emaDecay: config.ema,
      maxNorm: config.clipNorm,
      checkpointing: config.checkpointing,
      precision: config.precision,
      stepsPerRun: config.stepsPerRun,
      // Among mixed batches only some images are smoothed, which MixedBatches does.
      labelSmoothing: pseudo ? 0 : config.labelSmoothing,
      drop: config.noise.dropout,
      dropPath: config.noise.dropPath,
      freeze: config.freeze,
      size: config.size,
      classes: generation.labelled.classNames.length,
      // The graph normalises by the model's mean and std, as wherever the network runs later.
      imageFormat: 'uint8-nhwc',
      threads: context.threads,
      device: context.device,
      costs: context.costs,
    },
    source,
    steps: like?.steps ?? config.steps ?? Math.ceil((config.epochs ?? 1) * source.stepsPerEpoch),
    schedule: scheduleOf(config),
    validation: generation.validation,
    earlyStopping: like ? undefined : config.earlyStopping,
    choose: config.choose,
    evaluateEvery: everyEpochs(context.validationEvery, source),
    checkpointEvery: everyEpochs(config.checkpoints.every, source),
    keepLast: config.checkpoints.keepLast,
    initial: generation.initial,
    classes: generation.labelled.classNames,
    config: { model: config.model, generation: name, seed } satisfies Json,
  };
}

/** A batch source that tells how many images a step has. */
type SizedSource = BatchSource & { readonly images: number };

function sourceOf(
  generation: Generation,
  context: GenerationContext,
  labeller: Labeller | undefined,
): SizedSource {
  const { config, labelled, pseudo, like, quiet } = generation;
  const { batch, noise } = config;
  const { shape, viewAt } = generation;
  const seen = { view: viewAt(shape), decode: context.decode };
  const part = (name: string, images: Images, rows: number, own: GenerationConfig['noise']) => ({
    batch: rows,
    seed: generation.seed,
    name: `${generation.name}.${name}`,
    pool: context.pool,
    unreadable: context.unreadable,
    preparation: preparationOf(own, images, shape, seen),
    prefetch: batchesAhead(context.runsOn, config.stepsPerRun),
  });
  const labelledPart = (rows: number) =>
    new ImageBatches(labelled, hardTargets(labelled), part('labelled', labelled, rows, noise));
  if (!pseudo) {
    const images = like?.stepImages ?? batch;
    const own = labelledPart(images);
    // A control counts the epochs of the student beside it, so that its learning rate is the same.
    const stepsPerEpoch = like?.stepsPerEpoch ?? own.stepsPerEpoch;
    return { images, stepsPerEpoch, fill: (arrays, step) => own.fill(arrays, step) };
  }
  const { student, images } = pseudo;
  const { ratio, loss } = student;
  const { kind, temperature, threshold } = student.labels;
  const pseudoNoise = quiet?.input === true ? withoutInputNoise(noise) : noise;
  const options = part('pseudo', images, batch * ratio, pseudoNoise);
  return new MixedBatches({
    labelled: labelledPart(batch),
    pseudo:
      labeller && 'teacher' in pseudo
        ? onTheFlyBatches({ ...options, labeller, images, kind, temperature, threshold })
        : new ImageBatches(images, storedTargets(pseudo), options),
    batch,
    ratio,
    loss,
    kind,
    labelSmoothing: config.labelSmoothing,
    quietPseudo: quiet?.model && { kind: quiet.model === 'both' ? undefined : quiet.model },
  });
}

/** Crops and flips stay: the paper's least augmentation. */
function withoutInputNoise(noise: GenerationConfig['noise']): GenerationConfig['noise'] {
  const { randAugment: _operations, cutout: _cutout, augment: _affine, ...rest } = noise;
  return rest;
}

function storedTargets(pseudo: PseudoImages | LiveLabels): Targets {
  invariant('targets' in pseudo, 'labels without a teacher that gives them');
  return pseudo.targets;
}
