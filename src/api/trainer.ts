import type { CheckpointState, Json } from '../artifacts/checkpointSchema.js';
import type { Manifest } from '../artifacts/manifest.js';
import { writeImage } from '../data/batches.js';
import type { Model } from '../nn/defineModel.js';
import type { OptimizerConfig } from '../optim/optimizer.js';
import type { BatchArrays } from '../runtime/batchArrays.js';
import {
  openCheckpoint,
  requireArchitecture,
  resolveCheckpoint,
  type CheckpointMeta,
} from '../runtime/checkpoint.js';
import { Evaluation } from '../runtime/evaluate.js';
import type { StepResult } from '../runtime/step.js';
import type { WeightKind } from '../runtime/trainProtocol.js';
import { TrainClient } from '../runtime/trainClient.js';
import { TrainingError } from '../support/errors.js';
import type { TensorData } from '../support/tensor.js';
import { resolveDevice, type DeviceName } from './device.js';
import { StoredWeights } from './storedWeights.js';
import { compileModel, type CompileModelOptions, type CompileResult } from './compileModel.js';

export interface TrainerOptions extends Omit<
  CompileModelOptions,
  'artifacts' | 'batch' | 'weightInputs' | 'foldBatchNorm'
> {
  /** Images of a step. */
  readonly batch: number;
  /** Micro-batches of a step, of `batch` images each; default 1. */
  readonly accumulate?: number | undefined;
  /** Threads of one operator; onnxruntime's choice where missing. */
  readonly threads?: number | undefined;
  readonly device?: DeviceName | undefined;
  readonly optimizer?: OptimizerConfig | undefined;
}

/** Fills the arrays of a step; a pure function of the step, so that a run can resume anywhere. */
export interface BatchSource {
  /** Images are given row by row to `arrays`; `step` counts from 0. */
  fill(arrays: BatchArrays, step: number): void | Promise<void>;
  /** Steps of one pass over the labelled images. */
  readonly stepsPerEpoch: number;
  /** Index in a step from which images get no dropout and no stochastic depth; none where missing. */
  readonly quietFrom?: number | undefined;
}

/** Images to evaluate or label. */
export interface ImageSet {
  readonly count: number;
  /** Writes image i as float32 [C,H,W] to `out`. */
  image(i: number, out: Float32Array): void;
  /** Class of image i. */
  label(i: number): number;
}

export interface StepEvent {
  readonly kind: 'step';
  /** Counts from 1. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  /** Time inside onnxruntime. */
  readonly runMilliseconds: number;
}

export interface RunSteps {
  /** The last step, counted from 1. */
  readonly until: number;
  /** Rate of a step, counted from 0. */
  learningRate(step: number): number;
  /** Decay of the moving average at a step, counted from 0. */
  emaDecay?(step: number): number;
}

/**
 * Trains one network: compiles it, runs its steps in a worker thread, evaluates, saves, resumes.
 *
 * @example
 * const trainer = await Trainer.create('my.model.ts', { batch: 64, seed: 1 });
 * for await (const { step, loss } of trainer.run(source, { until: 100, learningRate: () => 0.1 }))
 *   console.log(step, loss);
 * await trainer.close();
 */
export class Trainer {
  #step = 0;

  private constructor(
    readonly compiled: CompileResult,
    private readonly client: TrainClient,
    private readonly options: TrainerOptions,
  ) {}

  /** Compiles and starts. Throws ModelError for a wrong model, DeviceError for a device that cannot be used. */
  static async create(model: string | Model, options: TrainerOptions): Promise<Trainer> {
    const { accumulate = 1, batch, threads, seed = 0 } = options;
    const parts = accumulate > 1 ? (['grad', 'update'] as const) : (['train'] as const);
    const compiled = await compileModel(model, {
      target: resolveDevice(options.device),
      ...options,
      artifacts: [...parts, 'infer', 'init'],
      weightInputs: true,
    });
    const artifacts = Object.fromEntries(
      Object.entries(compiled.artifacts).map(([kind, { onnx }]) => [kind, onnx.bytes]),
    );
    const client = await TrainClient.start({
      manifest: compiled.manifest,
      artifacts,
      batch,
      accumulate,
      seed,
      // Planning one block for all activations costs two thirds more memory, and saves no time.
      session: { memPattern: false, ...(threads !== undefined && { threads }) },
    });
    const trainer = new Trainer(compiled, client, options);
    await client.initialize(compiled.initial.held());
    return trainer;
  }

  get manifest(): Manifest {
    return this.compiled.manifest;
  }

  /** Images of a step. */
  get images(): number {
    return this.client.images;
  }

  /** Optimizer steps done. */
  get step(): number {
    return this.#step;
  }

  /**
   * Trains until a step, one event each. The next batch is filled while a step runs. Throws a
   * TrainingError where the loss is not finite; the state is then that after the bad step.
   */
  async *run(source: BatchSource, steps: RunSteps): AsyncGenerator<StepEvent> {
    let prepared = this.#prepare(source, this.#step, steps.until);
    try {
      for (let arrays; (arrays = await prepared);) {
        const step = this.#step;
        const hypers = this.#hypers(steps, step);
        const start = performance.now();
        const running = this.client.step(arrays, { step, hypers, quietFrom: source.quietFrom });
        prepared = this.#prepare(source, step + 1, steps.until);
        // Whatever fails first is thrown below; the other promise must not go unheard.
        prepared.catch(() => undefined);
        const result = await running;
        const seconds = (performance.now() - start) / 1000;
        this.#step = step + 1;
        yield this.#event(result, source, hypers.learning_rate, this.client.images / seconds);
      }
    } finally {
      // Whoever leaves the iteration early leaves a batch that was filled ahead.
      const unused = await prepared.catch(() => undefined);
      if (unused) this.client.giveBack(unused);
    }
  }

  #hypers(steps: RunSteps, step: number) {
    const decay = steps.emaDecay?.(step);
    const averages = decay !== undefined && this.options.emaDecay !== undefined;
    return { learning_rate: steps.learningRate(step), ...(averages && { ema_decay: decay }) };
  }

  async #prepare(
    source: BatchSource,
    step: number,
    until: number,
  ): Promise<BatchArrays | undefined> {
    if (step >= until) return undefined;
    const arrays = await this.client.batch();
    try {
      await source.fill(arrays, step);
    } catch (error) {
      this.client.giveBack(arrays);
      throw error;
    }
    return arrays;
  }

  #event(
    { loss, metrics, runTime: runMilliseconds }: StepResult,
    source: BatchSource,
    learningRate: number,
    imagesPerSecond: number,
  ): StepEvent {
    const step = this.#step;
    if (!Number.isFinite(loss))
      throw new TrainingError(`the loss is ${loss} at step ${step}`, {
        code: 'loss-not-finite',
        where: `step ${step}`,
        hint: 'lower the learning rate, warm it up for longer, or clip gradients (clipNorm)',
      });
    const epoch = Math.floor((step - 1) / source.stepsPerEpoch);
    const accuracy = metrics['accuracy'] ?? NaN;
    return {
      kind: 'step',
      step,
      epoch,
      loss,
      accuracy,
      learningRate,
      imagesPerSecond,
      runMilliseconds,
    };
  }

  /**
   * Logits [count, classes] of images, by the moving average of the weights where there is one.
   * Throws the reason of `signal` between two batches once it is aborted.
   */
  async predict(
    images: ImageSet,
    weights: WeightKind = 'ema',
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const { classes, image } = this.manifest;
    const pixels = new Float32Array(image.reduce((a, b) => a * b, 1));
    const logits = new Float32Array(images.count * classes);
    const { inferImages } = this.client;
    for (let first = 0; first < images.count; first += inferImages) {
      signal?.throwIfAborted();
      const rows = Math.min(inferImages, images.count - first);
      const arrays = await this.client.inferArrays();
      try {
        for (let row = 0; row < rows; row++) {
          images.image(first + row, pixels);
          writeImage(arrays, row, pixels, image);
        }
        await this.client.infer(arrays, weights);
        logits.set(arrays.logits.subarray(0, rows * classes), first * classes);
      } finally {
        this.client.giveBackInfer(arrays);
      }
    }
    return logits;
  }

  /** Top-1 accuracy and mean loss over labelled images; `signal` as in `predict`. */
  async evaluate(
    images: ImageSet,
    signal?: AbortSignal,
  ): Promise<{ accuracy: number; loss: number; images: number }> {
    const { classes } = this.manifest;
    const evaluation = new Evaluation(classes);
    const target = new Float32Array(images.count * classes);
    for (let i = 0; i < images.count; i++) target[i * classes + images.label(i)] = 1;
    const logits = await this.predict(images, 'ema', signal);
    evaluation.add(logits, target, new Float32Array(images.count).fill(1));
    return { accuracy: evaluation.accuracy, loss: evaluation.loss, images: images.count };
  }

  /** Writes a checkpoint of the state after the last step; returns its path. */
  save(
    folder: string,
    meta: Pick<CheckpointMeta, 'epoch' | 'position' | 'best'> & { readonly config: Json },
  ): Promise<string> {
    const { seed = 0 } = this.options;
    const { architectureHash } = this.manifest;
    return this.client.save(folder, { ...meta, step: this.#step, seed, architectureHash });
  }

  /** Takes the state of a checkpoint folder. Throws ArtifactError where it is corrupt or does not fit. */
  async resume(path: string): Promise<CheckpointState> {
    const state = await this.client.resume(path);
    this.#step = state.step;
    return state;
  }

  /**
   * Takes the weights of a checkpoint, or of a run's best: their moving average where there is one.
   * The architecture must be the same, the image size need not. Optimizer state, averages and steps
   * begin anew. Throws an ArtifactError where the checkpoint is corrupt or does not fit.
   */
  async startFrom(path: string): Promise<void> {
    const checkpoint = openCheckpoint(resolveCheckpoint(path));
    try {
      const weights = new StoredWeights(checkpoint, undefined);
      requireArchitecture({ ...checkpoint, tensors: weights.infos() }, this.manifest);
      await this.client.initialize(weights.held());
    } finally {
      checkpoint.tensors.close();
    }
    this.#step = 0;
  }

  /** Copies of parameters, batch statistics, optimizer state and averages, by checkpoint key. */
  state(): Promise<ReadonlyMap<string, TensorData>> {
    return this.client.state();
  }

  /** Ends the worker. */
  close(): Promise<void> {
    return this.client.stop();
  }
}
