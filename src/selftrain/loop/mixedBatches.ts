import type { LabelKind, MixedLoss } from '../../contract/choices.js';
import type { BatchSource } from '../../training/trainer/trainer.js';
import type { BatchArrays } from '../../runtime/engine/batchArrays.js';
import type { QuietImages } from '../../runtime/engine/noise.js';
import { ConfigError } from '../../support/errors.js';

/** One of the two sets of a mixed batch; goes through its images in a shuffled order of its own. */
export interface BatchPart {
  /** Fills the part's rows of a step, beginning at `firstRow`. */
  fill(arrays: BatchArrays, step: number, firstRow: number): void | Promise<void>;
}

interface MixedBatchesOptions {
  readonly labelled: BatchPart & { readonly stepsPerEpoch: number };
  /** Must fill batch * ratio rows. */
  readonly pseudo: BatchPart;
  /** Labelled images of a step. */
  readonly batch: number;
  /** Pseudo-labelled images for each labelled one. */
  readonly ratio: number;
  /** Kind of the pseudo-labels; soft ones are not smoothed. */
  readonly kind: LabelKind;
  /** Default 0. Done here: the network's own label smoothing, which knows no parts, must be 0. */
  readonly labelSmoothing?: number | undefined;
  /**
   * `mean` (default) is the mean over all images (arXiv 1911.04252, algorithm 1); `sumOfMeans` the
   * published code's: the labelled mean plus ratio times the pseudo-labelled one.
   */
  readonly loss?: MixedLoss | undefined;
  /** Noise that pseudo-labelled images are spared: an ablation. */
  readonly quietPseudo?: Omit<QuietImages, 'from'> | undefined;
}

/**
 * Batches of labelled images and, after them, pseudo-labelled ones: a function of the step alone
 * where the parts are. An epoch counts labelled images.
 */
export class MixedBatches implements BatchSource {
  readonly stepsPerEpoch: number;

  /** Throws a ConfigError if the parts are not whole numbers of images. */
  constructor(private readonly options: MixedBatchesOptions) {
    const { labelled, batch, ratio } = options;
    if (!(ratio > 0) || !Number.isInteger(batch * ratio))
      throw new ConfigError(
        `${ratio} times a batch of ${batch} is not a whole number of images above 0`,
        {
          code: 'ratio-invalid',
          option: ['ratio'],
          hint: 'set a ratio such that batch x ratio is a whole number above 0',
        },
      );
    this.stepsPerEpoch = labelled.stepsPerEpoch;
  }

  get quiet(): QuietImages | undefined {
    const { quietPseudo, batch } = this.options;
    return quietPseudo && { ...quietPseudo, from: batch };
  }

  /** Images of a step: batch x (1 + ratio). */
  get images(): number {
    return this.options.batch * (1 + this.options.ratio);
  }

  async fill(arrays: BatchArrays, step: number): Promise<void> {
    const { labelled, pseudo, batch, ratio, kind, labelSmoothing = 0, loss } = this.options;
    const { images } = this;
    if (arrays.weight.length !== images)
      throw new ConfigError(`a step of ${arrays.weight.length} images for batches of ${images}`, {
        code: 'batch-mismatch',
        option: ['batch'],
        hint: `train with ${images} images per step: batch x (1 + ratio)`,
      });
    await labelled.fill(arrays, step, 0);
    await pseudo.fill(arrays, step, batch);
    smooth(arrays, 0, kind === 'hard' ? images : batch, labelSmoothing);
    if (loss !== 'sumOfMeans') return;
    const total = weightOf(arrays, 0, images);
    scale(arrays, 0, batch, total / weightOf(arrays, 0, batch));
    scale(arrays, batch, images, (ratio * total) / weightOf(arrays, batch, images));
  }
}

/** (1 - s) * target + s / K (arXiv 1512.00567, section 7), of rows `first` to `end`. */
function smooth(arrays: BatchArrays, first: number, end: number, smoothing: number): void {
  if (smoothing === 0) return;
  const classes = arrays.target.length / arrays.weight.length;
  const rows = arrays.target.subarray(first * classes, end * classes);
  for (const [i, p] of rows.entries()) rows[i] = (1 - smoothing) * p + smoothing / classes;
}

/**
 * Counts rows `factor` times. A step divides by the sum of the weights, which takes a common factor
 * out of them again; the cross-entropy is linear in the target, so the factor goes there.
 */
function scale(arrays: BatchArrays, first: number, end: number, factor: number): void {
  // A part of no weight has no loss, whatever its targets.
  if (!Number.isFinite(factor)) return;
  const classes = arrays.target.length / arrays.weight.length;
  const rows = arrays.target.subarray(first * classes, end * classes);
  for (const [i, p] of rows.entries()) rows[i] = factor * p;
}

function weightOf({ weight }: BatchArrays, first: number, end: number): number {
  return weight.subarray(first, end).reduce((a, b) => a + b, 0);
}
