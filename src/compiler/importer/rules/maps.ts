import { pair } from '../literals.js';
import { Refusal, sampleShape, weight, type ImportRules, type NodeReader } from './rule.js';
import { readWindow } from './window.js';

const modes: Readonly<Record<string, string>> = {
  nearest: 'nearest',
  linear: 'bilinear',
  cubic: 'bicubic',
};

/** Operators on maps beyond convolutions and pools. */
export const mapRules: ImportRules = {
  Resize(node, emit) {
    const [channels, ...size] = sampleShape(node.output);
    const [own, ...from] = sampleShape(node.value(0));
    const [height = 1, width = 1] = size;
    if (size.length !== 2 || channels !== own)
      throw new Refusal('it resizes other axes than those of a map');
    if (node.int('antialias', 0) !== 0)
      throw new Refusal('it smooths before it shrinks (antialias)');
    const mode = modes[node.text('mode', 'nearest')];
    if (mode === undefined) throw new Refusal('its mode is unknown');
    const stated = node.text('coordinate_transformation_mode', 'half_pixel');
    const usual = mode === 'nearest' ? 'asymmetric' : 'half_pixel';
    // Where no axis becomes one pixel the two are the same.
    const plain =
      stated === 'pytorch_half_pixel' && height > 1 && width > 1 ? 'half_pixel' : stated;
    if (plain === 'tf_crop_and_resize') throw new Refusal('it crops regions');
    const rounding = node.text('nearest_mode', 'round_prefer_floor');
    const coefficient = node.float('cubic_coeff_a', -0.75);
    const scales = node.numbers(2, 'scales')?.slice(2);
    const whole = scales?.every((scale, i) => size[i] === scale * (from[i] ?? 0)) === true;
    const aligned = plain === 'align_corners' && mode !== 'nearest';
    return emit('interpolate', [node.x()], {
      options: {
        ...(scales === undefined
          ? { size: pair(height, width) }
          : {
              scale: whole
                ? pair(height / (from[0] ?? 1), width / (from[1] ?? 1))
                : pair(scales[0] ?? 1, scales[1] ?? 1),
            }),
        mode: mode === 'nearest' ? undefined : mode,
        alignCorners: aligned ? true : undefined,
        coordinates: aligned || plain === usual ? undefined : plain,
        rounding: mode !== 'nearest' || rounding === 'floor' ? undefined : rounding,
        cubicCoefficient: mode !== 'bicubic' || coefficient === -0.75 ? undefined : coefficient,
        excludeOutside:
          mode === 'bicubic' && node.int('exclude_outside', 0) === 1 ? true : undefined,
      },
    });
  },

  ConvTranspose(node, emit) {
    const kernel = node.constant(1, 'kernel');
    const bias = node.optionalConstant(2, 'bias');
    const groups = node.int('group', 1);
    const { kernel: window, strides, dilations, pads } = readWindow(node);
    const [top, left, bottom, right] = pads;
    const added = node.ints('output_padding') ?? [0, 0];
    const out = (kernel.tensor.shape[1] ?? 1) * groups;
    const even = top === bottom && left === right;
    return emit('convTranspose2d', [node.x()], {
      options: {
        out,
        kernel: pair(...window),
        stride: strides.every((stride) => stride === 1) ? undefined : pair(...strides),
        padding: pads.every((side) => side === 0) ? undefined : even ? pair(top, left) : [...pads],
        outputPadding: added.every((pixels) => pixels === 0)
          ? undefined
          : pair(added[0] ?? 0, added[1] ?? 0),
        dilation: dilations.every((dilation) => dilation === 1) ? undefined : pair(...dilations),
        groups: groups === 1 ? undefined : groups,
        bias: bias === undefined ? false : undefined,
      },
      weights: [weight('weight', kernel), ...(bias ? [weight('bias', bias)] : [])],
    });
  },

  InstanceNormalization(node, emit) {
    refuseOther(node);
    const epsilon = node.float('epsilon', 1e-5);
    return emit('instanceNorm', [node.x()], {
      options: { affine: true, epsilon: epsilon === 1e-5 ? undefined : epsilon },
      weights: [
        weight('weight', node.constant(1, 'scale')),
        weight('bias', node.constant(2, 'bias')),
      ],
    });
  },

  LRN(node, emit) {
    refuseOther(node);
    const size = node.int('size', 1);
    if (size % 2 === 0)
      throw new Refusal('it takes an even number of channels, which PyTorch places otherwise');
    const [alpha, beta, k] = [
      node.float('alpha', 1e-4),
      node.float('beta', 0.75),
      node.float('bias', 1),
    ];
    return emit('localResponseNorm', [node.x()], {
      options: {
        size,
        alpha: alpha === 1e-4 ? undefined : alpha,
        beta: beta === 0.75 ? undefined : beta,
        k: k === 1 ? undefined : k,
      },
    });
  },
};

function refuseOther(node: NodeReader): void {
  if (node.value(0).shape.length !== 4) throw new Refusal('its input is not a map');
}
