// Made by `npm run generate` from schemas/; never edited.
import type { OnnxValue } from '../../src/support/onnxValue.js';
import type { Opset20 } from './opset20.js';

export interface DequantizeLinearAttributes {
    /** Default 1. */
    readonly axis?: number;
    /** Default 0. */
    readonly block_size?: number;
}

export interface GroupNormalizationAttributes {
    /** Default 0.00001. */
    readonly epsilon?: number;
    readonly num_groups: number;
    /** Default 1. */
    readonly stash_type?: number;
}

export interface QuantizeLinearAttributes {
    /** Default 1. */
    readonly axis?: number;
    /** Default 0. */
    readonly block_size?: number;
    /** Default 0. */
    readonly output_dtype?: number;
    /** Default 1. */
    readonly saturate?: number;
}

/** Operators of ai.onnx at opset 21. */
export interface Opset21 extends Omit<Opset20, 'opset' | 'DequantizeLinear' | 'QuantizeLinear'> {
    readonly opset: 21;
    /** DequantizeLinear-21: x, x_scale, x_zero_point? -> y */
    DequantizeLinear(x: OnnxValue, x_scale: OnnxValue, x_zero_point?: OnnxValue | null, attributes?: DequantizeLinearAttributes): OnnxValue;
    /** GroupNormalization-21: X, scale, bias -> Y */
    GroupNormalization(X: OnnxValue, scale: OnnxValue, bias: OnnxValue, attributes: GroupNormalizationAttributes): OnnxValue;
    /** QuantizeLinear-21: x, y_scale, y_zero_point? -> y */
    QuantizeLinear(x: OnnxValue, y_scale: OnnxValue, y_zero_point?: OnnxValue | null, attributes?: QuantizeLinearAttributes): OnnxValue;
}
