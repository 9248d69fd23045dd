import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { cleanImages } from '../../data/loader/cleanImages.js';
import type { Images } from '../../data/sets/images.js';
import { LeftOut, type LeftOutReason } from '../../data/sets/leftOut.js';
import { range } from '../../data/loader/imageSource.js';
import { LoaderPool } from '../../data/loader/loaderPool.js';
import { imagesBelow } from '../../data/sets/scan.js';
import { UnreadableImages } from '../../data/loader/unreadable.js';
import { DataError } from '../../support/errors.js';
import type { DeviceChoice, DeviceName } from '../../runtime/machine/deviceNames.js';
import type { OnnxOptions } from './classifier/reading.js';
import { Labeller, type LabellerOptions } from './labeller.js';
import { checkRanges } from '../../support/optionRanges.js';

export interface PredictOptions {
  /** A checkpoint's folder, a run's (then its best), or an .onnx file. */
  readonly model: string;
  /** Likeliest classes of each image; default 5. */
  readonly topK?: number | undefined;
  /** Images of a run; default 32. */
  readonly batch?: number | undefined;
  /** Threads of one operator; onnxruntime's choice if missing. */
  readonly threads?: number | undefined;
  readonly device?: DeviceName | undefined;
  /** Runs the model file that a checkpoint names, also one that its training did not know (default: false). */
  readonly trust?: boolean | undefined;
  /** Facts that an .onnx file does not state about itself. */
  readonly onnx?: OnnxOptions | undefined;
  /** Told how an .onnx file is read. */
  readonly onReading?: LabellerOptions['onReading'];
  readonly onDevice?: ((choice: DeviceChoice) => void) | undefined;
  /** Aborted: stops between two batches. */
  readonly signal?: AbortSignal | undefined;
}

/** A class that a network sees in an image. */
export interface PredictedClass {
  readonly class: string;
  /** Its number among the network's classes. */
  readonly index: number;
  readonly probability: number;
}

export interface PredictReport {
  readonly model: string;
  /** Name of the network. */
  readonly name: string;
  readonly classes: number;
  /** Images in their order, each with its likeliest classes, the likeliest first. */
  readonly images: readonly {
    readonly image: string;
    readonly classes: readonly PredictedClass[];
  }[];
  readonly unreadable: readonly { readonly image: string; readonly reason: string }[];
  /** Assumptions about how an image became the network's input. */
  readonly assumed: readonly string[];
}

/**
 * Predicts the classes of images, by path, or of all images below a folder. Those that cannot be read
 * are told with the reason. Throws a DataError if none can be read.
 */
export async function predictImages(
  paths: readonly string[],
  options: PredictOptions,
): Promise<PredictReport> {
  checkRanges('predictImages', options, ['topK', 'batch', 'threads']);
  const { model, batch, threads, device, trust, topK = 5 } = options;
  const left = new LeftOut();
  const images = listed(paths, left);
  const pool = new LoaderPool();
  const labeller = await Labeller.create(model, {
    onnx: options.onnx,
    onReading: options.onReading,
    batch,
    threads,
    device,
    trust,
  });
  options.onDevice?.(labeller.device);
  try {
    const unreadable = new UnreadableImages({ limit: Infinity });
    unreadable.addBeside(left);
    const source = cleanImages(images, { pool, unreadable });
    const { classes: names, name } = labeller.teacher;
    const found: PredictReport['images'][number][] = [];
    for await (const { indices, probabilities } of labeller.predict(
      source,
      range(0, images.count),
    )) {
      options.signal?.throwIfAborted();
      for (const [row, i] of indices.entries()) {
        const own = probabilities.subarray(row * names.length, (row + 1) * names.length);
        found.push({ image: images.id(i), classes: likeliest(own, names, topK) });
      }
    }
    const skipped = [...unreadable.found].map(([where, reason]) => {
      return { image: String(where), reason };
    });
    if (found.length === 0) throw noneReadable(skipped);
    return {
      ...{ model, name, classes: names.length },
      ...{
        images: found,
        unreadable: skipped,
        assumed: [...assumptions(labeller), ...left.reasons.map(leftOutText)],
      },
    };
  } finally {
    await labeller.close();
    await pool.close();
  }
}

/** Files as they are named; of a folder, all images below it. */
function listed(paths: readonly string[], left: LeftOut): Images {
  const files = paths.flatMap((path) =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
      ? Array.from(imagesBelow(path, left), (name) => join(path, name))
      : [path],
  );
  const at = (i: number): string => files[i] ?? '';
  if (files.length === 0)
    throw new DataError(`no images found in ${paths.join(', ')}`, {
      code: 'no-images',
      where: paths[0],
      hint: 'pass images, or folders with images',
    });
  const fingerprint = createHash('sha256').update(files.join('\n')).digest('hex');
  return { name: 'images', count: files.length, fingerprint, id: at, where: at };
}

function likeliest(
  probabilities: Float32Array,
  names: readonly string[],
  most: number,
): PredictedClass[] {
  return Array.from(probabilities, (probability, index) => {
    return { class: names[index] ?? String(index), index, probability };
  })
    .toSorted((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, most);
}

function assumptions({ teacher, manifest }: Labeller): string[] {
  const [, height, width] = manifest.image;
  const { view } = manifest;
  const share = view?.crop === 'centre' ? ` of ${(100 * view.cropPct).toFixed(1)} %` : '';
  const how = view
    ? `, ${view.interpolation}, crop ${view.crop}${share}, pixels ${view.pixels}`
    : '';
  const unnamed = teacher.classes.every((name, i) => name === String(i));
  return [
    `images become ${width}x${height}${how}`,
    ...(unnamed ? ['the model does not name its classes, so they are shown by number'] : []),
  ];
}

function leftOutText({ what, count, first }: LeftOutReason): string {
  return `left out ${count}: ${what}, such as ${first}`;
}

function noneReadable(skipped: PredictReport['unreadable']): DataError {
  return new DataError('no image can be read', {
    code: 'unreadable-images',
    where: skipped[0]?.image,
    notes: skipped.slice(0, 20).map(({ image, reason }) => `${image}: ${reason}`),
    hint: 'pass JPEG, PNG, WebP, GIF, AVIF or TIFF files',
  });
}
