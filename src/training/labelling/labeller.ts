import type { Manifest } from '../../contract/manifest.js';
import type { InferencePrecision } from '../../contract/precisions.js';
import {
  evenly,
  type ImageBatch,
  type ImageLayout,
  type ImageSource,
} from '../../data/loader/imageSource.js';
import type { InferArrays } from '../../runtime/engine/batchArrays.js';
import { MeanProbabilities, softmaxRows } from '../../support/statistics/scores.js';
import { TrainClient } from '../../runtime/threads/trainClient.js';
import { ArtifactError, ConfigError, invariant } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import type { OnnxOptions, OnnxReading } from './classifier/reading.js';
import { measureScores, oddityOf, toLogits } from './classifier/scores.js';
import { pixelFeed } from './classifier/pixelFeed.js';
import { chooseDevice, requireLabelPrecision, sessionOn } from '../../runtime/machine/device.js';
import { hostDevice } from '../../runtime/devices/index.js';
import { deviceNamed } from '../../runtime/devices/lookup.js';
import type { DeviceChoice, DeviceName } from '../../runtime/machine/deviceNames.js';
import { readingOf } from './onnxTeacher.js';
import { resolveTarget } from '../build/target.js';
import { loadTeacher, type ModelNoise, type Teacher, type TeacherSource } from './teacher.js';
import { checkRanges } from '../../support/optionRanges.js';
import type { ModelChoice } from '../config/config.js';

export interface LabellerOptions {
  /** Images of a run; default 32. An .onnx file with a batch of its own runs with that one. */
  readonly batch?: number | undefined;
  /** Threads of one operator (default: onnxruntime's choice, or one if there are several sessions). */
  readonly threads?: number | undefined;
  /**
   * Sessions that share the batches, each in a thread of its own with weights and memory of its own;
   * default 1. On the CPU only.
   */
  readonly sessions?: number | undefined;
  readonly device?: DeviceName | undefined;
  /** Number format of a checkpoint's network on a GPU (default: float32). */
  readonly precision?: InferencePrecision | undefined;
  /** Names of the classes, if the teacher does not tell them. */
  readonly classNames?: readonly string[] | undefined;
  /** Dropout and stochastic depth while it labels (default: none). */
  readonly noise?: ModelNoise | undefined;
  /** The model file of a checkpoint, in place of the network that its run recorded. */
  readonly model?: ModelChoice | undefined;
  /** Runs the model file that a checkpoint names, also one that its training did not know (default: false). */
  readonly trust?: boolean | undefined;
  /** Facts that an .onnx file does not state about itself: how it takes images, and the kind of its scores. */
  readonly onnx?: OnnxOptions | undefined;
  /** Told how an .onnx file is read, once that is known: before the first prediction. */
  readonly onReading?: ((reading: OnnxReading, path: string) => void) | undefined;
}

const noiseOptions = ['drop', 'dropPath', 'seed', 'passes'] as const;

/** Images whose scores tell what the scores of an .onnx file are. */
const measuredImages = 64;

/** Predictions of a teacher for some images; valid until the next is taken. */
export interface Prediction {
  /** Indices of the images in the source. */
  readonly indices: readonly number[];
  /** [images,classes], each row of sum 1. */
  readonly probabilities: Float32Array;
  /** [images,classes]: logits, or logarithms of probabilities; without the temperature. */
  readonly scores: Float32Array;
}

interface Running {
  readonly indices: readonly number[];
  readonly arrays: InferArrays;
  /** Whose arrays they are. */
  readonly client: TrainClient;
  readonly done: Promise<void>;
}

/** Scores as the graph gives them; valid until the next are taken. */
type Scored = Omit<Prediction, 'probabilities'>;

/**
 * Labels images with a teacher in evaluation mode, without noise unless told. The next batch is
 * read while one runs.
 *
 * @example
 * const labeller = await Labeller.create('runs/digits', { batch: 64 });
 * for await (const { indices, probabilities } of labeller.predict(source, range(0, source.count)))
 *   console.log(indices, probabilities);
 * await labeller.close();
 */
export class Labeller {
  /** Images of a run. */
  readonly batch: number;
  readonly #probabilities: Float32Array;
  readonly #scores: Float32Array;
  readonly #layout: ImageLayout;
  readonly #feed: ReturnType<typeof pixelFeed>;
  #reading: OnnxReading | undefined;
  #settled: Promise<void> | undefined;

  private constructor(
    readonly teacher: Teacher,
    /** Device that it runs on, and the reason. */
    readonly device: DeviceChoice,
    /** One for each session; batches go to them in turns. */
    private readonly clients: readonly TrainClient[],
    private readonly onReading: LabellerOptions['onReading'],
  ) {
    const [{ inferImages } = { inferImages: 0 }] = clients;
    this.batch = inferImages;
    this.#scores = new Float32Array(inferImages * teacher.manifest.classes);
    this.#probabilities = new Float32Array(this.#scores.length);
    const { image: shape, imageFormat, view } = teacher.manifest;
    this.#feed = pixelFeed(teacher.onnx);
    this.#layout = { batch: inferImages, shape, format: this.#feed?.format ?? imageFormat, view };
  }

  /** Loads a teacher; throws as loadTeacher does, and a DeviceError for a device that cannot be used. */
  static async create(source: TeacherSource, options: LabellerOptions = {}): Promise<Labeller> {
    checkRanges('Labeller.create', options, ['batch', 'threads', 'sessions']);
    checkRanges('the noise of Labeller.create', options.noise ?? {}, noiseOptions);
    const { batch = 32, sessions = 1, classNames, noise, precision, onnx, model, trust } = options;
    const choice = await chooseDevice(options.device, precision);
    const { device } = choice;
    requireLabelPrecision(device, precision, ['precision']);
    const { state, target: ownTarget, labelTarget = ownTarget, ...own } = deviceNamed(device);
    if (sessions > 1 && state !== 'host') throw severalSessions(device);
    const threads = options.threads ?? (sessions > 1 ? 1 : undefined);
    const target = await resolveTarget(labelTarget);
    const wanted = { batch, classNames, noise, target, precision, onnx, model, trust };
    const teacher = await loadTeacher(source, wanted);
    // A graph from elsewhere may have nodes that only the CPU runs.
    const strict = typeof teacher.infer !== 'string' && own.strict;
    const clients: TrainClient[] = [];
    try {
      for (let i = 0; i < sessions; i++)
        clients.push(
          await TrainClient.start({
            manifest: teacher.manifest,
            artifacts: { infer: teacher.infer },
            seed: 0,
            session: { ...sessionOn(device), strict, ...(threads !== undefined && { threads }) },
          }),
        );
      return new Labeller(teacher, choice, clients, options.onReading);
    } catch (error) {
      for (const client of clients) await client.stop();
      throw error;
    }
  }

  get manifest(): Manifest {
    return this.teacher.manifest;
  }

  /** Reading of an .onnx file, once it is settled; undefined for a checkpoint. */
  get reading(): OnnxReading | undefined {
    return this.#reading;
  }

  /**
   * Finds out what the scores of an .onnx file are, by images of a source if the file alone does
   * not tell for certain. `predict` does so, too, once.
   */
  async settle(source: ImageSource): Promise<void> {
    await (this.#settled ??= this.#settle(source));
  }

  async #settle(source: ImageSource): Promise<void> {
    const { onnx, path } = this.teacher;
    if (!onnx) return;
    const reading = readingOf(onnx, onnx.scores.certain ? undefined : await this.#measure(source));
    // There is no image that can be read, nor a prediction.
    if (!reading) return;
    this.#reading = reading;
    this.onReading?.(reading, path);
  }

  /** Measures the scores of some evenly spread images; undefined if none can be read. */
  async #measure(source: ImageSource) {
    const { classes } = this.manifest;
    const all = new Float32Array(Math.min(source.count, measuredImages) * classes);
    let images = 0;
    for await (const { indices, scores } of this.#run(
      source,
      evenly(source.count, measuredImages),
    )) {
      all.set(scores, images * classes);
      images += indices.length;
    }
    if (images === 0) return undefined;
    const measured = all.subarray(0, images * classes);
    const [kind, oddity] = [measureScores(measured, classes), oddityOf(measured, classes)];
    return { kind, images, oddity };
  }

  /**
   * Softmax of scores / temperature for images of a source, in their order. A last, partial batch
   * is padded; its padding is not given.
   */
  async *predict(
    source: ImageSource,
    indices: Iterable<number>,
    temperature = 1,
  ): AsyncGenerator<Prediction> {
    await this.settle(source);
    const { classes } = this.manifest;
    const kind = this.#reading?.settings.output ?? 'logits';
    for await (const { indices: own, scores } of this.#run(source, indices)) {
      const wrong = toLogits(scores, kind);
      if (wrong >= 0)
        throw this.#otherScores(source.id(own[Math.floor(wrong / classes)] ?? 0), scores[wrong]);
      const probabilities = this.#probabilities.subarray(0, scores.length);
      softmaxRows(scores, classes, probabilities, temperature);
      yield { indices: own, probabilities, scores };
    }
  }

  /** The scores of images as the graph gives them. */
  async *#run(source: ImageSource, indices: Iterable<number>): AsyncGenerator<Scored> {
    const running: Running[] = [];
    let started = 0;
    try {
      for await (const batch of source.batches(indices, this.#layout)) {
        running.push(await this.#start(batch, started++));
        const first = running.length > this.clients.length ? running.shift() : undefined;
        if (first) yield await this.#finish(first, source);
      }
      for (let next; (next = running.shift());) yield await this.#finish(next, source);
    } finally {
      // Whoever leaves early, or an error, leaves batches that run.
      for (const { client, arrays, done } of running) {
        await done.catch(() => undefined);
        client.giveBackInfer(arrays);
      }
    }
  }

  async #start({ indices, pixels }: ImageBatch, turn: number): Promise<Running> {
    const client = this.clients[turn % this.clients.length];
    invariant(client, 'a labeller has a session');
    const arrays = await client.inferArrays();
    const size = arrays.image.length / this.batch;
    const used = indices.length * size;
    const own = pixels.length === used ? pixels : pixels.subarray(0, used);
    if (this.#feed) this.#feed.fill(own, arrays.image);
    else arrays.image.set(own);
    arrays.image.fill(0, used);
    const done = this.#infer(client, indices, arrays);
    // It is awaited after the next batch was read; until then its failure is not unheard.
    done.catch(() => undefined);
    return { indices, arrays, client, done };
  }

  /** Runs a batch: once, or with several masks whose probabilities are averaged. */
  async #infer(
    client: TrainClient,
    indices: readonly number[],
    arrays: InferArrays,
  ): Promise<void> {
    const { noise } = this.teacher;
    if (!noise) {
      await client.infer(arrays);
      return;
    }
    const { seed, passes = 1 } = noise;
    const mean = new MeanProbabilities(arrays.logits.length, this.manifest.classes);
    for (let pass = 0; pass < passes; pass++) {
      const at = { seed, step: pass, sampleOffset: 0, samples: indices };
      await client.infer(arrays, undefined, at);
      if (passes > 1) mean.add(arrays.logits);
    }
    if (passes > 1) mean.writeLogarithms(arrays.logits);
  }

  async #finish({ indices, arrays, client, done }: Running, source: ImageSource): Promise<Scored> {
    const { classes } = this.manifest;
    try {
      await done;
      const scores = this.#scores.subarray(0, indices.length * classes);
      scores.set(arrays.logits.subarray(0, scores.length));
      // The logarithm of a probability of 0 is a score.
      const isScore = (score: number): boolean =>
        Number.isFinite(score) || (score === -Infinity && this.#givesLogarithms);
      const bad = scores.findIndex((score) => !isScore(score));
      if (bad >= 0) throw this.#noNumber(source.id(indices[Math.floor(bad / classes)] ?? 0));
      return { indices, scores };
    } finally {
      client.giveBackInfer(arrays);
    }
  }

  /** True if the scores of an .onnx file are, or may be, logarithms of probabilities. */
  get #givesLogarithms(): boolean {
    if (!this.teacher.onnx) return false;
    const { output = 'log-probabilities' } = this.#reading?.settings ?? {};
    return output === 'log-probabilities';
  }

  #noNumber(id: string): ArtifactError {
    const { path } = this.teacher;
    return new ArtifactError(`the teacher's scores of ${id} are not finite`, {
      code: 'scores-not-finite',
      where: path,
      hint: 'label with an earlier checkpoint: the weights of this one may have diverged',
    });
  }

  /** An image whose scores are not what those of the measured images were. */
  #otherScores(id: string, score = NaN): ArtifactError {
    const { path } = this.teacher;
    const { output = 'logits', scores = '' } = this.#reading?.settings ?? {};
    return new ArtifactError(`the score ${score} of ${id} cannot be one of ${output}`, {
      code: 'scores-differ',
      where: path,
      notes: [`${scores} was interpreted as ${output}, by ${this.#reading?.by.output ?? ''}`],
      hint: phrase`set the kind of its scores, such as ${option(['onnx', 'output'], 'logits')}`,
    });
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.stop()));
  }
}

function severalSessions(device: string): ConfigError {
  return new ConfigError(`several sessions cannot share ${device}`, {
    code: 'several-sessions',
    option: ['sessions'],
    hint: phrase`leave ${option('sessions')} out, or label with ${option('device', hostDevice.name)}`,
  });
}
