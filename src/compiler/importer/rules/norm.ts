import { numbersOf, tensorData } from '../../../support/tensor.js';
import { given } from '../literals.js';
import { Refusal, sampleAxis, weight, type ImportRules } from './rule.js';

export const normRules: ImportRules = {
  BatchNormalization(node, emit) {
    if (node.int('training_mode', 0) !== 0)
      throw new Refusal('it takes the statistics of the batch (training_mode 1)');
    const parts = ['weight', 'bias', 'running_mean', 'running_var'];
    // ONNX's momentum is the share of the old statistics.
    const momentum = Number((1 - node.float('momentum', 0.9)).toPrecision(6));
    const epsilon = node.float('epsilon', 1e-5);
    return emit('batchNorm', [node.x()], {
      options: given({
        epsilon: epsilon === 1e-5 ? undefined : epsilon,
        momentum: momentum === 0.1 || momentum === 0 ? undefined : momentum,
      }),
      weights: parts.map((local, i) => weight(local, node.constant(i + 1, local))),
    });
  },

  LayerNormalization(node, emit) {
    const { shape } = node.value(0);
    const axis = sampleAxis(node.int('axis', -1), shape);
    if (axis !== shape.length - 1) throw new Refusal('it normalises more than the last axis');
    const epsilon = node.float('epsilon', 1e-5);
    const scale = node.constant(1, 'scale');
    const bias = node.optionalConstant(2, 'bias') ?? {
      name: scale.name,
      tensor: tensorData(
        'float32',
        scale.tensor.shape,
        new Float64Array(numbersOf(scale.tensor).length),
      ),
    };
    return emit('layerNorm', [node.x()], {
      options: { epsilon: epsilon === 1e-5 ? undefined : epsilon },
      weights: [weight('weight', scale), weight('bias', bias)],
    });
  },

  GroupNormalization(node, emit) {
    const { shape } = node.value(0);
    const scale = node.constant(1, 'scale');
    const bias = node.constant(2, 'bias');
    const groups = node.int('num_groups', 1);
    const epsilon = node.float('epsilon', 1e-5);
    if (shape.length !== 4) throw new Refusal('its input is not a map');
    if (scale.tensor.shape[0] !== shape[1]) throw new Refusal('it scales by group, not by channel');
    return emit('groupNorm', [node.x()], {
      options: { groups, epsilon: epsilon === 1e-5 ? undefined : epsilon },
      weights: [weight('weight', scale), weight('bias', bias)],
    });
  },
};
