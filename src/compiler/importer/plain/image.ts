/** The image that a graph takes, with its batch freed and its size known. */
import { ArtifactError } from '../../../support/errors.js';
import { option, phrase } from '../../../support/phrase.js';
import { batchDim, formatShape, type Dim, type Shape } from '../../../support/shape.js';
import type { OnnxValueInfo } from '../../onnx/model.js';
import { pixelAxes } from '../../onnx/shapes/pixelAxes.js';

/** Height and width in pixels; one number for both. */
export type ImageSize = number | readonly [number, number];

export interface ImageShape {
  readonly shape: Shape;
  /** The batch that the file fixes; undefined if it leaves it open. */
  readonly fixed: number | undefined;
}

/** Shape of an input of four axes with the symbol N as its batch; `size` fills height and width if they are open. */
export function imageShape(
  { name, shape = [] }: OnnxValueInfo,
  size: ImageSize | undefined,
  file: string,
): ImageShape {
  const axes = pixelAxes(shape);
  const given = shape.map((dim, axis): Dim => {
    if (axis === 0) return batchDim;
    if (!axes.includes(axis)) return dim;
    const own = typeof size === 'object' ? size[axes.indexOf(axis)] : size;
    if (typeof dim === 'number' && dim > 0) return checked(dim, own, name, file);
    return own ?? dim;
  });
  const open = axes.filter((axis) => !isSize(given[axis]));
  if (open.length > 0)
    throw new ArtifactError(`${file}: the image ${name} has the open sizes ${formatShape(shape)}`, {
      code: 'onnx-size',
      where: file,
      option: ['size'],
      hint: phrase`say the height and width of its images with ${option('size', 224)}, or export it anew with a fixed one`,
    });
  if (!given.slice(1).every(isSize))
    throw new ArtifactError(
      `${file}: the image ${name} has an open number of channels, ${formatShape(shape)}`,
      { code: 'onnx-size', where: file, hint: 'export it anew with a fixed number of channels' },
    );
  const [batch] = shape;
  return { shape: given, fixed: typeof batch === 'number' && batch > 0 ? batch : undefined };
}

function isSize(dim: Dim | undefined): dim is number {
  return typeof dim === 'number' && dim > 0;
}

function checked(dim: number, size: number | undefined, name: string, file: string): number {
  if (size === undefined || size === dim) return dim;
  throw new ArtifactError(`${file}: the image ${name} is fixed to ${dim} pixels, not ${size}`, {
    code: 'onnx-size',
    where: file,
    option: ['size'],
    hint: phrase`leave ${option('size')} out, or export the network anew with open sizes`,
  });
}
