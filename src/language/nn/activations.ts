import type { Value } from '../../compiler/ir/graph.js';
import * as elementwise from '../../compiler/ops/elementwise.js';
import { softmax as softmaxOp } from '../../compiler/ops/loss.js';
import { addLayer } from './layer.js';

/** An element-wise function of one value, such as `silu`. */
export type Activation = (x: Value) => Value;

function activation(kind: string, apply: Activation): Activation {
  return (x) => addLayer({ kind, inputs: [x] }, () => apply(x));
}

/** max(x, 0); any shape. */
export const relu = activation('relu', (x) => elementwise.relu(x));
/** x * sigmoid(x), also called swish; any shape. Source: arXiv 1702.03118. */
export const silu = activation('silu', (x) => elementwise.silu(x));
/** 1 / (1 + e^-x); any shape. */
export const sigmoid = activation('sigmoid', (x) => elementwise.sigmoid(x));
/** Hyperbolic tangent; any shape. */
export const tanh = activation('tanh', (x) => elementwise.tanh(x));
/** x * hardSigmoid(x); any shape. Source: arXiv 1905.02244, section 5.2. */
export const hardSwish = activation('hardSwish', (x) => elementwise.hardSwish(x));
/** min(max(x + 3, 0), 6) / 6; any shape. */
export const hardSigmoid = activation('hardSigmoid', (x) => elementwise.hardSigmoid(x));
/** x/2 * (1 + erf(x / sqrt 2)); any shape. Source: arXiv 1606.08415, PyTorch's default form. */
export const gelu = activation('gelu', (x) => elementwise.gelu(x));
/** e^x over its sum along the last axis; any shape. */
export const softmax = activation('softmax', (x) => softmaxOp(x));
