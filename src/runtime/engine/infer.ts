import type { ArtifactInfo, Manifest } from '../../contract/manifest.js';
import { ArtifactError } from '../../support/errors.js';
import { zeroTensor } from '../../support/tensor.js';
import { batchOf, requireArtifact, requireTensor, type InferArrays } from './batchArrays.js';
import { copyInto, resolveShape, type WeightSource } from './buffers.js';
import type { NoiseAt } from './noise.js';
import type { Feeds, Fetches, HostTensor, Session } from './executor.js';
import { NoiseInputs } from './stepInputs.js';

const firstNoise: NoiseAt = { seed: 0, step: 0, sampleOffset: 0 };

/** Runs the artifact `infer` on batches; weights are inside it, or inputs that a run names. */
export class InferRunner {
  readonly batch: number;
  /** True if the artifact takes its weights as inputs. */
  readonly takesWeights: boolean;
  readonly #info: ArtifactInfo;
  readonly #feeds: Feeds = {};
  readonly #fetches: Fetches = {};
  readonly #image: HostTensor;
  readonly #logits: HostTensor;
  readonly #noise: NoiseInputs;

  constructor(
    manifest: Manifest,
    private readonly session: Session,
    batch?: number,
  ) {
    this.#info = requireArtifact(manifest, 'infer');
    this.batch = batchOf(manifest, batch);
    const image = requireTensor(this.#info, 'inputs', 'image');
    const logits = requireTensor(this.#info, 'outputs', 'logits');
    this.#image = zeroTensor(image.dtype, resolveShape(image.shape, this.batch));
    this.#logits = zeroTensor(logits.dtype, resolveShape(logits.shape, this.batch));
    this.#feeds[image.name] = this.#image;
    this.#fetches[logits.name] = this.#logits;
    this.#noise = new NoiseInputs(this.#info, this.batch, this.#feeds);
    this.takesWeights = this.#weightInputs().length > 0;
  }

  /**
   * Classifies a batch: arrays.image -> arrays.logits. `weights` is needed by an artifact that
   * takes its weights as inputs, and refused by one that has them inside; `noise` tells a noised
   * one which masks to draw. Milliseconds inside onnxruntime.
   */
  async run(arrays: InferArrays, weights?: WeightSource, noise = firstNoise): Promise<number> {
    if (this.takesWeights !== (weights !== undefined)) throw this.#wrongWeights();
    if (weights)
      for (const { name, param } of this.#weightInputs())
        this.#feeds[name] = weights(param ?? name);
    this.#noise.fill(noise);
    copyInto(this.#image.data, arrays.image);
    const start = performance.now();
    await this.session.run(this.#feeds, this.#fetches);
    const time = performance.now() - start;
    copyInto(arrays.logits, this.#logits.data);
    return time;
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  #weightInputs() {
    return this.#info.inputs.filter(({ role }) => role === 'param' || role === 'buffer');
  }

  #wrongWeights(): ArtifactError {
    const { file } = this.#info;
    return new ArtifactError(
      this.takesWeights ? `${file} needs weights` : `${file} has its weights inside`,
      {
        code: 'infer-weights',
        where: file,
        hint: this.takesWeights
          ? 'pass the weights of a checkpoint'
          : 'compile it with weightInputs to run it with other weights',
      },
    );
  }
}
