/** Images with blue first, as OpenCV reads them: a model of ours takes red first. */
import type { TensorData } from '../../support/tensor.js';
import { imageRef, mapRefs, ownRef, refsOf, type LayerCall, type Network } from './network.js';

/**
 * The network for images with red first: the kernels of the first convolutions are turned round, or the image is if
 * something else reads it.
 */
export function redFirst(network: Network): Network {
  const readers = network.calls.filter((call) => refsOf(call).includes(imageRef));
  if (readers.every(isDense)) {
    const turned = new Set(readers);
    const calls = network.calls.map((call) => (turned.has(call) ? withTurnedKernel(call) : call));
    return { ...network, calls };
  }
  const blueFirst = ownRef('blue first');
  const turn: LayerCall = {
    layer: 'gather',
    args: [{ ref: imageRef }],
    options: { axis: 1, indices: [2, 1, 0] },
    weights: [],
    result: blueFirst,
    nodes: [],
    path: [],
  };
  const calls = network.calls.map((call) => ({
    ...call,
    args: call.args.map((arg) => mapRefs(arg, (ref) => (ref === imageRef ? blueFirst : ref))),
  }));
  return { ...network, calls: [turn, ...calls] };
}

function isDense({ layer, options }: LayerCall): boolean {
  return layer === 'conv2d' && (options['groups'] ?? 1) === 1;
}

function withTurnedKernel(call: LayerCall): LayerCall {
  const weights = call.weights.map((weight) =>
    weight.local === 'weight' ? { ...weight, tensor: turnedRound(weight.tensor) } : weight,
  );
  return { ...call, weights };
}

/** A kernel [out,C,kh,kw] with its input channels in the opposite order. */
function turnedRound(kernel: TensorData): TensorData {
  const [out = 1, channels = 1] = kernel.shape;
  const area = kernel.data.length / (out * channels);
  const data = Float32Array.from({ length: kernel.data.length }, (_, i) => {
    const [at, row] = [i % area, Math.floor(i / area)];
    const [c, o] = [row % channels, Math.floor(row / channels)];
    return Number(kernel.data[(o * channels + channels - 1 - c) * area + at]);
  });
  return { ...kernel, data };
}
