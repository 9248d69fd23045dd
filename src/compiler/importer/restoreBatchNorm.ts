/**
 * Batch norm back behind convolutions that an exporter folded it into. Any mean and variance leave the outputs as
 * they are if the scale is the deviation and the shift the mean; those of real images make training normalise as
 * evaluation does.
 */
import { tensorData, type TensorData } from '../../support/tensor.js';
import type { ImportedWeight, LayerCall, Network } from './network.js';
import { ownRef, refsOf } from './network.js';

/** Statistics of each channel of a map. */
export interface ChannelStatistics {
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

/** Added to the variance by the batch norm that comes back. */
const epsilon = 1e-5;

const convolutions: ReadonlySet<string> = new Set(['conv2d', 'depthwise']);

/**
 * The convolutions that a batch norm may have been folded into: those of whole maps with a bias, which no batch norm
 * follows.
 */
export function foldedConvolutions({ calls }: Network): LayerCall[] {
  const normalised = new Set(
    calls.filter(({ layer }) => layer === 'batchNorm').flatMap((call) => refsOf(call)),
  );
  return calls.filter(
    ({ layer, result, shape, weights }) =>
      convolutions.has(layer) &&
      !normalised.has(result) &&
      weights.some(({ local }) => local === 'bias') &&
      (shape?.[2] !== 1 || shape[3] !== 1),
  );
}

/** The network with a batch norm behind each convolution that there are statistics of. */
export function restoreBatchNorm(
  network: Network,
  statistics: ReadonlyMap<string, ChannelStatistics>,
): Network {
  const folded = new Set(foldedConvolutions(network));
  const taken = new Set(network.calls.map(({ path }) => path.join('.')));
  const calls = network.calls.flatMap((call) => {
    const found = statistics.get(call.result);
    return found && folded.has(call) ? normalised(call, found, taken) : [call];
  });
  return { ...network, calls };
}

/** A convolution without its bias, and the batch norm that has it. */
function normalised(
  call: LayerCall,
  { mean, variance }: ChannelStatistics,
  taken: Set<string>,
): LayerCall[] {
  const bias = call.weights.find(({ local }) => local === 'bias')?.tensor.data ?? [];
  const plain = ownRef(`${call.result} before its bias`);
  const channels = mean.length;
  const vector = (local: string, of: (c: number) => number): ImportedWeight => ({
    local,
    source: call.result,
    tensor: channelTensor(channels, of),
  });
  const conv: LayerCall = {
    ...call,
    options: { ...call.options, bias: false },
    weights: call.weights.filter(({ local }) => local !== 'bias'),
    result: plain,
    shape: undefined,
  };
  const norm: LayerCall = {
    layer: 'batchNorm',
    args: [{ ref: plain }],
    options: {},
    weights: [
      vector('weight', (c) => Math.sqrt((variance[c] ?? 0) + epsilon)),
      vector('bias', (c) => mean[c] ?? 0),
      // The map without its bias has the mean that much lower.
      vector('running_mean', (c) => (mean[c] ?? 0) - Number(bias[c] ?? 0)),
      vector('running_var', (c) => variance[c] ?? 0),
    ],
    result: call.result,
    shape: call.shape,
    nodes: call.nodes,
    path: freePath(call.path, taken),
  };
  return [conv, norm];
}

function channelTensor(channels: number, of: (c: number) => number): TensorData {
  return tensorData(
    'float32',
    [channels],
    Float64Array.from({ length: channels }, (_, c) => of(c)),
  );
}

/**
 * `layer1.0.bn1` for `layer1.0.conv1` and `downsample.1` for `downsample.0`, as PyTorch's networks have it;
 * otherwise the convolution's name and `_bn`.
 */
function freePath(path: readonly string[], taken: Set<string>): readonly string[] {
  const own = path.at(-1) ?? 'conv';
  const named = /^\d+$/.test(own) ? String(Number(own) + 1) : own.replace(/conv/, 'bn');
  const candidates = [...(named === own ? [] : [named]), `${own}_bn`, `${own}_bn2`];
  const outer = path.slice(0, -1);
  const name = candidates.find((one) => !taken.has([...outer, one].join('.'))) ?? `${own}_norm`;
  taken.add([...outer, name].join('.'));
  return [...outer, name];
}
