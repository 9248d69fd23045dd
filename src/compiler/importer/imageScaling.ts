/** What a file does to its image before the first layer: the model's mean and deviation can do it. */
import { numbersOf } from '../../support/tensor.js';
import {
  imageRef,
  mapRefs,
  refsOf,
  type Argument,
  type LayerCall,
  type Network,
} from './network.js';

/** The image of the model is factor * image + shift of the file's, by channel. */
export interface ImageScaling {
  readonly factor: readonly number[];
  readonly shift: readonly number[];
}

export interface Scaled {
  readonly network: Network;
  readonly scaling: ImageScaling | undefined;
  readonly notes: readonly string[];
}

/** The network with what the file does to its image. */
export function asWritten(network: Network): Scaled {
  return { network, scaling: undefined, notes: unfolded(network) };
}

/** The network without the sums and products by constants at its start. */
export function withoutScaling(network: Network, channels: number): Scaled {
  const { calls, results, factor, shift } = scalingOf(network, channels);
  const last = calls.at(-1);
  if (last === undefined) return asWritten(network);
  const [gone, old] = [new Set(calls), new Set(results)];
  const read = new Set(network.calls.filter((call) => !gone.has(call)).flatMap(refsOf));
  const kept = network.calls.filter(
    (call) => !gone.has(call) && (call.layer !== 'parameter' || read.has(call.result)),
  );
  const renamed = (ref: string): string => (old.has(ref) ? imageRef : ref);
  const own = {
    calls: kept.map((call) => ({ ...call, args: call.args.map((arg) => mapRefs(arg, renamed)) })),
    output: network.output,
  };
  const names = calls.map(({ layer }) => layer).join(', ');
  const note = `what the file does to its image at the start (${names}) is in the mean and std of the model's image`;
  return { network: own, scaling: { factor, shift }, notes: [note, ...unfolded(own)] };
}

interface Chain extends ImageScaling {
  readonly calls: readonly LayerCall[];
  readonly results: readonly string[];
}

/** The calls at the start that scale each channel, as far as no factor is negative. */
function scalingOf({ calls, output }: Network, channels: number): Chain {
  const made = new Map(calls.map((call) => [call.result, call]));
  const found: LayerCall[] = [];
  const filled = (value: number): number[] => new Array<number>(channels).fill(value);
  let chain: Chain = { calls: [], results: [], factor: filled(1), shift: filled(0) };
  let { factor, shift } = chain;
  let ref = imageRef;
  for (;;) {
    const readers = calls.filter(
      (call) => call.layer !== 'parameter' && refsOf(call).includes(ref),
    );
    const [call] = readers;
    if (call === undefined || readers.length > 1 || ref === output) return chain;
    const at = call.args.findIndex((arg) => 'ref' in arg && arg.ref === ref);
    const numbers = numbersOfArgument(call.args[1 - at], made, channels);
    if (call.args.length !== 2 || numbers === undefined) return chain;
    const by = (values: readonly number[], of: (a: number, b: number) => number): number[] =>
      values.map((value, c) => of(value, numbers[c] ?? 0));
    const swapped = at === 1;
    if (call.layer === 'add') shift = by(shift, (a, b) => a + b);
    else if (call.layer === 'sub' && !swapped) shift = by(shift, (a, b) => a - b);
    else if (call.layer === 'sub')
      [factor, shift] = [factor.map((a) => -a), by(shift, (a, b) => b - a)];
    else if (call.layer === 'mul')
      [factor, shift] = [by(factor, (a, b) => a * b), by(shift, (a, b) => a * b)];
    else if (call.layer === 'div' && !swapped)
      [factor, shift] = [by(factor, (a, b) => a / b), by(shift, (a, b) => a / b)];
    else return chain;
    found.push(call);
    ref = call.result;
    if (factor.every((value) => value > 0 && Number.isFinite(value)))
      chain = { calls: [...found], results: found.map(({ result }) => result), factor, shift };
  }
}

/** A constant by channel of a map; undefined for one of other axes. */
function numbersOfArgument(
  arg: Argument | undefined,
  made: ReadonlyMap<string, LayerCall>,
  channels: number,
): readonly number[] | undefined {
  if (arg === undefined || 'refs' in arg) return undefined;
  if ('literal' in arg)
    return typeof arg.literal === 'number'
      ? new Array<number>(channels).fill(arg.literal)
      : undefined;
  const call = made.get(arg.ref);
  const tensor = call?.layer === 'parameter' ? call.weights[0]?.tensor : undefined;
  if (tensor === undefined || tensor.data.length !== channels) return undefined;
  return tensor.shape.at(-3) === channels ? [...numbersOf(tensor)] : undefined;
}

/** Constants beside the image that stay in the model. */
function unfolded({ calls }: Network): string[] {
  const constants = new Set(
    calls.filter(({ layer }) => layer === 'parameter').map(({ result }) => result),
  );
  const beside = calls.filter((call) => {
    const refs = refsOf(call);
    return (
      call.layer !== 'parameter' &&
      refs.includes(imageRef) &&
      refs.some((one) => constants.has(one))
    );
  });
  return beside.length === 0
    ? []
    : [
        `${beside.map(({ layer }) => layer).join(', ')} of the image by a constant is written with a parameter, which is trained unless you freeze it`,
      ];
}

type Normalisation = { readonly mean: readonly number[]; readonly std: readonly number[] };

/** Mean and deviation, for pixels in 0..1, of images that are scaled further. */
export function normalisedBy(
  { factor, shift }: ImageScaling,
  before: Normalisation | undefined,
): Normalisation {
  const short = (value: number): number => Number(value.toPrecision(7));
  const std = factor.map((a, c) => (before?.std[c] ?? 1) / a);
  return {
    mean: std.map((s, c) => short((before?.mean[c] ?? 0) - (shift[c] ?? 0) * s)),
    std: std.map(short),
  };
}
