import {
  Refusal,
  sampleShape,
  type ImportRule,
  type ImportRules,
  type NodeReader,
} from './rule.js';
import { readWindow, windowOptions, type NodeWindow } from './window.js';
import type { Literal } from '../network.js';

function global(layer: string): ImportRule {
  return (node, emit) => {
    if (node.value(0).shape.length !== 4) throw new Refusal('its input is not a map');
    return emit(layer, [node.x()], { options: { keepDims: true } });
  };
}

/** Options of a pool, and its window. */
function poolOptions(node: NodeReader): {
  readonly window: NodeWindow;
  readonly options: Readonly<Record<string, Literal | undefined>>;
} {
  const window = readWindow(node);
  const size = sampleShape(node.value(0)).slice(1);
  const rounds = node.int('ceil_mode', 0) === 1 && !isExact(window, size);
  const options = windowOptions(window, size, window.kernel);
  return { window, options: { ...options, ceilMode: rounds ? true : undefined } };
}

/** True if the windows end where the padded map does, so that there is nothing to round. */
function isExact(
  { kernel, strides, dilations, pads }: NodeWindow,
  size: readonly number[],
): boolean {
  return [0, 1].every((axis) => {
    const reach = (dilations[axis] ?? 1) * ((kernel[axis] ?? 1) - 1) + 1;
    const room = (size[axis] ?? 0) + (pads[axis] ?? 0) + (pads[axis + 2] ?? 0) - reach;
    return room % (strides[axis] ?? 1) === 0;
  });
}

export const poolRules: ImportRules = {
  MaxPool(node, emit) {
    if (node.node.outputs[1] !== undefined) throw new Refusal('it gives the places of its maxima');
    return emit('maxPool', [node.x()], { options: poolOptions(node).options });
  },

  AveragePool(node, emit) {
    const { window, options } = poolOptions(node);
    if (window.dilations.some((dilation) => dilation !== 1)) throw new Refusal('it is dilated');
    const padded = window.pads.some((side) => side > 0);
    const counts = node.int('count_include_pad', 0) === 1;
    const usual = options['padding'] !== 'same';
    return emit('avgPool', [node.x()], {
      options: { ...options, countIncludePad: !padded || counts === usual ? undefined : counts },
    });
  },

  GlobalAveragePool: global('globalAvgPool'),
  GlobalMaxPool: global('globalMaxPool'),
};
