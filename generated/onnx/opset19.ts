// Made by `npm run generate` from schemas/; never edited.
import type { OnnxValue } from '../../src/support/onnxValue.js';
import type { Opset18 } from './opset18.js';

export interface AveragePoolAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    /** Default 0. */
    readonly ceil_mode?: number;
    /** Default 0. */
    readonly count_include_pad?: number;
    readonly dilations?: readonly number[];
    readonly kernel_shape: readonly number[];
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface CastAttributes {
    /** Default 1. */
    readonly saturate?: number;
    readonly to: number;
}

export interface CastLikeAttributes {
    /** Default 1. */
    readonly saturate?: number;
}

export interface DeformConvAttributes {
    readonly dilations?: readonly number[];
    /** Default 1. */
    readonly group?: number;
    readonly kernel_shape?: readonly number[];
    /** Default 1. */
    readonly offset_group?: number;
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface QuantizeLinearAttributes {
    /** Default 1. */
    readonly axis?: number;
    /** Default 1. */
    readonly saturate?: number;
}

/** Operators of ai.onnx at opset 19. */
export interface Opset19 extends Omit<Opset18, 'opset' | 'AveragePool' | 'Cast' | 'CastLike' | 'QuantizeLinear'> {
    readonly opset: 19;
    /** AveragePool-19: X -> Y */
    AveragePool(X: OnnxValue, attributes: AveragePoolAttributes): OnnxValue;
    /** Cast-19: input -> output */
    Cast(input: OnnxValue, attributes: CastAttributes): OnnxValue;
    /** CastLike-19: input, target_type -> output */
    CastLike(input: OnnxValue, target_type: OnnxValue, attributes?: CastLikeAttributes): OnnxValue;
    /** DeformConv-19: X, W, offset, B?, mask? -> Y */
    DeformConv(X: OnnxValue, W: OnnxValue, offset: OnnxValue, B?: OnnxValue | null, mask?: OnnxValue | null, attributes?: DeformConvAttributes): OnnxValue;
    /** QuantizeLinear-19: x, y_scale, y_zero_point? -> y */
    QuantizeLinear(x: OnnxValue, y_scale: OnnxValue, y_zero_point?: OnnxValue | null, attributes?: QuantizeLinearAttributes): OnnxValue;
}
