// Made by `npm run generate` from schemas/; never edited.
import type { OnnxValue } from '../../src/support/onnxValue.js';
import type { Opset22 } from './opset22.js';

export interface AttentionAttributes {
    /** Default 0. */
    readonly is_causal?: number;
    readonly kv_num_heads?: number;
    readonly q_num_heads?: number;
    /** Default 0. */
    readonly qk_matmul_output_mode?: number;
    readonly scale?: number;
    /** Default 0. */
    readonly softcap?: number;
    readonly softmax_precision?: number;
}

export interface DequantizeLinearAttributes {
    /** Default 1. */
    readonly axis?: number;
    /** Default 0. */
    readonly block_size?: number;
    /** Default 0. */
    readonly output_dtype?: number;
}

export interface QuantizeLinearAttributes {
    /** Default 1. */
    readonly axis?: number;
    /** Default 0. */
    readonly block_size?: number;
    /** Default 0. */
    readonly output_dtype?: number;
    /** Default 0. */
    readonly precision?: number;
    /** Default 1. */
    readonly saturate?: number;
}

export interface RMSNormalizationAttributes {
    /** Default -1. */
    readonly axis?: number;
    /** Default 0.00001. */
    readonly epsilon?: number;
    /** Default 1. */
    readonly stash_type?: number;
}

export interface RotaryEmbeddingAttributes {
    /** Default 0. */
    readonly interleaved?: number;
    readonly num_heads?: number;
    /** Default 0. */
    readonly rotary_embedding_dim?: number;
}

/** Operators of ai.onnx at opset 23. */
export interface Opset23 extends Omit<Opset22, 'opset' | 'DequantizeLinear' | 'QuantizeLinear'> {
    readonly opset: 23;
    /** Attention-23: Q, K, V, attn_mask?, past_key?, past_value? -> Y, present_key?, present_value?, qk_matmul_output? */
    Attention(Q: OnnxValue, K: OnnxValue, V: OnnxValue, attn_mask?: OnnxValue | null, past_key?: OnnxValue | null, past_value?: OnnxValue | null, attributes?: AttentionAttributes): OnnxValue;
    /** Attention-23: Q, K, V, attn_mask?, past_key?, past_value? -> Y, present_key?, present_value?, qk_matmul_output? */
    Attention(Q: OnnxValue, K: OnnxValue, V: OnnxValue, attn_mask: OnnxValue | null | undefined, past_key: OnnxValue | null | undefined, past_value: OnnxValue | null | undefined, attributes: AttentionAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** Attention-23: Q, K, V, attn_mask?, past_key?, past_value? -> Y, present_key?, present_value?, qk_matmul_output? */
    Attention(Q: OnnxValue, K: OnnxValue, V: OnnxValue, attn_mask: OnnxValue | null | undefined, past_key: OnnxValue | null | undefined, past_value: OnnxValue | null | undefined, attributes: AttentionAttributes | undefined, outputs: 3): [OnnxValue, OnnxValue, OnnxValue];
    /** Attention-23: Q, K, V, attn_mask?, past_key?, past_value? -> Y, present_key?, present_value?, qk_matmul_output? */
    Attention(Q: OnnxValue, K: OnnxValue, V: OnnxValue, attn_mask: OnnxValue | null | undefined, past_key: OnnxValue | null | undefined, past_value: OnnxValue | null | undefined, attributes: AttentionAttributes | undefined, outputs: 4): [OnnxValue, OnnxValue, OnnxValue, OnnxValue];
    /** DequantizeLinear-23: x, x_scale, x_zero_point? -> y */
    DequantizeLinear(x: OnnxValue, x_scale: OnnxValue, x_zero_point?: OnnxValue | null, attributes?: DequantizeLinearAttributes): OnnxValue;
    /** QuantizeLinear-23: x, y_scale, y_zero_point? -> y */
    QuantizeLinear(x: OnnxValue, y_scale: OnnxValue, y_zero_point?: OnnxValue | null, attributes?: QuantizeLinearAttributes): OnnxValue;
    /** RMSNormalization-23: X, scale -> Y */
    RMSNormalization(X: OnnxValue, scale: OnnxValue, attributes?: RMSNormalizationAttributes): OnnxValue;
    /** RotaryEmbedding-23: X, cos_cache, sin_cache, position_ids? -> Y */
    RotaryEmbedding(X: OnnxValue, cos_cache: OnnxValue, sin_cache: OnnxValue, position_ids?: OnnxValue | null, attributes?: RotaryEmbeddingAttributes): OnnxValue;
}
