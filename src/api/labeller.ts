import type { Manifest } from '../artifacts/manifest.js';
import type { InferencePrecision } from '../compiler/precision.js';
import type { ImageBatch, ImageLayout, ImageSource } from '../data/imageSource.js';
import type { InferArrays } from '../runtime/batchArrays.js';
import { MeanProbabilities, softmaxRows } from '../runtime/evaluate.js';
import { TrainClient } from '../runtime/trainClient.js';
import { ArtifactError, ConfigError, invariant } from '../support/errors.js';
import { chooseDevice, requireLabelPrecision, sessionOn } from './device.js';
import type { DeviceChoice, DeviceName } from './deviceNames.js';
import { resolveTarget } from './target.js';
import {
  loadTeacher,
  type ModelNoise,
  type Normalisation,
  type Teacher,
  type TeacherSource,
} from './teacher.js';

export interface LabellerOptions {
  /** Images of a run; default 32. An .onnx file with a batch of its own runs with that one. */
  readonly batch?: number | undefined;
  /** Threads of one operator; onnxruntime's choice where missing, one where there are several sessions. */
  readonly threads?: number | undefined;
  /**
   * Sessions that share the batches, each in a thread of its own with weights and memory of its own;
   * default 1. On the CPU only.
   */
  readonly sessions?: number | undefined;
  readonly device?: DeviceName | undefined;
  /** What a checkpoint's network computes in, on a GPU; default float32. */
  readonly precision?: InferencePrecision | undefined;
  /** Names of the classes, where the teacher does not tell them. */
  readonly classNames?: readonly string[] | undefined;
  /** Dropout and stochastic depth while it labels; none where missing. */
  readonly noise?: ModelNoise | undefined;
}

/** What a teacher says of some images; valid until the next is taken. */
export interface Prediction {
  /** Which images of the source. */
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

  private constructor(
    readonly teacher: Teacher,
    /** Where it runs, and why there. */
    readonly device: DeviceChoice,
    /** One for each session; batches go to them in turns. */
    private readonly clients: readonly TrainClient[],
  ) {
    const [{ inferImages } = { inferImages: 0 }] = clients;
    this.batch = inferImages;
    this.#scores = new Float32Array(inferImages * teacher.manifest.classes);
    this.#probabilities = new Float32Array(this.#scores.length);
  }

  /** Loads a teacher; throws as loadTeacher does, and a DeviceError for a device that cannot be used. */
  static async create(source: TeacherSource, options: LabellerOptions = {}): Promise<Labeller> {
    const { batch = 32, sessions = 1, classNames, noise, precision } = options;
    const choice = await chooseDevice(options.device, precision);
    const { device } = choice;
    requireLabelPrecision(device, precision, '--precision');
    if (sessions > 1 && device !== 'cpu') throw severalSessions(device);
    const threads = options.threads ?? (sessions > 1 ? 1 : undefined);
    // On the CPU onnxruntime finds its own layout, since the weights are constants.
    const target = await resolveTarget(device === 'cpu' ? 'portable' : device);
    const teacher = await loadTeacher(source, { batch, classNames, noise, target, precision });
    // A graph from elsewhere may have nodes that only the CPU runs.
    const strict = typeof teacher.infer !== 'string' && device === 'webgpu';
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
      return new Labeller(teacher, choice, clients);
    } catch (error) {
      for (const client of clients) await client.stop();
      throw error;
    }
  }

  get manifest(): Manifest {
    return this.teacher.manifest;
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
    const { image: shape, imageFormat: format, view } = this.manifest;
    const layout: ImageLayout = { batch: this.batch, shape, format, view };
    const running: Running[] = [];
    let started = 0;
    try {
      for await (const batch of source.batches(indices, layout)) {
        running.push(await this.#start(batch, started++));
        const first = running.length > this.clients.length ? running.shift() : undefined;
        if (first) yield await this.#finish(first, source, temperature);
      }
      for (let next; (next = running.shift());) yield await this.#finish(next, source, temperature);
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
    arrays.image.set(pixels.length === used ? pixels : pixels.subarray(0, used));
    arrays.image.fill(0, used);
    if (this.teacher.normalise)
      normalise(arrays.image, this.manifest.image, this.teacher.normalise);
    const done = this.#run(client, indices, arrays);
    // It is awaited after the next batch was read; until then its failure is not unheard.
    done.catch(() => undefined);
    return { indices, arrays, client, done };
  }

  /** Runs a batch: once, or with several masks whose probabilities are averaged. */
  async #run(client: TrainClient, indices: readonly number[], arrays: InferArrays): Promise<void> {
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

  async #finish(
    { indices, arrays, client, done }: Running,
    source: ImageSource,
    temperature: number,
  ): Promise<Prediction> {
    const { classes } = this.manifest;
    try {
      await done;
      const scores = this.#scores.subarray(0, indices.length * classes);
      scores.set(arrays.logits.subarray(0, scores.length));
      const bad = scores.findIndex((score) => !Number.isFinite(score));
      if (bad >= 0) throw this.#noNumber(source.id(indices[Math.floor(bad / classes)] ?? 0));
      // The logarithm of a probability is a logit; below the smallest float there is no smaller.
      if (this.teacher.softmax)
        for (const [i, p] of scores.entries()) scores[i] = Math.log(Math.max(p, 1e-38));
      const probabilities = this.#probabilities.subarray(0, scores.length);
      softmaxRows(scores, classes, probabilities, temperature);
      return { indices, probabilities, scores };
    } finally {
      client.giveBackInfer(arrays);
    }
  }

  #noNumber(id: string): ArtifactError {
    const { path } = this.teacher;
    return new ArtifactError(`the teacher's scores of ${id} are no finite numbers`, {
      code: 'scores-not-finite',
      where: path,
      hint: 'its weights may have diverged: label with an earlier checkpoint',
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
    where: '--sessions',
    hint: 'leave --sessions out, or label with --device cpu',
  });
}

/** (pixel - mean) / std by channel, of images [N,C,H,W] in place. */
function normalise(
  pixels: Float32Array | Uint8Array,
  [channels, height, width]: readonly [number, number, number],
  { mean, std }: Normalisation,
): void {
  const plane = height * width;
  for (let start = 0; start < pixels.length; start += plane) {
    const channel = (start / plane) % channels;
    const [m, s] = [mean[channel] ?? 0, std[channel] ?? 1];
    for (let i = start; i < start + plane; i++) pixels[i] = ((pixels[i] ?? 0) - m) / s;
  }
}
