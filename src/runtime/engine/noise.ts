import type { NoiseKind } from '../../contract/choices.js';
import type { TensorInfo } from '../../contract/manifest.js';
import { ArtifactError, invariant } from '../../support/errors.js';
import { fillBits } from '../../support/random.js';

/*
 * Noise is an input. A mask element is a function of (seed, step, site, sample, element) by Philox4x32-10, drawn
 * by the host, so a run is the same on every execution provider, after a resume, and against PyTorch fed with
 * the same masks. An inference graph can keep its masks as inputs (`compileInference` with `noised`): a teacher
 * that labels with noise, and Monte-Carlo dropout, run on that, with batch norm as in evaluation. The `forward`
 * artifact, made to be read, has standard Dropout nodes instead.
 */

/** Images that get none of the network's noise. */
export interface QuietImages {
  /** Index in the global batch of the first; all after it are, too. */
  readonly from: number;
  /** The one kind of noise that they go without (default: both). */
  readonly kind?: NoiseKind | undefined;
}

/** Coordinates that the noise of a step depends on. */
export interface NoiseAt {
  readonly seed: number;
  /** Optimizer steps done before this one. */
  readonly step: number;
  /** Index in the global batch of the first row, if this is a shard or a micro-batch. */
  readonly sampleOffset: number;
  /** Sample of each of the first rows, in place of those that follow `sampleOffset`. */
  readonly samples?: readonly number[] | undefined;
  /** Images that keep all, at its own strength. */
  readonly quiet?: QuietImages | undefined;
}

/**
 * Fills the mask of one noise input. An element is 1 if its 32-bit word lies below keep * 2^32,
 * else 0; words come from philox(counter = [i, sample, step, site], key = seed), running over the
 * elements of a row (dropout) or one for each row (stochastic depth).
 */
export class NoiseSource {
  readonly #threshold: number;
  /** A kept value is divided by this; as a mask it leaves a value as it is. */
  readonly #keep: number;
  readonly #words: Uint32Array;
  readonly #rowLength: number;
  readonly #kind: NoiseKind;
  /** One object for all streams: a step of a big model asks for thousands. */
  readonly #stream: { site: number; step: number; sample: number };

  constructor(
    info: TensorInfo,
    /** The mask, [N,...], which `fill` writes. */
    readonly mask: Float32Array,
    readonly batch: number,
  ) {
    const keep = info.kind === 'stochasticDepth' ? info.survival : info.keep;
    if (info.site === undefined || info.kind === undefined || keep === undefined)
      throw new ArtifactError(`noise input ${info.name} has no site, kind and keep or survival`, {
        code: 'manifest-invalid',
        where: info.name,
      });
    invariant(mask.length % batch === 0, `a mask of ${mask.length} for ${batch} images`);
    this.#rowLength = mask.length / batch;
    const words = info.kind === 'stochasticDepth' ? 1 : this.#rowLength;
    // The generator makes four words at a time; a round length spares it a buffer for the rest.
    this.#words = new Uint32Array(Math.ceil(words / 4) * 4);
    this.#kind = info.kind;
    this.#threshold = keep * 2 ** 32;
    this.#keep = keep;
    this.#stream = { site: info.site, step: 0, sample: 0 };
  }

  fill({ seed, step, sampleOffset, samples, quiet }: NoiseAt): void {
    const applies = quiet !== undefined && (quiet.kind ?? this.#kind) === this.#kind;
    const quietFrom = applies ? quiet.from : Infinity;
    this.#stream.step = step;
    const noisy = Math.min(this.batch, Math.max(0, quietFrom - sampleOffset));
    this.mask.fill(this.#keep, noisy * this.#rowLength);
    for (let row = 0; row < noisy; row++) {
      this.#stream.sample = samples?.[row] ?? sampleOffset + row;
      fillBits(this.#words, seed, this.#stream);
      this.#writeRow(row * this.#rowLength);
    }
  }

  #writeRow(start: number): void {
    const { mask } = this;
    const perSample = this.#kind === 'stochasticDepth';
    const words = this.#words;
    const threshold = this.#threshold;
    for (let i = 0; i < this.#rowLength; i++)
      mask[start + i] = (words[perSample ? 0 : i] ?? 0) < threshold ? 1 : 0;
  }
}
