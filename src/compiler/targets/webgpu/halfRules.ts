import type { Attributes, NodeTypes, Op } from '../../ir/graph.js';
import { conv, convInputGrad, convKernelGrad } from '../../ops/conv.js';
import { matmul, type MatmulAttributes } from '../../ops/matmul.js';
import { avgPool, avgPoolGrad, maxPoolGrad, type PoolAttributes } from '../../ops/pool.js';
import { narrowed, wideType, widened } from '../../ops/widen.js';
import { isHalf } from '../../../support/dtype.js';
import { invariant } from '../../../support/errors.js';
import { staticDim, staticSize } from '../../../support/shape.js';
import type { Override } from '../target.js';

/*
 * The provider's kernels add up in the type of what they multiply: a matrix product or a convolution of
 * float16 rounds every partial sum to 11 bits (MatMulProgram, MatMulNaiveProgram and GroupedConvProgram in
 * onnxruntime/core/providers/webgpu). Of a kernel's gradient, a sum over all pixels of a batch, nothing
 * would be left. So sums of more than a few terms are taken in float32, of operands and to a result in
 * 16 bits, which is what a GPU's matrix units do; short ones, of depthwise kernels, stay as they are.
 */

/**
 * Sums of so many terms may be taken in 16 bits: each rounding is of 2^-12 of the partial sum at most, and
 * together they are about as large as the one that stores the result. Depthwise kernels have 9 or 25.
 */
const fewTerms = 32;

/** A spelling that computes in float32 what it takes and gives in 16 bits. */
function inFloat32<A extends object>(
  op: Op,
  terms: (types: NodeTypes, attrs: A) => number,
  spelling: Pick<Override, 'onnx'> = op,
): Override {
  return {
    op,
    name: 'webgpu-float32-sums',
    declines: (attrs: Attributes, types) => {
      if (!types.outputs.some(({ dtype }) => isHalf(dtype))) return 'not in 16 bits';
      const count = terms(types, attrs as A);
      return count <= fewTerms ? `sums of ${count} terms` : undefined;
    },
    onnx: (b, inputs, attrs, types) => {
      const wide = inputs.map((input, i) => {
        const type = types.inputs[i];
        return input && type ? widened(b, input, type) : input;
      });
      const made = spelling.onnx(b, wide, attrs, {
        inputs: types.inputs.map((type) => type && wideType(type)),
        outputs: types.outputs.map(wideType),
      });
      return made.map((value, i) => {
        const type = types.outputs[i];
        invariant(type, `${op.name} has an output ${i}`);
        return narrowed(b, value, type);
      });
    },
  };
}

/** Elements of an operand's shape from an axis on. */
function elementsFrom({ inputs }: NodeTypes, operand: number, axis: number): number {
  return staticSize(inputs[operand]?.shape.slice(axis) ?? []);
}

const windowOf = (_: NodeTypes, { kernel }: PoolAttributes): number => kernel[0] * kernel[1];

/** All that adds up 16-bit values; `maxPoolGradSpelling` is the target's own. */
export function halfRules(maxPoolGradSpelling: Override): Override[] {
  return [
    // w [O,C/groups,kh,kw]
    inFloat32(conv, (types) => elementsFrom(types, 1, 1)),
    inFloat32<{ readonly groups: number }>(
      convInputGrad,
      (types, { groups }) =>
        (staticDim(types.inputs[1]?.shape[0]) / groups) * elementsFrom(types, 1, 2),
    ),
    // dy [N,O,H',W']
    inFloat32(
      convKernelGrad,
      (types) => staticDim(types.inputs[1]?.shape[0]) * elementsFrom(types, 1, 2),
    ),
    inFloat32<MatmulAttributes>(matmul, ({ inputs: [a] }, { transA = false }) =>
      staticDim(a?.shape.at(transA ? -2 : -1)),
    ),
    inFloat32(avgPool, windowOf),
    inFloat32(avgPoolGrad, windowOf),
    // However few they are: it is spelt for float32.
    inFloat32(maxPoolGrad, () => Infinity, maxPoolGradSpelling),
  ];
}
