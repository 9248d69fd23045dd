import { normalisedBy, type ImageScaling } from '../../compiler/importer/imageScaling.js';
import { fedInputs, type OnnxModel } from '../../compiler/onnx/model.js';
import type { ImageOptions } from '../../compiler/trace/defineModel.js';
import { ArtifactError } from '../../support/errors.js';
import { tensorData, type TensorData } from '../../support/tensor.js';
import { GraphWalk } from '../labelling/classifier/graphWalk.js';
import { imageInputOf, imageLayouts, type ImageInput } from '../labelling/classifier/imageInput.js';
import { headOf } from '../labelling/classifier/inputHead.js';
import {
  pixelReadingOf,
  recordedChoice,
  type OnnxOptions,
  type PixelReading,
} from '../labelling/classifier/reading.js';

/** How a foreign network takes its images, and how its written model does. */
export interface ForeignImage {
  readonly input: ImageInput;
  readonly pixels: PixelReading;
  /** Mean and deviation of each channel, red first, for pixels from 0 to 1. */
  readonly normalisation: Required<Pick<ImageOptions, 'mean' | 'std'>>;
  /** What the file does to its image at the start, by channel in the file's order, or one for all. */
  readonly head: ImageScaling;
  /** The same, red first, where the normalisation has it instead. */
  readonly scaling?: ImageScaling | undefined;
}

/** An image whose normalisation has what the file does to it at the start. */
export function scaledImage(image: ForeignImage, scaling: ImageScaling | undefined): ForeignImage {
  if (scaling === undefined) return image;
  const { mean, std } = normalisedBy(scaling, image.normalisation);
  return { ...image, normalisation: { mean: [...mean], std: [...std] }, scaling };
}

/** Facts that a caller states about the image of a file that does not state them. */
export type ImageFacts = Pick<
  OnnxOptions,
  'layout' | 'size' | 'range' | 'channels' | 'mean' | 'std'
>;

/** Reads how a file takes its images; throws an ArtifactError unless its input is one image. */
export function foreignImage(model: OnnxModel, path: string, facts: ImageFacts): ForeignImage {
  const { graph, metadata } = model;
  const inputs = fedInputs(graph);
  const image = inputs.find(({ shape }) => shape?.length === 4);
  if (!image)
    throw new ArtifactError(`${path} takes no image: it has no input of four axes`, {
      code: 'onnx-input',
      where: path,
      notes: [`its inputs are ${inputs.map(({ name }) => name).join(', ') || 'none'}`],
    });
  const head = headOf(new GraphWalk(model), image.name);
  const recorded = recordedChoice(metadata, 'gradus.layout', imageLayouts, path);
  const input = imageInputOf(image, path, { ...facts, recorded, head });
  const pixels = pixelReadingOf(input, head, model, facts, path);
  return { input, pixels, normalisation: normalisationOf(input, pixels), head: head.scaling };
}

function normalisationOf(
  { image: [channels] }: ImageInput,
  { range, mean, std, channels: order }: PixelReading,
): ForeignImage['normalisation'] {
  const scale = range === '0..255' ? 255 : 1;
  const filled = (values: readonly number[] | undefined, missing: number): number[] => {
    const own = Array.from({ length: channels }, (_, c) => (values?.[c] ?? missing) / scale);
    return order === 'bgr' ? own.toReversed() : own;
  };
  return { mean: filled(mean, 0), std: filled(std, 1) };
}

/** Images of the written model as the foreign file takes them. */
export function asForeign(own: TensorData, { input, pixels, scaling }: ForeignImage): TensorData {
  const [batch = 1, channels = 1, height = 1, width = 1] = own.shape;
  const last = input.layout === 'nhwc';
  const shape = last ? [batch, height, width, channels] : own.shape;
  const plane = height * width;
  const values = new Float32Array(own.data.length);
  const bytes = input.dtype === 'uint8';
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++) {
      const channel = pixels.channels === 'bgr' ? channels - 1 - c : c;
      const from = (n * channels + channel) * plane;
      const [factor, shift] = [scaling?.factor[channel] ?? 1, scaling?.shift[channel] ?? 0];
      const [to, step] = last
        ? [n * plane * channels + c, channels]
        : [(n * channels + c) * plane, 1];
      for (let p = 0; p < plane; p++) {
        const value = (Number(own.data[from + p]) - shift) / factor;
        values[to + p * step] = bytes ? Math.round(value) : value;
      }
    }
  return tensorData(input.dtype, shape, values);
}
