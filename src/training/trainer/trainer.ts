import type { EvaluationEvent, StepEvent } from '../../contract/events.js';
import type { CheckpointState, Json } from '../../contract/checkpointSchema.js';
import type { Manifest } from '../../contract/manifest.js';
import { stepsPerRunOf } from '../../contract/steps.js';
import { ArrayDataset } from '../../data/loader/dataset.js';
import { arraySource, range, type ImageSource } from '../../data/loader/imageSource.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import type { ModelChoice } from '../config/config.js';
import type { OptimizerChoice } from '../../compiler/optim/index.js';
import type { BatchArrays } from '../../runtime/engine/batchArrays.js';
import type { CheckpointMeta } from '../../runtime/storage/checkpoint.js';
import { stepsToQueue } from '../../runtime/engine/device/deviceQueue.js';
import type { JudgingMetric } from '../../support/statistics/byClass.js';
import { Evaluation } from '../../support/statistics/scores.js';
import type { QuietImages } from '../../runtime/engine/noise.js';
import type { StepResult } from '../../runtime/engine/step.js';
import type { WeightKind } from '../../runtime/engine/buffers.js';
import {
  endTrainThread,
  startTrainThread,
  TrainClient,
} from '../../runtime/threads/trainClient.js';
import type { TensorData } from '../../support/tensor.js';
import { chooseDevice, sessionOn } from '../../runtime/machine/device.js';
import { deviceNamed } from '../../runtime/devices/lookup.js';
import type { DeviceChoice, DeviceName } from '../../runtime/machine/deviceNames.js';
import { requireImages } from '../evaluation/evaluateNetwork.js';
import {
  finiteCheckEvery,
  requireFinite,
  stateNotFinite,
  stepEvent,
  type Started,
} from './stepEvents.js';
import { SkippedSteps } from './skippedSteps.js';
import { startingWeights } from '../weights/startingWeights.js';
import {
  compileModel,
  type CompileModelOptions,
  type CompileResult,
} from '../build/compileModel.js';
import { checkRanges } from '../../support/optionRanges.js';

export interface TrainerOptions extends Omit<
  CompileModelOptions,
  'artifacts' | 'batch' | 'weightInputs' | 'foldBatchNorm'
> {
  /** Images of a step. */
  readonly batch: number;
  /** Micro-batches of a step, of `batch` images each; default 1. */
  readonly accumulate?: number | undefined;
  /** Threads of one operator (default: onnxruntime's choice). */
  readonly threads?: number | undefined;
  readonly device?: DeviceName | undefined;
  readonly optimizer?: OptimizerChoice | undefined;
}

/** Fills the arrays of a step; a pure function of the step, so that a run can resume anywhere. */
export interface BatchSource {
  /** Images are given row by row to `arrays`; `step` counts from 0. */
  fill(arrays: BatchArrays, step: number): void | Promise<void>;
  /** Steps of one pass over the labelled images. */
  readonly stepsPerEpoch: number;
  /** Images of a step that get no dropout, no stochastic depth or neither (default: none). */
  readonly quiet?: QuietImages | undefined;
}

/** Images to evaluate: in memory, or read while they are needed. */
export type EvaluationImages = ArrayDataset | ImageSource;

/** The steps that Trainer.run does, and their hypers. */
export interface RunSteps {
  /** The last step, counted from 1. */
  readonly until: number;
  /** Rate of a step, counted from 0. */
  learningRate(step: number): number;
  /** Decay of the moving average at a step, counted from 0. */
  emaDecay?(step: number): number;
  /** True if the state is examined after a step, counted from 1: a device goes no further then. */
  stopsAfter?(step: number): boolean;
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
  /** Steps that a device was given; the results come later, in order. */
  #started: Started[] = [];
  /** Steps that a device gets before their results are read. */
  #queueLength = 1;
  /** When the first of the started steps was. */
  #since = 0;
  readonly #skipped: SkippedSteps;
  /** The last step after which the whole state was finite; undefined for weights that nobody looked at. */
  #finiteAt: number | undefined;

  private constructor(
    readonly compiled: CompileResult,
    /** Device that it runs on, and the reason. */
    readonly device: DeviceChoice,
    private readonly client: TrainClient,
    private readonly model: string | Model,
    private readonly options: TrainerOptions,
  ) {
    this.#skipped = new SkippedSteps(compiled.manifest);
  }

  /** Compiles and starts. Throws ModelError for a wrong model, DeviceError for a device that cannot be used. */
  static async create(model: ModelChoice | Model, options: TrainerOptions): Promise<Trainer> {
    checkRanges('Trainer.create', options, ['batch', 'accumulate', 'threads', 'seed']);
    const { accumulate = 1, batch, threads, seed = 0 } = options;
    const parts = accumulate > 1 ? (['grad', 'update'] as const) : (['train'] as const);
    const choice = await chooseDevice(options.device, options.precision);
    const device = deviceNamed(choice.device);
    const { stepsPerRun = accumulate === 1 ? device.stepsPerRun : 1 } = options;
    // It loads its code while the model is compiled.
    const thread = startTrainThread();
    const compiled = await compileModel(model, {
      target: device.target,
      ...options,
      stepsPerRun,
      artifacts: [...parts, 'infer', 'init'],
      weightInputs: true,
    }).catch((error: unknown) => {
      endTrainThread(thread);
      throw error;
    });
    const artifacts = Object.fromEntries(
      Object.entries(compiled.artifacts).map(([kind, { onnx }]) => [kind, onnx.bytes]),
    );
    const setup = {
      manifest: compiled.manifest,
      artifacts,
      batch,
      accumulate,
      seed,
      // Planning one block for all activations costs two thirds more memory, and saves no time.
      session: {
        memPattern: false,
        ...sessionOn(choice.device),
        ...(threads !== undefined && { threads }),
      },
    };
    const starting = TrainClient.start(setup, thread);
    // Drawn while the worker loads its sessions, which takes longer.
    const weights = compiled.initial.held();
    const client = await starting;
    const trainer = new Trainer(compiled, choice, client, model, options);
    trainer.#queueLength = stepsPerRunOf(compiled.manifest);
    await client.initialize(weights);
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

  /** Steps that overflowed and changed nothing, of those whose events were given; undefined but in float16. */
  get skipped(): number | undefined {
    return this.#skipped.total;
  }

  /**
   * Trains until a step, one event each. The next batch is filled while a step runs. A device may be
   * some steps ahead of the events, but not where `steps` stops; `step` tells how far it is. Throws a
   * TrainingError if the loss is not finite, or the state that is looked at before the first step and
   * every 100 steps; the state is then that after the bad step or after a few more.
   */
  async *run(source: BatchSource, steps: RunSteps): AsyncGenerator<StepEvent> {
    checkRanges('Trainer.run', steps, ['until']);
    await this.requireFinite();
    let prepared = this.#prepare(source, this.#step, steps.until);
    try {
      for (;;) {
        const asked = performance.now();
        const arrays = await prepared;
        if (!arrays) return;
        const step = this.#step;
        const hypers = this.#hypers(steps, step);
        const start = performance.now();
        this.#started.push({
          step: step + 1,
          learningRate: hypers.learning_rate,
          waitMilliseconds: start - asked,
        });
        if (this.#started.length === 1) this.#since = start;
        const later = this.#goesOn(steps, step + 1);
        const request = { step, hypers, quiet: source.quiet };
        const running = this.client.advance(arrays, request, { later });
        prepared = this.#prepare(source, step + 1, steps.until);
        // Whatever fails first is thrown below; the other promise must not go unheard.
        prepared.catch(() => undefined);
        const results = await running;
        this.#step = step + 1;
        yield* this.#events(results, source);
        // While a device is ahead of its results, its state is that of a later step.
        const due = this.#step - (this.#finiteAt ?? 0) >= finiteCheckEvery;
        if (due && this.#started.length === 0) await this.requireFinite();
      }
    } finally {
      // Whoever leaves the iteration early leaves a batch that was filled ahead.
      const unused = await prepared.catch(() => undefined);
      if (unused) this.client.giveBack(unused);
    }
  }

  /**
   * Throws a TrainingError that names the parameters, batch statistics, optimizer state and averages
   * which are not finite. They are read back and looked at on the host, for a device may swallow a NaN
   * (on WebGPU, ReLU, Clip and Sigmoid do) and train on with a finite loss.
   */
  async requireFinite(): Promise<void> {
    if (this.#finiteAt === this.#step) return;
    const names = await this.client.notFinite();
    if (names.length > 0) throw stateNotFinite(names, this.#step, this.#finiteAt);
    this.#finiteAt = this.#step;
  }

  #hypers(steps: RunSteps, step: number) {
    const decay = steps.emaDecay?.(step);
    const averages = decay !== undefined && this.options.emaDecay !== undefined;
    const learningRate = steps.learningRate(step);
    const call = `Trainer.run at step ${step + 1}`;
    checkRanges(call, { learningRate, emaDecay: decay }, ['learningRate', 'emaDecay']);
    return { learning_rate: learningRate, ...(averages && { ema_decay: decay }) };
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

  /** True if a device is given another step after this one before its results are read. */
  #goesOn({ until, stopsAfter }: RunSteps, step: number): boolean {
    const full = this.#started.length >= this.#queueLength;
    return !full && step < until && stopsAfter?.(step) !== true;
  }

  *#events(results: readonly StepResult[], source: BatchSource): Generator<StepEvent> {
    if (results.length === 0) return;
    const milliseconds = (performance.now() - this.#since) / results.length;
    if (deviceNamed(this.device.device).state === 'device')
      this.#queueLength = stepsToQueue(milliseconds);
    const imagesPerSecond = (1000 * this.client.images) / milliseconds;
    for (const [i, started] of this.#started.splice(0, results.length).entries()) {
      const result = results[i];
      if (result === undefined) continue;
      if (!this.#skipped.add(result.metrics)) requireFinite(result, started);
      const { skipped } = this;
      const event = { ...stepEvent(result, started, source), imagesPerSecond };
      yield skipped === undefined ? event : { ...event, skipped };
    }
  }

  /**
   * Logits [count, classes] of images, by the moving average of the weights if there is one; NaN
   * for an image that cannot be read. Throws the reason of `signal` between two batches once it is
   * aborted.
   */
  async predict(
    images: EvaluationImages,
    weights: WeightKind = 'ema',
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const { classes } = this.manifest;
    const all = new Float32Array(images.count * classes).fill(NaN);
    for await (const { indices, logits } of this.#logits(sourceOf(images), weights, signal))
      for (const [row, i] of indices.entries())
        all.set(logits.subarray(row * classes, (row + 1) * classes), i * classes);
    return all;
  }

  /**
   * Top-1 accuracy and mean loss over the labelled images that can be read; `signal` as in `predict`. Another
   * `metric` than accuracy is `judged`.
   * Throws a DataError if there is none, a TrainingError if the weights are not finite.
   */
  async evaluate(
    images: EvaluationImages,
    signal?: AbortSignal,
    metric: JudgingMetric = 'accuracy',
  ): Promise<Pick<EvaluationEvent, 'accuracy' | 'loss' | 'images' | 'judged'>> {
    await this.requireFinite();
    const { classes } = this.manifest;
    const evaluation = new Evaluation(classes);
    const source = sourceOf(images);
    for await (const { indices, logits } of this.#logits(source, 'ema', signal)) {
      evaluation.add(
        logits,
        indices.map((i) => source.label?.(i) ?? NaN),
      );
    }
    const { accuracy, loss, images: count } = evaluation;
    requireImages(count, source);
    const figures = { accuracy, loss, images: count };
    if (metric === 'accuracy') return figures;
    return { ...figures, judged: { metric, value: evaluation.figure(metric) } };
  }

  /** Logits of the images of a source, batch by batch; valid until the next batch is taken. */
  async *#logits(
    source: ImageSource,
    weights: WeightKind,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ readonly indices: readonly number[]; readonly logits: Float32Array }> {
    const { classes, image: shape, imageFormat: format, view } = this.manifest;
    const layout = { batch: this.client.inferImages, shape, format, view };
    for await (const { indices, pixels } of source.batches(range(0, source.count), layout)) {
      signal?.throwIfAborted();
      const arrays = await this.client.inferArrays();
      try {
        const used = (indices.length * arrays.image.length) / layout.batch;
        arrays.image.set(pixels.length === used ? pixels : pixels.subarray(0, used));
        await this.client.infer(arrays, weights);
        yield { indices, logits: arrays.logits.subarray(0, indices.length * classes) };
      } finally {
        this.client.giveBackInfer(arrays);
      }
    }
  }

  /**
   * Writes a checkpoint of the state after the last step; returns its path. Throws a TrainingError, and
   * writes nothing, if the state is not finite.
   */
  async save(
    folder: string,
    meta: Pick<
      CheckpointMeta,
      'epoch' | 'position' | 'best' | 'choose' | 'steps' | 'ended' | 'classes'
    > & {
      readonly config: Json;
    },
  ): Promise<string> {
    await this.requireFinite();
    const { seed = 0 } = this.options;
    const { architectureHash } = this.manifest;
    return this.client.save(folder, { ...meta, step: this.#step, seed, architectureHash });
  }

  /** Takes the state of a checkpoint folder. Throws ArtifactError if it is corrupt or does not fit. */
  async resume(path: string): Promise<CheckpointState> {
    const state = await this.client.resume(path);
    this.#begin(state.step);
    this.#skipped.resume(path);
    return state;
  }

  /**
   * Takes the weights of a checkpoint, or of a run's best: their moving average if there is one.
   * The architecture must be the same, the image size need not. Optimizer state, averages and steps
   * begin anew. With `classNames` its classes must have these names, in whatever order. Throws an
   * ArtifactError if the checkpoint is corrupt or does not fit.
   */
  async startFrom(path: string, classNames?: readonly string[]): Promise<void> {
    const { model, manifest: architecture } = this;
    const { image } = architecture;
    const starting = { model, architecture, image, classNames };
    await this.client.initialize(await startingWeights(path, starting));
    this.#begin(0);
  }

  #begin(step: number): void {
    this.#skipped.reset();
    this.#finiteAt = undefined;
    this.#step = step;
    this.#started = [];
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

function sourceOf(images: EvaluationImages): ImageSource {
  if (!(images instanceof ArrayDataset)) return images;
  const classNames = Array.from({ length: images.classes }, (_, label) => String(label));
  return arraySource(images, { name: 'images', classNames });
}
