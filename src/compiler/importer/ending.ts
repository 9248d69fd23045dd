/** How a foreign network ends, and how a model of ours does: in logits, whose number is an option. */
import { formatShape } from '../../support/shape.js';
import { imageRef, ownRef, refsOf, type LayerCall, type Network } from './network.js';

export interface Ended {
  readonly network: Network;
  /** The number of classes that the file has; undefined where its end is no [N,classes]. */
  readonly classes: number | undefined;
  readonly notes: readonly string[];
}

/** What follows the logits in a file and is not part of a model: the loss has it. */
const tails: Readonly<Record<string, string>> = {
  softmax: 'training has it in its loss',
  sigmoid: 'the model returns what goes into it',
};

/** A network that returns logits, with the number of classes taken from `build`. */
export function ended(network: Network): Ended {
  const notes: string[] = [];
  let { calls, output } = network;
  for (let last = calls.at(-1); last !== undefined; last = calls.at(-1)) {
    const why = tails[last.layer];
    const [input] = refsOf(last);
    if (why === undefined || last.result !== output || input === undefined || input === imageRef)
      break;
    notes.push(`the ${last.layer} at the end (${last.nodes.join(', ')}) was left out: ${why}`);
    [calls, output] = [calls.slice(0, -1), input];
  }
  const found = classesOf({ calls, output });
  if (found === undefined) return { network: { calls, output }, classes: undefined, notes };
  const { layer, classes } = found;
  const options = { ...layer.options, out: { named: 'classes' } };
  const open = calls.map((call) => (call === layer ? { ...call, options } : call));
  return { network: { calls: open, output }, classes, notes };
}

/** Layers that leave the number of channels as it is, whatever it is. */
const keepsChannels = new Set([
  'batchNorm',
  'relu',
  'relu6',
  'leakyRelu',
  'tanh',
  'globalAvgPool',
  'globalMaxPool',
  'avgPool',
  'maxPool',
]);

/** The layer whose outputs are the logits, and their number. */
function classesOf({
  calls,
  output,
}: Network): { readonly layer: LayerCall; readonly classes: number } | undefined {
  const makers = new Map(calls.map((call) => [call.result, call]));
  let call = makers.get(output);
  // Axes of one element go after a pool, as in SqueezeNet.
  const keeps = ({ layer, options }: LayerCall): boolean =>
    keepsChannels.has(layer) || (layer === 'flatten' && Object.keys(options).length === 0);
  while (call !== undefined && keeps(call)) call = makers.get(refsOf(call)[0] ?? '');
  if (call === undefined || (call.layer !== 'linear' && call.layer !== 'conv2d')) return undefined;
  const { out } = call.options;
  const last = makers.get(output)?.shape;
  const classes = last?.length === 2 ? last[1] : undefined;
  return typeof out === 'number' && out === classes ? { layer: call, classes } : undefined;
}

const [logits, pooled] = [ownRef('logits'), ownRef('pooled')];

/** A network that ends in features, with a new classifier behind them. */
export function withClassifier({ calls, output }: Network): Network | undefined {
  const shape = calls.find(({ result }) => result === output)?.shape;
  const rank = shape?.length ?? 0;
  const base = { weights: [], nodes: [], anew: true, shape: undefined } as const;
  const head = { ...base, path: ['classifier'], result: logits };
  const classes = { named: 'classes' };
  const last = (ref: string): LayerCall => ({
    ...head,
    layer: 'linear',
    args: [{ ref }],
    options: { out: classes },
  });
  if (rank === 2) return { calls: [...calls, last(output)], output: logits };
  if (rank === 3) {
    // Tokens are averaged.
    const options = { axes: [1] };
    const own = { weights: [], nodes: [], path: [], layer: 'mean', result: pooled, options };
    const mean: LayerCall = { ...own, args: [{ ref: output }] };
    return { calls: [...calls, mean, last(pooled)], output: logits };
  }
  if (rank !== 4) return undefined;
  const options = { classes, dropout: { named: 'drop' } };
  const own: LayerCall = { ...head, layer: 'classifier', args: [{ ref: output }], options };
  return { calls: [...calls, own], output: logits };
}

/** The shape that a network ends in, in words. */
export function endingText({ calls, output }: Network): string {
  const shape = calls.find(({ result }) => result === output)?.shape;
  return shape === undefined ? 'something else' : formatShape(shape);
}
