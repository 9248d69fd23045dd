// Made by `npm run generate` from schemas/; never edited.
import type { OnnxValue } from '../../src/support/onnxValue.js';

export interface MicrosoftFusedConvAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    readonly kernel_shape?: readonly number[];
    readonly dilations?: readonly number[];
    readonly strides?: readonly number[];
    readonly pads?: readonly number[];
    /** Default 1. */
    readonly group?: number;
    readonly activation?: string;
    readonly activation_params?: readonly number[];
}

export interface MicrosoftFusedMatMulAttributes {
    /** Default 1. */
    readonly alpha?: number;
    /** Default 0. */
    readonly transA?: number;
    /** Default 0. */
    readonly transB?: number;
    /** Default 0. */
    readonly transBatchA?: number;
    /** Default 0. */
    readonly transBatchB?: number;
}

export interface MicrosoftQuickGeluAttributes {
    /** Default 1.702. */
    readonly alpha?: number;
}

export interface NchwcAveragePoolAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    readonly kernel_shape: readonly number[];
    readonly dilations?: readonly number[];
    readonly strides?: readonly number[];
    readonly pads?: readonly number[];
    /** Default 0. */
    readonly ceil_mode?: number;
    /** Default 0. */
    readonly count_include_pad?: number;
}

export interface NchwcConvAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    readonly kernel_shape?: readonly number[];
    readonly dilations?: readonly number[];
    readonly strides?: readonly number[];
    readonly pads?: readonly number[];
    /** Default 1. */
    readonly group?: number;
    readonly activation?: string;
    readonly activation_params?: readonly number[];
}

export interface NchwcMaxPoolAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    readonly kernel_shape: readonly number[];
    readonly dilations?: readonly number[];
    readonly strides?: readonly number[];
    readonly pads?: readonly number[];
    /** Default 0. */
    readonly ceil_mode?: number;
    /** Default 0. */
    readonly storage_order?: number;
}

export interface NchwcReorderInputAttributes {
    /** Default 0. */
    readonly channels_last?: number;
}

export interface NchwcReorderOutputAttributes {
    readonly channels: number;
    /** Default 0. */
    readonly channels_last?: number;
}

export interface NchwcUpsampleAttributes {
    readonly scales?: readonly number[];
    /** Default "nearest". */
    readonly mode?: string;
    /** Default "asymmetric". */
    readonly coordinate_transformation_mode?: string;
}

/** Operators of onnxruntime's domain com.microsoft. */
export interface Microsoft {
    /** FusedConv-1: X, W, B?, Z? -> Y */
    FusedConv(X: OnnxValue, W: OnnxValue, B?: OnnxValue | null, Z?: OnnxValue | null, attributes?: MicrosoftFusedConvAttributes): OnnxValue;
    /** FusedMatMul-1: A, B -> Y */
    FusedMatMul(A: OnnxValue, B: OnnxValue, attributes?: MicrosoftFusedMatMulAttributes): OnnxValue;
    /** QuickGelu-1: X -> Y */
    QuickGelu(X: OnnxValue, attributes?: MicrosoftQuickGeluAttributes): OnnxValue;
}

/** Operators of onnxruntime's domain com.microsoft.nchwc. */
export interface Nchwc {
    /** AveragePool-1: X -> Y */
    AveragePool(X: OnnxValue, attributes: NchwcAveragePoolAttributes): OnnxValue;
    /** Conv-1: X, W, B?, Sum? -> Y */
    Conv(X: OnnxValue, W: OnnxValue, B?: OnnxValue | null, Sum?: OnnxValue | null, attributes?: NchwcConvAttributes): OnnxValue;
    /** GlobalAveragePool-1: X -> Y */
    GlobalAveragePool(X: OnnxValue): OnnxValue;
    /** GlobalMaxPool-1: X -> Y */
    GlobalMaxPool(X: OnnxValue): OnnxValue;
    /** MaxPool-1: X -> Y */
    MaxPool(X: OnnxValue, attributes: NchwcMaxPoolAttributes): OnnxValue;
    /** ReorderInput-1: X -> Y */
    ReorderInput(X: OnnxValue, attributes?: NchwcReorderInputAttributes): OnnxValue;
    /** ReorderOutput-1: X -> Y */
    ReorderOutput(X: OnnxValue, attributes: NchwcReorderOutputAttributes): OnnxValue;
    /** Upsample-1: X -> Y */
    Upsample(X: OnnxValue, attributes?: NchwcUpsampleAttributes): OnnxValue;
}
