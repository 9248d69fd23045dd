import type { Value } from '../../compiler/ir/graph.js';
import * as ops from '../../compiler/ops/activations.js';
import * as elementwise from '../../compiler/ops/elementwise.js';
import * as loss from '../../compiler/ops/loss.js';
import { checkAxis, checkFinite, checkPositive } from './checks.js';
import { addLayer, elementwiseLayer as activation } from './layer.js';

/** An element-wise function of one value, such as `silu`. */
export type Activation = (x: Value) => Value;

/** max(x, 0); any shape. */
export const relu: Activation = activation('relu', (x) => elementwise.relu(x));
/** min(max(x, 0), 6); any shape. The gradient at 0 and at 6 is 0, as in PyTorch. Source: arXiv 1801.04381. */
export const relu6: Activation = activation('relu6', (x) =>
  ops.clip(x, { min: 0, max: 6, open: true }),
);
/** x * sigmoid(x), also called swish; any shape. Source: arXiv 1702.03118. */
export const silu: Activation = activation('silu', (x) => elementwise.silu(x));
/** 1 / (1 + e^-x); any shape. */
export const sigmoid: Activation = activation('sigmoid', (x) => elementwise.sigmoid(x));
/** Hyperbolic tangent; any shape. */
export const tanh: Activation = activation('tanh', (x) => elementwise.tanh(x));
/** x * hardSigmoid(x); any shape. Source: arXiv 1905.02244, section 5.2. */
export const hardSwish: Activation = activation('hardSwish', (x) => elementwise.hardSwish(x));
/** log(1 + e^x); any shape. Source: PyTorch Softplus. */
export const softplus: Activation = activation('softplus', (x) => ops.softplus(x));
/** x * tanh(softplus(x)); any shape. Source: arXiv 1908.08681. */
export const mish: Activation = activation('mish', (x) =>
  elementwise.mul(x, elementwise.tanh(ops.softplus(x))),
);

export interface HardSigmoidOptions {
  /** The slope (default: 1/6); Keras has 0.2. */
  readonly alpha?: number;
  /** The value at 0 (default: 1/2). */
  readonly beta?: number;
}

/**
 * min(max(alpha * x + beta, 0), 1), which is min(max(x + 3, 0), 6) / 6 by default; any shape.
 * Errors: a slope that is not above 0. Source: PyTorch Hardsigmoid, ONNX HardSigmoid.
 */
export function hardSigmoid(x: Value, { alpha, beta }: HardSigmoidOptions = {}): Value {
  return addLayer({ kind: 'hardSigmoid', inputs: [x] }, (trace) => {
    if (alpha !== undefined) checkPositive(trace, 'hardSigmoid', 'alpha', alpha);
    if (beta !== undefined) checkFinite(trace, 'hardSigmoid', 'beta', beta);
    return elementwise.hardSigmoid(x, { alpha, beta });
  });
}

export interface ClipOptions {
  /** The smallest result (default: none). */
  readonly min?: number;
  /** The largest result (default: none). */
  readonly max?: number;
}

/**
 * min(max(x, min), max); any shape. Where x is clipped the gradient is 0; on a bound it is not, as in
 * PyTorch's clamp. Errors: no bound, a bound that is not finite, `min` above `max`.
 *
 * @example x = clip(x, { min: -1, max: 1 })
 */
export function clip(x: Value, { min, max }: ClipOptions): Value {
  return addLayer({ kind: 'clip', inputs: [x] }, (trace) => {
    const bounds = [min, max].filter((bound) => bound !== undefined);
    if (bounds.length === 0 || !bounds.every(Number.isFinite) || Number(min) > Number(max))
      throw trace.error(
        'option',
        `clip: invalid bounds: min ${min ?? 'missing'}, max ${max ?? 'missing'}`,
        'give `min`, `max` or both; they must be finite numbers, `min` not above `max`',
      );
    return ops.clip(x, { min, max });
  });
}

export interface LeakyReluOptions {
  /** The factor below 0 (default: 0.01). */
  readonly slope?: number;
}

/**
 * x above 0, slope * x below; any shape. Errors: a slope that is not finite. Source: PyTorch LeakyReLU,
 * whose `negative_slope` it is.
 */
export function leakyRelu(x: Value, { slope = 0.01 }: LeakyReluOptions = {}): Value {
  return addLayer({ kind: 'leakyRelu', inputs: [x] }, (trace) => {
    checkFinite(trace, 'leakyRelu', 'slope', slope);
    return ops.leakyRelu(x, { slope });
  });
}

export interface EluOptions {
  /** The limit far below 0 is -alpha (default: 1). */
  readonly alpha?: number;
}

/**
 * x above 0, alpha * (e^x - 1) below; any shape. Errors: an alpha that is not finite. Source: arXiv 1511.07289.
 */
export function elu(x: Value, { alpha = 1 }: EluOptions = {}): Value {
  return addLayer({ kind: 'elu', inputs: [x] }, (trace) => {
    checkFinite(trace, 'elu', 'alpha', alpha);
    return ops.elu(x, { alpha });
  });
}

export interface GeluOptions {
  /** `tanh`: x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3))) (default: none). */
  readonly approximate?: 'none' | 'tanh';
}

const geluForms: ReadonlyMap<string, Activation> = new Map([
  ['none', (x: Value) => elementwise.gelu(x)],
  ['tanh', (x: Value) => ops.geluTanh(x)],
]);

/**
 * x/2 * (1 + erf(x / sqrt 2)), or its approximation by a hyperbolic tangent; any shape. Source: arXiv
 * 1606.08415, PyTorch GELU.
 */
export function gelu(x: Value, { approximate = 'none' }: GeluOptions = {}): Value {
  return addLayer({ kind: 'gelu', inputs: [x] }, (trace) => {
    const form = geluForms.get(approximate);
    if (form) return form(x);
    throw trace.error(
      'option',
      `gelu: invalid approximate ${JSON.stringify(approximate)}`,
      "`approximate` must be 'none' or 'tanh'",
    );
  });
}

export interface SoftmaxOptions {
  /** From 1 on (default: the last). */
  readonly axis?: number;
}

/** A softmax over an axis; over the last one it says so by leaving it out. */
function overAxis(
  kind: string,
  apply: (x: Value, attrs: loss.SoftmaxAttributes) => Value,
): (x: Value, options?: SoftmaxOptions) => Value {
  return (x, options = {}) =>
    addLayer({ kind, inputs: [x] }, (trace) => {
      const { axis = x.rank - 1 } = options;
      checkAxis(trace, kind, x, axis);
      return apply(x, axis === x.rank - 1 ? {} : { axis });
    });
}

/**
 * e^x over its sum along an axis, the last by default; any shape. Errors: the batch as axis. Source: PyTorch
 * Softmax, whose `dim` it is.
 *
 * @example weights = softmax(scores, { axis: 1 })
 */
export const softmax = overAxis('softmax', (x, attrs) => loss.softmax(x, attrs));
/**
 * Logarithm of the softmax along an axis, the last by default; any shape. Errors: the batch as axis. Source:
 * PyTorch LogSoftmax.
 */
export const logSoftmax = overAxis('logSoftmax', (x, attrs) => loss.logSoftmax(x, attrs));
