import { pair } from '../literals.js';
import type { Literal } from '../network.js';
import { Refusal, sampleShape, type NodeReader } from './rule.js';

/** A window over a map as a node has it, vertical first. */
export interface NodeWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
}

/** Reads the window of a convolution or pool over a map; refuses 1-d and 3-d ones. */
export function readWindow(node: NodeReader): NodeWindow {
  const axes = sampleShape(node.value(0)).length - 1;
  const kernel = node.ints('kernel_shape');
  if (axes !== 2 || kernel?.length !== 2)
    throw new Refusal(`it is ${axes}-dimensional; layers are for maps`);
  return {
    kernel: two(kernel, 1),
    strides: two(node.ints('strides'), 1),
    dilations: two(node.ints('dilations'), 1),
    pads: readPads(node),
  };
}

function readPads(node: NodeReader): readonly [number, number, number, number] {
  const [top = 0, left = 0, bottom = 0, right = 0] = node.ints('pads') ?? [];
  if (Math.min(top, left, bottom, right) < 0) throw new Refusal('it crops: its padding is below 0');
  return [top, left, bottom, right];
}

function two(values: readonly number[] | undefined, otherwise: number): readonly [number, number] {
  const [vertical = otherwise, horizontal = otherwise] = values ?? [];
  return [vertical, horizontal];
}

/** Options of a window as a layer takes them; those that are its defaults are left out. */
export function windowOptions(
  { kernel, strides, dilations, pads }: NodeWindow,
  size: readonly number[],
  defaultStride: readonly [number, number] = [1, 1],
): Readonly<Record<string, Literal | undefined>> {
  const unit = (values: readonly [number, number]): boolean => values[0] === 1 && values[1] === 1;
  const usual = strides[0] === defaultStride[0] && strides[1] === defaultStride[1];
  return {
    kernel: pair(...kernel),
    stride: usual ? undefined : pair(...strides),
    padding: paddingOf({ kernel, strides, dilations, pads }, size),
    dilation: unit(dilations) ? undefined : pair(...dilations),
  };
}

/** Padding in the most telling of the forms that a layer takes; undefined for none. */
function paddingOf(window: NodeWindow, size: readonly number[]): Literal | undefined {
  const [top, left, bottom, right] = window.pads;
  if (window.pads.every((side) => side === 0)) return undefined;
  if (top === bottom && left === right) return pair(top, left);
  const same = [0, 1].every((axis) => {
    const sides = sameSides(window, axis, size[axis] ?? 0);
    return window.pads[axis] === sides[0] && window.pads[axis + 2] === sides[1];
  });
  return same ? 'same' : [...window.pads];
}

function sameSides(
  { kernel, strides, dilations }: NodeWindow,
  axis: number,
  size: number,
): readonly [number, number] {
  const stride = strides[axis] ?? 1;
  const reach = (dilations[axis] ?? 1) * ((kernel[axis] ?? 1) - 1);
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach + 1 - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}
