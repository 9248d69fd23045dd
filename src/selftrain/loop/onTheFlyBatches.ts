import type { LabelKind } from '../../contract/choices.js';
import type { Labeller } from '../../training/labelling/labeller.js';
import type { Images } from '../../data/sets/images.js';
import type { ImageLayout, ImageSource } from '../../data/loader/imageSource.js';
import type { LoaderPool } from '../../data/loader/loaderPool.js';
import { evaluationCrop, type Crop, type Preparation } from '../../data/loader/preparation.js';
import { mixing } from '../../data/loader/imageBatches.js';
import type { Mixer } from '../../data/loader/mixing.js';
import { PreparedBatches, type BatchOrder } from '../../data/loader/preparedBatches.js';
import type { Pixels } from '../../data/loader/slots.js';
import type { UnreadableImages } from '../../data/loader/unreadable.js';
import type { BatchArrays } from '../../runtime/engine/batchArrays.js';
import { argmaxRow, softmaxRows } from '../../support/statistics/scores.js';
import { ConfigError } from '../../support/errors.js';
import { viewOf } from '../../support/imageView.js';
import type { BatchPart } from './mixedBatches.js';

/*
 * Labels can be made while the student trains. The loader prepares two copies of the same images, the student's
 * with its noise and a clean one at the teacher's size; the clean copy goes to a labeller in a thread of its
 * own while the step before runs. To the mixed batches this is a part like any other: a function of the step,
 * so a run resumes without a record of its labels.
 */

export interface OnTheFlyOptions extends BatchOrder {
  /** The teacher; nobody else may use it meanwhile. */
  readonly labeller: Pick<Labeller, 'manifest' | 'predict'>;
  readonly images: Images;
  readonly pool: LoaderPool;
  readonly unreadable: UnreadableImages;
  /** Preparation of an image for the student, noise included. */
  readonly preparation: Preparation;
  /** Mixes the images of a batch, with what the teacher says of each (default: none is mixed). */
  readonly mixer?: Mixer | undefined;
  /** Crop of an image for the teacher (default: as for a teacher that labels a set). */
  readonly cleanCrop?: Crop | undefined;
  /** Soft: the teacher's probabilities; hard: its most probable class alone. */
  readonly kind: LabelKind;
  /** Temperature of soft labels: softmax(scores / temperature) (default: 1). */
  readonly temperature?: number | undefined;
  /** Images of which the teacher is less confident, at temperature 1, get weight 0; default 0. */
  readonly threshold?: number | undefined;
}

/**
 * The pseudo-labelled part of mixed batches with labels made while the student trains, as in the
 * published code: of each image the loader prepares the noised copy for the student and a clean one
 * at the teacher's size, which the teacher labels. A batch is a function of the step alone.
 */
export function onTheFlyBatches(options: OnTheFlyOptions): BatchPart {
  const { labeller, images, preparation, kind, threshold = 0, temperature = 1 } = options;
  const { image: shape, imageFormat: format, classes } = labeller.manifest;
  const { view = viewOf(shape) } = labeller.manifest;
  const crop = options.cleanCrop ?? evaluationCrop(images, view);
  const batches = new PreparedBatches(images, {
    ...options,
    preparations: [preparation, { shape, crop, view }],
  });
  const clean: Pixels = format === 'uint8-nhwc' ? new Uint8Array() : new Float32Array();
  const write = kind === 'hard' ? hardTarget : softTarget;
  const own = new Float64Array(classes);
  const mix = mixing(options.mixer, preparation, options.batch);

  /** Labels the clean copies; `row` is that of the first. */
  async function label(
    arrays: BatchArrays,
    first: number,
    indices: readonly number[],
    pixels: Pixels,
  ): Promise<void> {
    let row = first;
    const source = copiesOf(images, pixels);
    for await (const { probabilities, scores } of labeller.predict(source, indices, temperature))
      for (let start = 0; start < scores.length; start += classes, row++) {
        const end = start + classes;
        softmaxRows(scores.subarray(start, end), classes, own);
        arrays.weight[row] = Math.max(...own) >= threshold ? 1 : 0;
        const target = arrays.target.subarray(row * classes, (row + 1) * classes);
        write(probabilities.subarray(start, end), target);
      }
  }

  return {
    async fill(arrays, step, firstRow) {
      requireClasses(arrays, labeller.manifest);
      await batches.with(step, [arrays.image, clean], async ({ indices, copies }) => {
        const [noised, cleanCopy] = copies;
        if (!noised || !cleanCopy) return;
        arrays.image.set(noised, (firstRow * noised.length) / indices.length);
        await label(arrays, firstRow, indices, cleanCopy);
      });
      mix(arrays, step, firstRow);
    },
  };
}

function softTarget(probabilities: Float32Array, target: Float32Array): void {
  target.set(probabilities);
}

function hardTarget(probabilities: Float32Array, target: Float32Array): void {
  target.fill(0)[argmaxRow(probabilities, 0, probabilities.length)] = 1;
}

/** Images of a batch that are prepared already, as a source that is asked for them in their order. */
function copiesOf(images: Images, pixels: Pixels): ImageSource {
  const { name, count } = images;
  return {
    name,
    count,
    get fingerprint() {
      return images.fingerprint;
    },
    id: (i) => images.id(i),
    batches: (indices, layout) => slices([...indices], pixels, layout),
  };
}

async function* slices(indices: readonly number[], pixels: Pixels, { batch }: ImageLayout) {
  const size = pixels.length / indices.length;
  for (let first = 0; first < indices.length; first += batch) {
    const end = Math.min(first + batch, indices.length);
    yield {
      indices: indices.slice(first, end),
      pixels: pixels.subarray(first * size, end * size),
    };
  }
}

function requireClasses(
  { target, weight }: BatchArrays,
  { name, classes }: Labeller['manifest'],
): void {
  const wanted = target.length / weight.length;
  if (wanted === classes) return;
  throw new ConfigError(
    `the teacher ${name} has ${classes} classes, but the student has ${wanted}`,
    {
      code: 'class-count',
      where: name,
      hint: 'use the classes of the teacher for the student, in the same order',
    },
  );
}
