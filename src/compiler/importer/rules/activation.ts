import { tensorData, numbersOf } from '../../../support/tensor.js';
import { given } from '../literals.js';
import { Refusal, sampleAxis, weight, type ImportRule, type ImportRules } from './rule.js';

/** An operator of one operand and no settings. */
export function plain(layer: string): ImportRule {
  return (node, emit) => emit(layer, [node.x()]);
}

/** One whose only setting is a number. */
function withNumber(
  layer: string,
  attribute: string,
  usual: number,
  option: string,
  own: number,
): ImportRule {
  return (node, emit) => {
    const value = node.float(attribute, usual);
    return emit(layer, [node.x()], { options: { [option]: value === own ? undefined : value } });
  };
}

function softmax(layer: string): ImportRule {
  return (node, emit) => {
    const { shape } = node.value(0);
    const axis = sampleAxis(node.int('axis', -1), shape);
    return emit(layer, [node.x()], {
      options: { axis: axis === shape.length - 1 ? undefined : axis },
    });
  };
}

export const activationRules: ImportRules = {
  Relu: plain('relu'),
  Sigmoid: plain('sigmoid'),
  Tanh: plain('tanh'),
  HardSwish: plain('hardSwish'),
  Softplus: plain('softplus'),
  Mish: plain('mish'),
  Elu: withNumber('elu', 'alpha', 1, 'alpha', 1),
  LeakyRelu: withNumber('leakyRelu', 'alpha', 0.01, 'slope', 0.01),
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('logSoftmax'),

  Swish(node, emit) {
    if (node.float('alpha', 1) !== 1) throw new Refusal('its alpha is not 1');
    return emit('silu', [node.x()]);
  },

  HardSigmoid(node, emit) {
    const [alpha, beta] = [node.float('alpha', 0.2), node.float('beta', 0.5)];
    const usual = Math.abs(alpha * 6 - 1) < 1e-5;
    return emit('hardSigmoid', [node.x()], {
      options: { alpha: usual ? undefined : alpha, beta: beta === 0.5 ? undefined : beta },
    });
  },

  Gelu(node, emit) {
    const form = node.text('approximate', 'none');
    return emit('gelu', [node.x()], {
      options: { approximate: form === 'none' ? undefined : form },
    });
  },

  Clip(node, emit) {
    const finite = (bound: number | undefined): number | undefined =>
      bound === undefined || Math.abs(bound) >= 3.4e38 ? undefined : bound;
    const [min, max] = [finite(node.scalar(1, 'min')), finite(node.scalar(2, 'max'))];
    if (min === undefined && max === undefined) return node.x();
    if (min === 0 && max === undefined) return emit('relu', [node.x()]);
    if (min === 0 && max === 6) return emit('relu6', [node.x()]);
    return emit('clip', [node.x()], { options: given({ min, max }) });
  },

  PRelu(node, emit) {
    const { name, tensor } = node.constant(1, 'slope');
    const { shape } = node.value(0);
    const slopes = numbersOf(tensor);
    const alongChannels =
      slopes.length === shape[1] &&
      (tensor.shape[0] === slopes.length || tensor.shape[1] === slopes.length);
    if (slopes.length !== 1 && !alongChannels)
      throw new Refusal('its slopes are not one a channel');
    const flat = { name, tensor: tensorData(tensor.dtype, [slopes.length], slopes) };
    return emit('prelu', [node.x()], {
      options: { shared: slopes.length === 1 && shape[1] !== 1 ? true : undefined },
      weights: [weight('weight', flat)],
    });
  },

  Erf: () => {
    throw new Refusal('a layer has it only within GELU');
  },
};
