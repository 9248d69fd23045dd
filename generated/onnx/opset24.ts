// Made by `npm run generate` from schemas/; never edited.
import type { OnnxValue } from '../../src/support/onnxValue.js';
import type { Opset23 } from './opset23.js';

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

export interface CastAttributes {
    /** Default "up". */
    readonly round_mode?: string;
    /** Default 1. */
    readonly saturate?: number;
    readonly to: number;
}

export interface CastLikeAttributes {
    /** Default "up". */
    readonly round_mode?: string;
    /** Default 1. */
    readonly saturate?: number;
}

export interface SwishAttributes {
    /** Default 1. */
    readonly alpha?: number;
}

export interface TensorScatterAttributes {
    /** Default -2. */
    readonly axis?: number;
    /** Default "linear". */
    readonly mode?: string;
}

/** Operators of ai.onnx at opset 24. */
export interface Opset24 extends Omit<Opset23, 'opset' | 'Attention' | 'Cast' | 'CastLike'> {
    readonly opset: 24;
    /** Attention-24: Q, K, V, attn_mask?, past_key?, past_value?, nonpad_kv_seqlen? -> Y, present_key?, present_value?, qk_matmul_output? */
    Attention(Q: OnnxValue, K: OnnxValue, V: OnnxValue, attn_mask?: OnnxValue | null, past_key?: OnnxValue | null, past_value?: OnnxValue | null, nonpad_kv_seqlen?: OnnxValue | null, attributes?: AttentionAttributes): OnnxValue;
    /** Attention-24: Q, K, V, attn_mask?, past_key?, past_value?, nonpad_kv_seqlen? -> Y, present_key?, present_value?, qk_matmul_output? */
    Attention(Q: OnnxValue, K: OnnxValue, V: OnnxValue, attn_mask: OnnxValue | null | undefined, past_key: OnnxValue | null | undefined, past_value: OnnxValue | null | undefined, nonpad_kv_seqlen: OnnxValue | null | undefined, attributes: AttentionAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** Attention-24: Q, K, V, attn_mask?, past_key?, past_value?, nonpad_kv_seqlen? -> Y, present_key?, present_value?, qk_matmul_output? */
    Attention(Q: OnnxValue, K: OnnxValue, V: OnnxValue, attn_mask: OnnxValue | null | undefined, past_key: OnnxValue | null | undefined, past_value: OnnxValue | null | undefined, nonpad_kv_seqlen: OnnxValue | null | undefined, attributes: AttentionAttributes | undefined, outputs: 3): [OnnxValue, OnnxValue, OnnxValue];
    /** Attention-24: Q, K, V, attn_mask?, past_key?, past_value?, nonpad_kv_seqlen? -> Y, present_key?, present_value?, qk_matmul_output? */
    Attention(Q: OnnxValue, K: OnnxValue, V: OnnxValue, attn_mask: OnnxValue | null | undefined, past_key: OnnxValue | null | undefined, past_value: OnnxValue | null | undefined, nonpad_kv_seqlen: OnnxValue | null | undefined, attributes: AttentionAttributes | undefined, outputs: 4): [OnnxValue, OnnxValue, OnnxValue, OnnxValue];
    /** Cast-24: input -> output */
    Cast(input: OnnxValue, attributes: CastAttributes): OnnxValue;
    /** CastLike-24: input, target_type -> output */
    CastLike(input: OnnxValue, target_type: OnnxValue, attributes?: CastLikeAttributes): OnnxValue;
    /** Swish-24: X -> Y */
    Swish(X: OnnxValue, attributes?: SwishAttributes): OnnxValue;
    /** TensorScatter-24: past_cache, update, write_indices? -> present_cache */
    TensorScatter(past_cache: OnnxValue, update: OnnxValue, write_indices?: OnnxValue | null, attributes?: TensorScatterAttributes): OnnxValue;
}
