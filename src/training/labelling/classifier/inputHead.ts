import type { OnnxNode } from '../../../compiler/onnx/model.js';
import { ints } from '../../../compiler/onnx/shapes/valueTable.js';
import { attributeNumber, type GraphWalk } from './graphWalk.js';

/** The range of the pixels that a network is given. */
export const pixelRanges = ['0..1', '0..255'] as const;
/** Range of the pixels that a network takes. */
export type PixelRange = (typeof pixelRanges)[number];

/** Orders of the colours of a pixel: red or blue first. */
export const channelOrders = ['rgb', 'bgr'] as const;
export type ChannelOrder = (typeof channelOrders)[number];

/** Means of red, green and blue over ImageNet's images, of pixels from 0 to 1. */
const imageNetMean = [0.485, 0.456, 0.406];

/** The order in which means of pixels, of either range, are those of ImageNet's images; undefined for others. */
export function channelOrderBy(means: readonly number[]): ChannelOrder | undefined {
  const scale = means.every((m) => m > 1.5) ? 255 : 1;
  const are = (wanted: readonly number[]): boolean =>
    means.length === 3 && wanted.every((m, c) => Math.abs((means[c] ?? 0) / scale - m) < 0.005);
  if (are(imageNetMean)) return 'rgb';
  return are(imageNetMean.toReversed()) ? 'bgr' : undefined;
}

/** Facts about the image that follow from the first nodes of a graph. */
export interface InputHead {
  /** The pixels that its own normalisation is for; undefined if it has none that is certain. */
  readonly range: PixelRange | undefined;
  /** The order of the colours that its means are for; undefined for other means than ImageNet's. */
  readonly order: ChannelOrder | undefined;
  /** That normalisation, by channel or one for all: factor * pixel + shift. */
  readonly scaling: { readonly factor: readonly number[]; readonly shift: readonly number[] };
  /** The operators of that normalisation. */
  readonly by: string;
  /** The channels by the first convolution or normalisation, and along which axis of the image. */
  readonly channels: { readonly axis: number; readonly count: number } | undefined;
}

/** More nodes than this are not a head. */
const mostNodes = 32;

/** Follows the nodes behind an image [N,.,.,.] to the first convolution. */
export function headOf(walk: GraphWalk, input: string): InputHead {
  const scaling = new Scaling(walk);
  let axes = [0, 1, 2, 3];
  let scales = true;
  let value = input;
  for (let i = 0; i < mostNodes; i++) {
    const [node] = walk.readers(value);
    if (!node || node.domain !== '') break;
    const channels = channelsOf(walk, node, axes);
    scales &&= scaling.add(node, value);
    if (channels) return { ...scaling.found(), channels };
    if (node.opType === 'Transpose') {
      const perm = ints(node, 'perm') ?? [3, 2, 1, 0];
      axes = perm.map((axis) => axes[axis] ?? -1);
    } else if (!elementwise.has(node.opType)) break;
    value = node.outputs[0] ?? '';
  }
  return { ...scaling.found(), channels: undefined };
}

/** Nodes that leave each axis where it is. */
const elementwise = new Set([
  ...['Cast', 'Identity', 'Mul', 'Div', 'Add', 'Sub', 'Clip', 'Relu', 'Pad', 'Resize'],
  ...['QuantizeLinear', 'DequantizeLinear', 'BatchNormalization'],
]);

function channelsOf(
  walk: GraphWalk,
  node: OnnxNode,
  axes: readonly number[],
): InputHead['channels'] {
  const axis = axes[1] ?? -1;
  const [first] = walk.shape(node.inputs[1]) ?? [];
  const second = walk.shape(node.inputs[1])?.[1];
  if (node.opType === 'Conv' && typeof second === 'number')
    return { axis, count: second * (attributeNumber(node, 'group') ?? 1) };
  if (node.opType === 'BatchNormalization' && typeof first === 'number')
    return { axis, count: first };
  return undefined;
}

/** The function of a pixel x that a head computes, by channel: a x + b. */
class Scaling {
  #a = [1];
  #b = [0];
  readonly #operators: string[] = [];
  #range: PixelRange | undefined;

  constructor(private readonly walk: GraphWalk) {}

  /** Takes a node in; false if it is something else, behind which nothing counts. */
  add(node: OnnxNode, value: string): boolean {
    const { opType, inputs } = node;
    if (['Cast', 'Identity', 'Transpose'].includes(opType)) return true;
    if (opType === 'BatchNormalization') {
      this.#normalised(node);
      return false;
    }
    const other = inputs[0] === value ? inputs[1] : inputs[0];
    const numbers = this.walk.numbers(other);
    if (!numbers || numbers.length > 4 || !arithmetic.has(opType)) return false;
    const swapped = inputs[0] !== value;
    if (opType === 'Div' && swapped) return false;
    this.#operators.push(opType);
    const apply = (values: number[], of: (x: number, c: number) => number): number[] =>
      Array.from({ length: Math.max(values.length, numbers.length) }, (_, i) =>
        of(values[i % values.length] ?? 0, numbers[i % numbers.length] ?? 0),
      );
    switch (opType) {
      case 'Mul':
        this.#a = apply(this.#a, (x, c) => x * c);
        this.#b = apply(this.#b, (x, c) => x * c);
        break;
      case 'Div':
        this.#a = apply(this.#a, (x, c) => x / c);
        this.#b = apply(this.#b, (x, c) => x / c);
        break;
      case 'Add':
        this.#b = apply(this.#b, (x, c) => x + c);
        break;
      case 'Sub':
        this.#b = apply(this.#b, (x, c) => (swapped ? c - x : x - c));
        if (swapped) this.#a = this.#a.map((x) => -x);
    }
    this.#range = rangeOf(this.#channels());
    return true;
  }

  /** Statistics of the network's own images tell their range if they are far from 0 and 1. */
  #normalised({ opType, inputs }: OnnxNode): void {
    if (this.#operators.length > 0) return;
    const [mean, variance] = [inputs[3], inputs[4]].map((name) => this.walk.numbers(name));
    if (!mean || !variance || mean.length === 0) return;
    this.#operators.push(opType);
    if (mean.every((m) => m >= 20 && m <= 255)) this.#range = '0..255';
    else if (mean.every((m) => m >= 0.1 && m <= 0.9) && variance.every((v) => v <= 0.3))
      this.#range = '0..1';
  }

  #channels(): Channel[] {
    const [a, b] = [this.#a, this.#b];
    return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
      const factor = a[i % a.length] ?? 1;
      return { factor: Math.abs(factor), middle: -(b[i % b.length] ?? 0) / factor };
    });
  }

  found(): Pick<InputHead, 'range' | 'order' | 'scaling' | 'by'> {
    const middles = this.#channels().map(({ middle }) => middle);
    return {
      range: this.#range,
      order: channelOrderBy(middles),
      scaling: { factor: this.#a, shift: this.#b },
      by: this.#operators.join(', '),
    };
  }
}

const arithmetic = new Set(['Mul', 'Div', 'Add', 'Sub']);

/** (x - middle) * factor */
interface Channel {
  readonly factor: number;
  readonly middle: number;
}

/** The pixels that a scaling is for, if it makes no sense of others. */
function rangeOf(channels: readonly Channel[]): PixelRange | undefined {
  const every = (fits: (channel: Channel) => boolean): boolean => channels.every(fits);
  // Means of bytes; no pixel of 0 to 1 is near them.
  if (every(({ middle, factor }) => middle >= 20 && middle <= 255 && factor <= 1.5))
    return '0..255';
  // A factor of 1/255, or a standard deviation of bytes: pixels of 0 to 1 would all be nearly equal.
  if (every(({ middle, factor }) => factor <= 0.05 && (middle === 0 || middle >= 1.5)))
    return '0..255';
  const centred = ({ middle }: Channel): boolean => middle >= 0.05 && middle <= 0.95;
  if (every((channel) => centred(channel) && channel.factor >= 0.9 && channel.factor <= 20))
    return '0..1';
  // The network makes bytes of its pixels.
  if (every(({ middle, factor }) => middle === 0 && factor >= 200 && factor <= 300)) return '0..1';
  return undefined;
}
