// Made by `npm run generate` from schemas/; never edited.
import type { OnnxValue } from '../../src/support/onnxValue.js';
import type { Opset19 } from './opset19.js';

export interface AffineGridAttributes {
    /** Default 0. */
    readonly align_corners?: number;
}

export interface DFTAttributes {
    /** Default 0. */
    readonly inverse?: number;
    /** Default 0. */
    readonly onesided?: number;
}

export interface GeluAttributes {
    /** Default "none". */
    readonly approximate?: string;
}

export interface GridSampleAttributes {
    /** Default 0. */
    readonly align_corners?: number;
    /** Default "linear". */
    readonly mode?: string;
    /** Default "zeros". */
    readonly padding_mode?: string;
}

export interface ImageDecoderAttributes {
    /** Default "RGB". */
    readonly pixel_format?: string;
}

export interface RegexFullMatchAttributes {
    readonly pattern?: string;
}

export interface StringSplitAttributes {
    readonly delimiter?: string;
    readonly maxsplit?: number;
}

/** Operators of ai.onnx at opset 20. */
export interface Opset20 extends Omit<Opset19, 'opset' | 'DFT' | 'GridSample'> {
    readonly opset: 20;
    /** AffineGrid-20: theta, size -> grid */
    AffineGrid(theta: OnnxValue, size: OnnxValue, attributes?: AffineGridAttributes): OnnxValue;
    /** DFT-20: input, dft_length?, axis? -> output */
    DFT(input: OnnxValue, dft_length?: OnnxValue | null, axis?: OnnxValue | null, attributes?: DFTAttributes): OnnxValue;
    /** Gelu-20: X -> Y */
    Gelu(X: OnnxValue, attributes?: GeluAttributes): OnnxValue;
    /** GridSample-20: X, grid -> Y */
    GridSample(X: OnnxValue, grid: OnnxValue, attributes?: GridSampleAttributes): OnnxValue;
    /** ImageDecoder-20: encoded_stream -> image */
    ImageDecoder(encoded_stream: OnnxValue, attributes?: ImageDecoderAttributes): OnnxValue;
    /** RegexFullMatch-20: X -> Y */
    RegexFullMatch(X: OnnxValue, attributes?: RegexFullMatchAttributes): OnnxValue;
    /** StringConcat-20: X, Y -> Z */
    StringConcat(X: OnnxValue, Y: OnnxValue): OnnxValue;
    /** StringSplit-20: X -> Y, Z */
    StringSplit(X: OnnxValue, attributes?: StringSplitAttributes): [OnnxValue, OnnxValue];
}
