/**
 * The one way from what a config says of a network to its training: `train` goes it, and each generation of a
 * self-training. An option is read here and nowhere else, so that no path can leave it at its default.
 */
import type { Json } from '../../contract/checkpointSchema.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { ImageBatches, type ImageBatchesOptions } from '../../data/loader/imageBatches.js';
import type { ImageSource } from '../../data/loader/imageSource.js';
import { Mixer, type MixOptions } from '../../data/loader/mixing.js';
import type { LoaderPool } from '../../data/loader/loaderPool.js';
import type { UnreadableImages } from '../../data/loader/unreadable.js';
import type { Decoding } from '../../contract/choices.js';
import type { Images, LabelledImages } from '../../data/sets/images.js';
import type { LoadedModel } from '../../language/frontend/loadModel.js';
import { batchesAhead } from '../../runtime/machine/device.js';
import type { BuiltInDevice } from '../../runtime/devices/lookup.js';
import type { ImageView } from '../../support/imageView.js';
import { scheduleOf, type NetworkConfig } from '../config/config.js';
import { plainPreparation, preparationOf, shapeOf, viewOfModel } from '../record/trainingData.js';
import type { BatchSource, TrainerOptions } from '../trainer/trainer.js';
import { networkOf, type Network } from '../weights/modelWeights.js';
import { balanceNotes, labelledOrder, labelledTargets } from './balance.js';
import { requireLarger, type FixResolutionRequest } from './fixResolution.js';
import { everyEpochs, type TrainingPlan } from './runTraining.js';

/** A network to train. */
export interface NetworkToTrain {
  readonly config: NetworkConfig;
  /** Title in progress reports. */
  readonly title: string;
  /** Folder that takes artifacts/, checkpoints/ and metrics.jsonl. */
  readonly folder: string;
  /** Tells its streams of random numbers from those of other networks. */
  readonly stream: string;
  readonly seed: number;
  /** A file or a name, or the model itself. */
  readonly model: string | Model;
  /** [C,H,W] */
  readonly shape: readonly [number, number, number];
  /** View of images at a size [C,H,W]. */
  readonly viewAt: (shape: readonly [number, number, number]) => ImageView;
  readonly labelled: LabelledImages;
  readonly validation: ImageSource;
  /** A checkpoint or run whose weights it starts from. */
  readonly initial?: string | undefined;
  /** Written into each checkpoint. */
  readonly record: Json;
}

/** Settings that all networks of a run have in common. */
export interface PlanContext {
  /** Epochs between two evaluations. */
  readonly validationEvery: number;
  /** Figure that held-out images judge by (default: accuracy). */
  readonly metric?: TrainingPlan['metric'];
  readonly threads?: number | undefined;
  readonly device: TrainerOptions['device'];
  /** Device that this resolves to here. */
  readonly runsOn: BuiltInDevice;
  /** Costs by which graphs are lowered (default: those of the machine). */
  readonly costs?: TrainerOptions['costs'];
  readonly pool: LoaderPool;
  readonly unreadable: UnreadableImages;
  /** Decoding of images for training (default: exact). */
  readonly decode?: Decoding | undefined;
}

/**
 * Traces the network of a config for a number of classes. Throws a ModelError for a model that is wrong, and a
 * ConfigError for a second phase that is no larger.
 */
export function traceNetwork(
  loaded: LoadedModel,
  config: Pick<NetworkConfig, 'size' | 'freeze' | 'noise' | 'fixResolution'>,
  classes: number,
): { readonly network: Network } & Pick<NetworkToTrain, 'shape' | 'viewAt'> {
  const { freeze, noise, fixResolution } = config;
  const network = networkOf(loaded, {
    ...{ classes, image: shapeOf(loaded.model, config), freeze },
    ...{ drop: noise.dropout, dropPath: noise.dropPath },
  });
  requireLarger(fixResolution, network.image, ['fixResolution', 'size']);
  return { network, shape: network.image, viewAt: (at) => viewOfModel(loaded.model, at) };
}

/** Optimizer steps of a training whose epochs have so many. */
export function stepsOf({ steps, epochs = 1 }: NetworkConfig, stepsPerEpoch: number): number {
  return steps ?? Math.ceil(epochs * stepsPerEpoch);
}

/** The images drawn for each step, and how they are drawn. */
export interface StreamOptions {
  /** Names its stream of random numbers. */
  readonly name: string;
  /** Images of a step; default the batch of the config. */
  readonly rows?: number;
  /** Default that of the config. */
  readonly noise?: NetworkConfig['noise'];
  readonly until?: number;
}

/** Options for batches of some of the images of a network's steps. */
export function batchOptions(
  network: NetworkToTrain,
  { pool, unreadable, runsOn, decode }: PlanContext,
  images: Images,
  { name, rows = network.config.batch, noise = network.config.noise, until }: StreamOptions,
): ImageBatchesOptions {
  const { config, seed, shape, viewAt } = network;
  return {
    ...{ batch: rows, seed, name, until, pool, unreadable },
    preparation: preparationOf(noise, images, shape, { view: viewAt(shape), decode }),
    prefetch: batchesAhead(runsOn, config.stepsPerRun),
    mixer:
      noise.mix && new Mixer(noise.mix, { seed, name, until: endOfMixing(noise.mix, network) }),
  };
}

/** The step from which images are not mixed any more: epochs are those of the labelled images. */
function endOfMixing(
  { offEpoch }: MixOptions,
  { config: { batch }, labelled }: Pick<NetworkToTrain, 'config' | 'labelled'>,
): number {
  return offEpoch === 0 ? Infinity : offEpoch * Math.floor(labelled.count / batch);
}

/** Batches of the labelled images under the noise of the config. */
export function labelledBatches(
  network: NetworkToTrain,
  context: PlanContext,
  part: StreamOptions,
): ImageBatches {
  const { labelled } = network;
  const options = batchOptions(network, context, labelled, part);
  const order = labelledOrder(network, part.name);
  return new ImageBatches(labelled, labelledTargets(network), { ...options, order });
}

/** Images that a step learns from, and deviations from the config. */
export interface Lessons {
  readonly source: BatchSource;
  /** Images of a step; default the batch of the config. */
  readonly images?: number;
  readonly steps?: number | undefined;
  readonly labelSmoothing?: number | undefined;
  /** Never ends before its last step. */
  readonly toTheEnd?: boolean;
}

/** The plan of a training; epochs of the config become steps. */
export function planNetwork(
  network: NetworkToTrain,
  context: PlanContext,
  lessons: Lessons,
): TrainingPlan {
  const { config, seed, labelled, validation } = network;
  const { noise, checkpoints } = config;
  const { source, images = config.batch, labelSmoothing = config.labelSmoothing } = lessons;
  return {
    title: network.title,
    folder: network.folder,
    model: network.model,
    trainer: {
      batch: images,
      seed,
      optimizer: config.optimizer,
      emaDecay: config.ema,
      maxNorm: config.clipNorm,
      checkpointing: config.checkpointing,
      precision: config.precision,
      stepsPerRun: config.stepsPerRun,
      labelSmoothing,
      criterion: config.criterion,
      drop: noise.dropout,
      dropPath: noise.dropPath,
      freeze: config.freeze,
      size: config.size,
      classes: labelled.classNames.length,
      // A quarter of the bytes of floats to prepare and to copy between threads; the graph normalises
      // them by the model's mean and std, so that they are the same wherever the network runs.
      imageFormat: 'uint8-nhwc',
      threads: context.threads,
      device: context.device,
      costs: context.costs,
    },
    initial: network.initial,
    source,
    steps: lessons.steps ?? stepsOf(config, source.stepsPerEpoch),
    schedule: scheduleOf(config),
    validation,
    metric: context.metric,
    evaluateEvery: everyEpochs(context.validationEvery, source),
    earlyStopping: lessons.toTheEnd ? undefined : config.earlyStopping,
    choose: config.choose,
    checkpointEvery: everyEpochs(checkpoints.every, source),
    keepLast: checkpoints.keepLast,
    classes: labelled.classNames,
    notes: balanceNotes(network),
    config: network.record,
  };
}

/** The second phase of a training, after `first` has ended with a checkpoint; undefined if there is none. */
export function secondPhase(
  network: NetworkToTrain,
  context: PlanContext,
  { first, checkpoint }: Pick<FixResolutionRequest, 'first' | 'checkpoint'>,
): FixResolutionRequest | undefined {
  const { config, seed, labelled, validation, stream } = network;
  const { fixResolution: fix, batch, labelSmoothing } = config;
  if (fix === undefined) return undefined;
  const { pool, unreadable, decode } = context;
  const larger = [network.shape[0], fix.size, fix.size] as const;
  const name = `${stream}.fixed`;
  const source = new ImageBatches(labelled, labelledTargets(network), {
    ...{ batch, seed, name, pool, unreadable, order: labelledOrder(network, name) },
    preparation: plainPreparation(labelled, larger, { view: network.viewAt(larger), decode }),
    prefetch: batchesAhead(context.runsOn, config.stepsPerRun),
  });
  return {
    ...{ first, checkpoint, fix, source, batch, labelSmoothing, validation },
    evaluateEvery: everyEpochs(context.validationEvery, source),
    checkpointEvery: everyEpochs(config.checkpoints.every, source),
  };
}
