import { join, relative } from 'node:path';
import type { Json } from '../artifacts/checkpointSchema.js';
import { scheduleOf } from '../api/config.js';
import { runTraining, type TrainingControl, type TrainingPlan } from '../api/runTraining.js';
import { preparationOf } from '../api/trainingData.js';
import type { BatchSource } from '../api/trainer.js';
import { ImageBatches } from '../data/imageBatches.js';
import { hardTargets, type Images, type LabelledImages, type Targets } from '../data/images.js';
import type { ImageSource } from '../data/imageSource.js';
import type { LoaderPool } from '../data/loaderPool.js';
import type { UnreadableImages } from '../data/unreadable.js';
import type { Model } from '../nn/defineModel.js';
import { checkpointPath } from '../runtime/checkpoint.js';
import { readMetrics } from '../runtime/metrics.js';
import type { GenerationConfig, StudentConfig } from './config.js';
import { MixedBatches } from './mixedBatches.js';
import type { PseudoImages } from './pseudoImages.js';

/** The noise that pseudo-labelled images go without: an ablation. */
export type Quiet = {
  /** What changes images: RandAugment, Cutout, affine maps; not crops and flips. */
  readonly input?: boolean;
  /** Dropout and stochastic depth. */
  readonly model?: boolean;
};

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
  readonly labelled: LabelledImages;
  readonly validation: ImageSource;
  /** What a student learns from beside the labelled images. */
  readonly pseudo?: (PseudoImages & { readonly student: StudentConfig }) | undefined;
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
  readonly device: TrainingPlan['trainer']['device'];
  readonly pool: LoaderPool;
  readonly unreadable: UnreadableImages;
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
  const plan = planOf(generation, context);
  const { trainer, best, checkpoint, interrupted } = await runTraining(plan, {
    ...control,
    resume: true,
  });
  const done = trainer.step;
  await trainer.close();
  if (interrupted) return undefined;
  const isBest = best !== null && plan.choose !== 'last';
  const chosen = isBest ? checkpointPath(join(plan.folder, 'checkpoints'), best.step) : checkpoint;
  const step = isBest ? best.step : done;
  return {
    checkpoint: relative(context.folder, chosen),
    step,
    steps: done,
    stepImages: plan.trainer.batch,
    stepsPerEpoch: plan.source.stepsPerEpoch,
    validation: accuracyAt(plan.folder, step),
  };
}

/** Accuracy on held-out images after a step, where they were looked at then. */
function accuracyAt(folder: string, step: number): number | null {
  for (const record of readMetrics(join(folder, 'metrics.jsonl')))
    if (record.kind === 'eval' && record.step === step) return Number(record['accuracy']);
  return null;
}

function planOf(generation: Generation, context: GenerationContext): TrainingPlan {
  const { name, config, seed, like, pseudo } = generation;
  const source = sourceOf(generation, context);
  const every = (epochs: number): number => Math.max(1, Math.round(epochs * source.stepsPerEpoch));
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
      // Among mixed batches only some images are smoothed, which MixedBatches does.
      labelSmoothing: pseudo ? 0 : config.labelSmoothing,
      drop: config.noise.dropout,
      dropPath: config.noise.dropPath,
      freeze: config.freeze,
      classes: generation.labelled.classNames.length,
      // The graph normalises by the model's mean and std, as wherever the network runs later.
      imageFormat: 'uint8-nhwc',
      threads: context.threads,
      device: context.device,
    },
    source,
    steps: like?.steps ?? config.steps ?? Math.ceil((config.epochs ?? 1) * source.stepsPerEpoch),
    schedule: scheduleOf(config),
    validation: generation.validation,
    earlyStopping: like ? undefined : config.earlyStopping,
    choose: config.choose,
    evaluateEvery: every(context.validationEvery),
    checkpointEvery: every(config.checkpoints.every),
    keepLast: config.checkpoints.keepLast,
    initial: generation.initial,
    config: { model: config.model, generation: name, seed } satisfies Json,
  };
}

/** A batch source that tells how many images a step has. */
type SizedSource = BatchSource & { readonly images: number };

function sourceOf(generation: Generation, context: GenerationContext): SizedSource {
  const { config, labelled, pseudo, like, quiet } = generation;
  const { batch, noise } = config;
  if (!pseudo) {
    const images = like?.stepImages ?? batch;
    const part = partOf('labelled', labelled, hardTargets(labelled), images, noise);
    // A control counts the epochs of the student beside it, so that its learning rate is the same.
    const stepsPerEpoch = like?.stepsPerEpoch ?? part.stepsPerEpoch;
    return { images, stepsPerEpoch, fill: (arrays, step) => part.fill(arrays, step) };
  }
  const { ratio, labels, loss } = pseudo.student;
  const pseudoNoise = quiet?.input === true ? withoutInputNoise(noise) : noise;
  return new MixedBatches({
    labelled: partOf('labelled', labelled, hardTargets(labelled), batch, noise),
    pseudo: partOf('pseudo', pseudo.images, pseudo.targets, batch * ratio, pseudoNoise),
    batch,
    ratio,
    loss,
    kind: labels.kind,
    labelSmoothing: config.labelSmoothing,
    quietPseudo: quiet?.model,
  });

  function partOf(
    part: 'labelled' | 'pseudo',
    images: Images,
    targets: Targets,
    rows: number,
    own: GenerationConfig['noise'],
  ) {
    const { seed, shape, name } = generation;
    const { pool, unreadable } = context;
    const preparation = preparationOf(own, images, shape);
    const options = { batch: rows, seed, pool, unreadable, preparation, name: `${name}.${part}` };
    return new ImageBatches(images, targets, options);
  }
}

/** Crops and flips stay: the paper's least augmentation. */
function withoutInputNoise(noise: GenerationConfig['noise']): GenerationConfig['noise'] {
  const { randAugment: _operations, cutout: _cutout, augment: _affine, ...rest } = noise;
  return rest;
}
