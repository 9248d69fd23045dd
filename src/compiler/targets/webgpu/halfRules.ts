import type { TensorType } from '../../ir/graph.js';
import type { Named, NamedOp } from '../../ir/op.js';
import { conv, convInputGrad, convKernelGrad } from '../../ops/conv.js';
import { matmul } from '../../ops/matmul.js';
import { avgPool, avgPoolGrad, maxPoolGrad, type PoolAttributes } from '../../ops/pool.js';
import { narrowed, wideType, widened } from '../../ops/widen.js';
import { isHalf } from '../../../support/dtype.js';
import { staticDim, staticSize } from '../../../support/shape.js';
import { override, type Rule } from '../override.js';
import type { Override } from '../target.js';
import { poolGradient } from './rules.js';

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

/** A lowering that computes in float32 what it takes and gives in 16 bits. */
function inFloat32<I extends readonly string[], O extends readonly string[], A extends object>(
  op: NamedOp<I, O, A>,
  terms: (inputs: Named<I, TensorType>, attrs: A) => number,
  lowering: Pick<Rule<I, O, A>, 'onnx'> = op.description,
): Override {
  const { signature } = op;
  return override(op, {
    name: 'webgpu-float32-sums',
    when: (inputs, attrs, output) => {
      if (!signature.outputList(output).some(({ dtype }) => isHalf(dtype))) return 'not in 16 bits';
      const count = terms(inputs, attrs);
      return count > fewTerms || `sums of ${count} terms`;
    },
    onnx: (b, inputs, attrs, types) => {
      const inputTypes = signature.inputList(types.in);
      const outputTypes = signature.outputList(types.out);
      const wide = signature.inputList(inputs).map((input, i) => {
        const type = inputTypes[i];
        return input && type ? widened(b, input, type) : input;
      });
      const made = lowering.onnx(b, signature.inputs(wide), attrs, {
        in: signature.inputs(inputTypes.map((type) => type && wideType(type))),
        out: signature.outputs(outputTypes.map(wideType)),
      });
      const results = signature.outputList(made);
      return signature.outputs(
        outputTypes.flatMap((type, i) => {
          const result = results[i];
          return result ? [narrowed(b, result, type)] : [];
        }),
      );
    },
  });
}

/** Elements of a value's shape from an axis on. */
function elementsFrom({ shape }: TensorType, axis: number): number {
  return staticSize(shape.slice(axis));
}

const windowOf = (_: unknown, { kernel }: PoolAttributes): number => kernel[0] * kernel[1];

/** All that adds up 16-bit values. */
export const halfRules: readonly Override[] = [
  // w [O,C/groups,kh,kw]
  inFloat32(conv, ({ w }) => elementsFrom(w, 1)),
  inFloat32(
    convInputGrad,
    ({ w }, { groups }) => (staticDim(w.shape[0]) / groups) * elementsFrom(w, 2),
  ),
  // dy [N,O,H',W']
  inFloat32(convKernelGrad, ({ dy }) => staticDim(dy.shape[0]) * elementsFrom(dy, 2)),
  inFloat32(matmul, ({ a }, { transA = false }) => staticDim(a.shape.at(transA ? -2 : -1))),
  inFloat32(avgPool, windowOf),
  inFloat32(avgPoolGrad, windowOf),
  // However few they are: it is written for float32.
  inFloat32(maxPoolGrad, () => Infinity, poolGradient),
];
