import { TypeFault } from '../ir/graph.js';
import { formatShape, staticDim, type Shape } from '../../support/shape.js';

/** Geometry of a sliding window; the words of ONNX's Conv. */
export interface WindowAttributes {
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

/** Output size of a window over [N,C,H,W]; throws if the window is larger than the padded map. */
export function windowOutput(
  input: Shape,
  kernel: readonly [number, number],
  { strides, pads, dilations }: WindowAttributes,
): [number, number] {
  if (input.length !== 4)
    throw new TypeFault('rank', `the input ${formatShape(input)} is not [N,C,H,W]`);
  const size = [0, 1].map((axis) => {
    const padded = staticDim(input[2 + axis]) + (pads[axis] ?? 0) + (pads[2 + axis] ?? 0);
    const extent = (dilations[axis] ?? 1) * ((kernel[axis] ?? 1) - 1) + 1;
    if (extent > padded)
      throw new TypeFault(
        'window-too-large',
        `a ${kernel.join('x')} window${extent === kernel[axis] ? '' : ` with dilation ${dilations.join('x')}`} is larger than the map ${formatShape(input)}` +
          (pads.some((pad) => pad > 0) ? ` padded by [${pads.join(',')}]` : ''),
        "use a smaller kernel, padding: 'same', or fewer strided layers before this one",
      );
    return Math.floor((padded - extent) / (strides[axis] ?? 1)) + 1;
  });
  return [size[0] ?? 0, size[1] ?? 0];
}

/** Calls visit(input offset within the map or -1 in the padding, window offset) for one output position. */
export function forEachTap(
  [height, width]: readonly [number, number],
  [kh, kw]: readonly [number, number],
  { strides, pads, dilations }: WindowAttributes,
  [oy, ox]: readonly [number, number],
  visit: (inputAt: number, tap: number) => void,
): void {
  for (let ky = 0; ky < kh; ky++)
    for (let kx = 0; kx < kw; kx++) {
      const y = oy * strides[0] - pads[0] + ky * dilations[0];
      const x = ox * strides[1] - pads[1] + kx * dilations[1];
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      visit(inside ? y * width + x : -1, ky * kw + kx);
    }
}

/** Padding that a transposed convolution must add at the end to restore an input size. */
export function outputPadding(
  input: readonly [number, number],
  output: readonly [number, number],
  kernel: readonly [number, number],
  { strides, pads, dilations }: WindowAttributes,
): [number, number] {
  const missing = (axis: 0 | 1): number =>
    input[axis] +
    pads[axis] +
    pads[axis === 0 ? 2 : 3] -
    ((output[axis] - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1);
  return [missing(0), missing(1)];
}

/** H and W of [N,C,H,W]. */
export function mapSize(shape: Shape): [number, number] {
  return [staticDim(shape[2]), staticDim(shape[3])];
}
