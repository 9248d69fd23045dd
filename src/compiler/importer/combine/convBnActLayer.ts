import type { LayerCall, Literal } from '../network.js';
import type { CallTable, Combination } from './combine.js';

const activations = ['silu', 'relu', 'relu6', 'hardSwish', 'gelu', 'mish'];

/** A convolution `conv`, its normalisation `bn1` and an activation, in one module, are convBnAct. */
export const convBnActLayer: Combination = (last, calls) => {
  const norm = activations.includes(last.layer) ? calls.only(last, 0, 'batchNorm') : undefined;
  return norm && combinedOf(last, norm, calls);
};

function combinedOf(last: LayerCall, norm: LayerCall, calls: CallTable): ReturnType<Combination> {
  const conv = calls.only(norm, 0, 'conv2d');
  const path = norm.path.slice(0, -1);
  if (conv?.options['bias'] !== false || path.length === 0) return undefined;
  const isWithin = (call: LayerCall, name: string): boolean =>
    call.path.join('.') === [...path, name].join('.');
  if (!isWithin(conv, 'conv') || !isWithin(norm, 'bn1')) return undefined;
  const { bias: _, padding = 0, ...window } = conv.options;
  const options: Record<string, Literal> = { ...window };
  if (padding !== symmetricSide(conv.options)) options['padding'] = padding;
  if (last.layer !== 'silu') options['act'] = { named: last.layer };
  if (Object.keys(norm.options).length > 0) options['norm'] = { group: norm.options };
  const weights = [conv, norm].flatMap(({ weights, path }) =>
    weights.map((weight) => ({ ...weight, local: `${path.at(-1) ?? ''}.${weight.local}` })),
  );
  const call = { ...last, layer: 'convBnAct', args: conv.args, options, weights, path };
  return { call, instead: [conv, norm, last] };
}

/** Padding that keeps the size at a stride of 1, as the layer has it by default. */
function symmetricSide({ kernel, stride = 1, dilation = 1 }: LayerCall['options']): number {
  return Math.floor((Number(dilation) * (Number(kernel) - 1) + Number(stride) - 1) / 2);
}
