// Made by `npm run generate` from schemas/; never edited.
import type { OnnxValue } from '../../src/support/onnxValue.js';
import type { Opset17 } from './opset17.js';

export interface CenterCropPadAttributes {
    readonly axes?: readonly number[];
}

export interface Col2ImAttributes {
    readonly dilations?: readonly number[];
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface LpPoolAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    /** Default 0. */
    readonly ceil_mode?: number;
    readonly dilations?: readonly number[];
    readonly kernel_shape: readonly number[];
    /** Default 2. */
    readonly p?: number;
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface PadAttributes {
    /** Default "constant". */
    readonly mode?: string;
}

export interface ReduceL1Attributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ReduceL2Attributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ReduceLogSumAttributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ReduceLogSumExpAttributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ReduceMaxAttributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ReduceMeanAttributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ReduceMinAttributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ReduceProdAttributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ReduceSumSquareAttributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ResizeAttributes {
    /** Default 0. */
    readonly antialias?: number;
    readonly axes?: readonly number[];
    /** Default "half_pixel". */
    readonly coordinate_transformation_mode?: string;
    /** Default -0.75. */
    readonly cubic_coeff_a?: number;
    /** Default 0. */
    readonly exclude_outside?: number;
    /** Default 0. */
    readonly extrapolation_value?: number;
    /** Default "stretch". */
    readonly keep_aspect_ratio_policy?: string;
    /** Default "nearest". */
    readonly mode?: string;
    /** Default "round_prefer_floor". */
    readonly nearest_mode?: string;
}

export interface SplitAttributes {
    /** Default 0. */
    readonly axis?: number;
    readonly num_outputs?: number;
}

/** Operators of ai.onnx at opset 18. */
export interface Opset18 extends Omit<Opset17, 'opset' | 'LpPool' | 'OptionalHasElement' | 'Pad' | 'ReduceL1' | 'ReduceL2' | 'ReduceLogSum' | 'ReduceLogSumExp' | 'ReduceMax' | 'ReduceMean' | 'ReduceMin' | 'ReduceProd' | 'ReduceSumSquare' | 'Resize' | 'Split'> {
    readonly opset: 18;
    /** BitwiseAnd-18: A, B -> C */
    BitwiseAnd(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** BitwiseNot-18: X -> Y */
    BitwiseNot(X: OnnxValue): OnnxValue;
    /** BitwiseOr-18: A, B -> C */
    BitwiseOr(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** BitwiseXor-18: A, B -> C */
    BitwiseXor(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** CenterCropPad-18: input_data, shape -> output_data */
    CenterCropPad(input_data: OnnxValue, shape: OnnxValue, attributes?: CenterCropPadAttributes): OnnxValue;
    /** Col2Im-18: input, image_shape, block_shape -> output */
    Col2Im(input: OnnxValue, image_shape: OnnxValue, block_shape: OnnxValue, attributes?: Col2ImAttributes): OnnxValue;
    /** LpPool-18: X -> Y */
    LpPool(X: OnnxValue, attributes: LpPoolAttributes): OnnxValue;
    /** Mish-18: X -> Y */
    Mish(X: OnnxValue): OnnxValue;
    /** OptionalHasElement-18: input? -> output */
    OptionalHasElement(input?: OnnxValue | null): OnnxValue;
    /** Pad-18: data, pads, constant_value?, axes? -> output */
    Pad(data: OnnxValue, pads: OnnxValue, constant_value?: OnnxValue | null, axes?: OnnxValue | null, attributes?: PadAttributes): OnnxValue;
    /** ReduceL1-18: data, axes? -> reduced */
    ReduceL1(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceL1Attributes): OnnxValue;
    /** ReduceL2-18: data, axes? -> reduced */
    ReduceL2(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceL2Attributes): OnnxValue;
    /** ReduceLogSum-18: data, axes? -> reduced */
    ReduceLogSum(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceLogSumAttributes): OnnxValue;
    /** ReduceLogSumExp-18: data, axes? -> reduced */
    ReduceLogSumExp(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceLogSumExpAttributes): OnnxValue;
    /** ReduceMax-18: data, axes? -> reduced */
    ReduceMax(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceMaxAttributes): OnnxValue;
    /** ReduceMean-18: data, axes? -> reduced */
    ReduceMean(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceMeanAttributes): OnnxValue;
    /** ReduceMin-18: data, axes? -> reduced */
    ReduceMin(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceMinAttributes): OnnxValue;
    /** ReduceProd-18: data, axes? -> reduced */
    ReduceProd(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceProdAttributes): OnnxValue;
    /** ReduceSumSquare-18: data, axes? -> reduced */
    ReduceSumSquare(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceSumSquareAttributes): OnnxValue;
    /** Resize-18: X, roi?, scales?, sizes? -> Y */
    Resize(X: OnnxValue, roi?: OnnxValue | null, scales?: OnnxValue | null, sizes?: OnnxValue | null, attributes?: ResizeAttributes): OnnxValue;
    /** Split-18: input, split? -> outputs... */
    Split(input: OnnxValue, split: OnnxValue | null | undefined, attributes: SplitAttributes | undefined, outputs: number): OnnxValue[];
}
