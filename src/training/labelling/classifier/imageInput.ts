import type { OnnxValueInfo } from '../../../compiler/onnx/model.js';
import { ArtifactError, ConfigError } from '../../../support/errors.js';
import { option, phrase, type Prose } from '../../../support/phrase.js';
import { formatDim, type Dim } from '../../../support/shape.js';
import type { InputHead } from './inputHead.js';

/** Position of an image's channels: [N,C,H,W] or [N,H,W,C]. */
export const imageLayouts = ['nchw', 'nhwc'] as const;
/** Order of the axes of an image input. */
export type PixelLayout = (typeof imageLayouts)[number];

/** Source of a fact: the caller, the file's metadata, the graph, a shape. */
export type Evidence = 'told' | 'file' | 'graph' | 'shape' | 'type' | 'assumed';

/** The image that a network takes. */
export interface ImageInput {
  readonly name: string;
  readonly dtype: 'float32' | 'uint8';
  /** As the file states it. */
  readonly shape: string;
  readonly layout: PixelLayout;
  readonly layoutBy: Evidence;
  /** Images of a run, if the file fixes it. */
  readonly batch: number | undefined;
  /** [C,H,W] */
  readonly image: readonly [number, number, number];
}

/** Evidence about the image other than its shape. */
export interface ImageHints {
  /** Layout given by the caller. */
  readonly layout?: PixelLayout | undefined;
  /** Layout recorded in the file's metadata. */
  readonly recorded?: PixelLayout | undefined;
  /** Height and width, for a network that takes any. */
  readonly size?: readonly [number, number] | undefined;
  readonly head: InputHead;
}

/** Larger images are not taken. */
const largest = 16_384;
/** Numbers that the images of one run hold at most. */
const mostNumbers = 2 ** 29;

const axisOf = { nchw: 1, nhwc: 3 } as const;

/**
 * Reads how a network takes an image from the input's shape: the axis that holds 3 channels, or 1, is
 * that of the channels. Throws an ArtifactError if that is not an image, or not certain.
 */
export function imageInputOf(value: OnnxValueInfo, path: string, hints: ImageHints): ImageInput {
  const shape = describeValue(value);
  const wrong = (message: string, code: string, hint: Prose): ArtifactError =>
    new ArtifactError(`${path}: ${message}`, {
      code,
      where: path,
      notes: [`it takes ${shape}`],
      hint,
    });
  const { dtype } = value;
  if (dtype !== 'float32' && dtype !== 'uint8')
    throw wrong(
      `its image ${value.name} has the unsupported type ${dtypeName(value)}`,
      'image-type',
      'convert the input of the network to float32 or uint8',
    );
  const dims = (value.shape ?? []).map(known);
  if (dims.length !== 4)
    throw wrong(
      `its input ${value.name} is not an image [N,C,H,W] or [N,H,W,C]`,
      'not-a-classifier',
      'pass a network that classifies images, with one image per row of the batch',
    );
  const { layout, by, channels } = layoutOf(dims, hints, wrong);
  const [height, width] = sizeOf(dims, layout, path, hints, wrong);
  const batch = dims[0];
  if (Math.max(height, width) > largest || (batch ?? 1) * channels * height * width > mostNumbers)
    throw wrong(
      `its images are too large: at most ${largest} pixels per side and ${mostNumbers} numbers per run`,
      'image-size',
      'export the network for smaller images, or for one image per run',
    );
  return {
    name: value.name,
    dtype,
    shape: describeShape(value.shape ?? []),
    layout,
    layoutBy: by,
    batch,
    image: [channels, height, width],
  };
}

type Wrong = (message: string, code: string, hint: Prose) => ArtifactError;

interface Layout {
  readonly layout: PixelLayout;
  readonly by: Evidence;
  readonly channels: number;
}

function layoutOf(
  dims: readonly (number | undefined)[],
  { layout: told, recorded, head: { channels: seen } }: ImageHints,
  wrong: Wrong,
): Layout {
  const at = (layout: PixelLayout): number | undefined =>
    // A symbol may be any number; the first convolution knows which.
    dims[axisOf[layout]] ?? (seen?.axis === axisOf[layout] ? seen.count : undefined);
  const stated = told ?? recorded;
  const fitting = imageLayouts.filter((layout) => [1, 3].includes(at(layout) ?? 0));
  const bySeen = fitting.filter((layout) => seen?.axis === axisOf[layout]);
  const chosen = stated ?? (fitting.length > 1 ? only(bySeen) : only(fitting));
  if (chosen === undefined && fitting.length > 1)
    throw wrong(
      'its channels could be either of two axes',
      'image-layout',
      phrase`choose one: ${option(['onnx', 'layout'], 'nchw')} for [N,C,H,W], ${option(['onnx', 'layout'], 'nhwc')} for [N,H,W,C]`,
    );
  const channels = chosen === undefined ? undefined : at(chosen);
  if (chosen === undefined || channels === undefined || ![1, 3].includes(channels))
    throw wrong(
      chosen === undefined
        ? 'no axis of its image has 3 colour channels or 1 grey channel'
        : `${channels ?? 'an unknown number of'} channels lie along the axis that ${chosen} means, and not 3 or 1`,
      'image-channels',
      'export the network with a fixed number of channels, 3 or 1',
    );
  if (seen && (seen.axis !== axisOf[chosen] || seen.count !== channels))
    throw wrong(
      `its shape says ${channels} channels as ${chosen}, and its first layer takes ${seen.count} along axis ${seen.axis}`,
      'image-channels',
      'export the network for images of 3 channels or 1, as [N,C,H,W] or [N,H,W,C]',
    );
  const by = told ? 'told' : recorded ? 'file' : fitting.length > 1 ? 'graph' : 'shape';
  return { layout: chosen, by, channels };
}

function only<T>(values: readonly T[]): T | undefined {
  return values.length === 1 ? values[0] : undefined;
}

function sizeOf(
  dims: readonly (number | undefined)[],
  layout: PixelLayout,
  path: string,
  { size }: ImageHints,
  wrong: Wrong,
): readonly [number, number] {
  const own = layout === 'nchw' ? dims.slice(2) : dims.slice(1, 3);
  const [height, width] = own.map((dim, i) => dim ?? size?.[i]);
  if (height === undefined || width === undefined)
    throw wrong(
      'the height and width of its images are not fixed',
      'image-size',
      phrase`set them, such as ${option(['onnx', 'size'], [224])}, or ${option(['onnx', 'size'], [48, 192])} for height and width`,
    );
  if (size && (size[0] !== height || size[1] !== width))
    throw new ConfigError(`${path} takes images of ${height}x${width}, not ${size.join('x')}`, {
      code: 'image-size',
      option: ['onnx', 'size'],
      hint: phrase`leave ${option(['onnx', 'size'])} out: it applies only to networks that take images of any size`,
    });
  return [height, width];
}

/** A dimension that is fixed; some exporters write -1 or 0 for one that is not. */
function known(dim: Dim): number | undefined {
  return typeof dim === 'number' && dim > 0 ? dim : undefined;
}

/** `image [N,3,32,32] of float32` */
export function describeValue(value: OnnxValueInfo): string {
  const shape = value.shape ? describeShape(value.shape) : 'of unknown rank';
  return `${value.name} ${shape} of ${dtypeName(value)}`;
}

/** As formatShape, with a nameless dimension as `?`. */
export function describeShape(shape: readonly Dim[]): string {
  return `[${shape.map((dim) => formatDim(dim)).join(',')}]`;
}

export function dtypeName({ dtype, otherType }: OnnxValueInfo): string {
  if (dtype === undefined) return otherType ? 'not a tensor' : 'an unknown type';
  return typeof dtype === 'string' ? dtype : dtype.foreign;
}
