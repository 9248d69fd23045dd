// Made by `npm run generate` from schemas/; never edited.
import type { OnnxBuilderBase, OnnxSubgraph, OnnxValue } from '../../src/support/onnxValue.js';
import type { TensorData } from '../../src/support/tensor.js';
import type { Microsoft, Nchwc } from './contrib.js';

export interface ArgMaxAttributes {
    /** Default 0. */
    readonly axis?: number;
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly select_last_index?: number;
}

export interface ArgMinAttributes {
    /** Default 0. */
    readonly axis?: number;
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly select_last_index?: number;
}

export interface AveragePoolAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    /** Default 0. */
    readonly ceil_mode?: number;
    /** Default 0. */
    readonly count_include_pad?: number;
    readonly kernel_shape: readonly number[];
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface BatchNormalizationAttributes {
    /** Default 0.00001. */
    readonly epsilon?: number;
    /** Default 0.9. */
    readonly momentum?: number;
    /** Default 0. */
    readonly training_mode?: number;
}

export interface BernoulliAttributes {
    readonly dtype?: number;
    readonly seed?: number;
}

export interface BitShiftAttributes {
    readonly direction: string;
}

export interface BlackmanWindowAttributes {
    /** Default 1. */
    readonly output_datatype?: number;
    /** Default 1. */
    readonly periodic?: number;
}

export interface CastAttributes {
    readonly to: number;
}

export interface CeluAttributes {
    /** Default 1. */
    readonly alpha?: number;
}

export interface CompressAttributes {
    readonly axis?: number;
}

export interface ConcatAttributes {
    readonly axis: number;
}

export interface ConcatFromSequenceAttributes {
    readonly axis: number;
    /** Default 0. */
    readonly new_axis?: number;
}

export interface ConstantAttributes {
    readonly value?: TensorData;
    readonly value_float?: number;
    readonly value_floats?: readonly number[];
    readonly value_int?: number;
    readonly value_ints?: readonly number[];
    readonly value_string?: string;
    readonly value_strings?: readonly string[];
}

export interface ConstantOfShapeAttributes {
    readonly value?: TensorData;
}

export interface ConvAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    readonly dilations?: readonly number[];
    /** Default 1. */
    readonly group?: number;
    readonly kernel_shape?: readonly number[];
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface ConvIntegerAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    readonly dilations?: readonly number[];
    /** Default 1. */
    readonly group?: number;
    readonly kernel_shape?: readonly number[];
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface ConvTransposeAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    readonly dilations?: readonly number[];
    /** Default 1. */
    readonly group?: number;
    readonly kernel_shape?: readonly number[];
    readonly output_padding?: readonly number[];
    readonly output_shape?: readonly number[];
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface CumSumAttributes {
    /** Default 0. */
    readonly exclusive?: number;
    /** Default 0. */
    readonly reverse?: number;
}

export interface DFTAttributes {
    /** Default 1. */
    readonly axis?: number;
    /** Default 0. */
    readonly inverse?: number;
    /** Default 0. */
    readonly onesided?: number;
}

export interface DepthToSpaceAttributes {
    readonly blocksize: number;
    /** Default "DCR". */
    readonly mode?: string;
}

export interface DequantizeLinearAttributes {
    /** Default 1. */
    readonly axis?: number;
}

export interface DropoutAttributes {
    readonly seed?: number;
}

export interface EinsumAttributes {
    readonly equation: string;
}

export interface EluAttributes {
    /** Default 1. */
    readonly alpha?: number;
}

export interface EyeLikeAttributes {
    readonly dtype?: number;
    /** Default 0. */
    readonly k?: number;
}

export interface FlattenAttributes {
    /** Default 1. */
    readonly axis?: number;
}

export interface GRUAttributes {
    readonly activation_alpha?: readonly number[];
    readonly activation_beta?: readonly number[];
    readonly activations?: readonly string[];
    readonly clip?: number;
    /** Default "forward". */
    readonly direction?: string;
    readonly hidden_size?: number;
    /** Default 0. */
    readonly layout?: number;
    /** Default 0. */
    readonly linear_before_reset?: number;
}

export interface GatherAttributes {
    /** Default 0. */
    readonly axis?: number;
}

export interface GatherElementsAttributes {
    /** Default 0. */
    readonly axis?: number;
}

export interface GatherNDAttributes {
    /** Default 0. */
    readonly batch_dims?: number;
}

export interface GemmAttributes {
    /** Default 1. */
    readonly alpha?: number;
    /** Default 1. */
    readonly beta?: number;
    /** Default 0. */
    readonly transA?: number;
    /** Default 0. */
    readonly transB?: number;
}

export interface GlobalLpPoolAttributes {
    /** Default 2. */
    readonly p?: number;
}

export interface GridSampleAttributes {
    /** Default 0. */
    readonly align_corners?: number;
    /** Default "bilinear". */
    readonly mode?: string;
    /** Default "zeros". */
    readonly padding_mode?: string;
}

export interface HammingWindowAttributes {
    /** Default 1. */
    readonly output_datatype?: number;
    /** Default 1. */
    readonly periodic?: number;
}

export interface HannWindowAttributes {
    /** Default 1. */
    readonly output_datatype?: number;
    /** Default 1. */
    readonly periodic?: number;
}

export interface HardSigmoidAttributes {
    /** Default 0.2. */
    readonly alpha?: number;
    /** Default 0.5. */
    readonly beta?: number;
}

export interface HardmaxAttributes {
    /** Default -1. */
    readonly axis?: number;
}

export interface IfAttributes {
    readonly else_branch: OnnxSubgraph;
    readonly then_branch: OnnxSubgraph;
}

export interface InstanceNormalizationAttributes {
    /** Default 0.00001. */
    readonly epsilon?: number;
}

export interface IsInfAttributes {
    /** Default 1. */
    readonly detect_negative?: number;
    /** Default 1. */
    readonly detect_positive?: number;
}

export interface LRNAttributes {
    /** Default 0.0001. */
    readonly alpha?: number;
    /** Default 0.75. */
    readonly beta?: number;
    /** Default 1. */
    readonly bias?: number;
    readonly size: number;
}

export interface LSTMAttributes {
    readonly activation_alpha?: readonly number[];
    readonly activation_beta?: readonly number[];
    readonly activations?: readonly string[];
    readonly clip?: number;
    /** Default "forward". */
    readonly direction?: string;
    readonly hidden_size?: number;
    /** Default 0. */
    readonly input_forget?: number;
    /** Default 0. */
    readonly layout?: number;
}

export interface LayerNormalizationAttributes {
    /** Default -1. */
    readonly axis?: number;
    /** Default 0.00001. */
    readonly epsilon?: number;
    /** Default 1. */
    readonly stash_type?: number;
}

export interface LeakyReluAttributes {
    /** Default 0.01. */
    readonly alpha?: number;
}

export interface LogSoftmaxAttributes {
    /** Default -1. */
    readonly axis?: number;
}

export interface LoopAttributes {
    readonly body: OnnxSubgraph;
}

export interface LpNormalizationAttributes {
    /** Default -1. */
    readonly axis?: number;
    /** Default 2. */
    readonly p?: number;
}

export interface LpPoolAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    readonly kernel_shape: readonly number[];
    /** Default 2. */
    readonly p?: number;
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface MaxPoolAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    /** Default 0. */
    readonly ceil_mode?: number;
    readonly dilations?: readonly number[];
    readonly kernel_shape: readonly number[];
    readonly pads?: readonly number[];
    /** Default 0. */
    readonly storage_order?: number;
    readonly strides?: readonly number[];
}

export interface MaxRoiPoolAttributes {
    readonly pooled_shape: readonly number[];
    /** Default 1. */
    readonly spatial_scale?: number;
}

export interface MaxUnpoolAttributes {
    readonly kernel_shape: readonly number[];
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface MeanVarianceNormalizationAttributes {
    /** Default [0,2,3]. */
    readonly axes?: readonly number[];
}

export interface MelWeightMatrixAttributes {
    /** Default 1. */
    readonly output_datatype?: number;
}

export interface ModAttributes {
    /** Default 0. */
    readonly fmod?: number;
}

export interface MultinomialAttributes {
    /** Default 6. */
    readonly dtype?: number;
    /** Default 1. */
    readonly sample_size?: number;
    readonly seed?: number;
}

export interface NegativeLogLikelihoodLossAttributes {
    readonly ignore_index?: number;
    /** Default "mean". */
    readonly reduction?: string;
}

export interface NonMaxSuppressionAttributes {
    /** Default 0. */
    readonly center_point_box?: number;
}

export interface OneHotAttributes {
    /** Default -1. */
    readonly axis?: number;
}

export interface PadAttributes {
    /** Default "constant". */
    readonly mode?: string;
}

export interface QLinearConvAttributes {
    /** Default "NOTSET". */
    readonly auto_pad?: string;
    readonly dilations?: readonly number[];
    /** Default 1. */
    readonly group?: number;
    readonly kernel_shape?: readonly number[];
    readonly pads?: readonly number[];
    readonly strides?: readonly number[];
}

export interface QuantizeLinearAttributes {
    /** Default 1. */
    readonly axis?: number;
}

export interface RNNAttributes {
    readonly activation_alpha?: readonly number[];
    readonly activation_beta?: readonly number[];
    /** Default ["Tanh","Tanh"]. */
    readonly activations?: readonly string[];
    readonly clip?: number;
    /** Default "forward". */
    readonly direction?: string;
    readonly hidden_size?: number;
    /** Default 0. */
    readonly layout?: number;
}

export interface RandomNormalAttributes {
    /** Default 1. */
    readonly dtype?: number;
    /** Default 0. */
    readonly mean?: number;
    /** Default 1. */
    readonly scale?: number;
    readonly seed?: number;
    readonly shape: readonly number[];
}

export interface RandomNormalLikeAttributes {
    readonly dtype?: number;
    /** Default 0. */
    readonly mean?: number;
    /** Default 1. */
    readonly scale?: number;
    readonly seed?: number;
}

export interface RandomUniformAttributes {
    /** Default 1. */
    readonly dtype?: number;
    /** Default 1. */
    readonly high?: number;
    /** Default 0. */
    readonly low?: number;
    readonly seed?: number;
    readonly shape: readonly number[];
}

export interface RandomUniformLikeAttributes {
    readonly dtype?: number;
    /** Default 1. */
    readonly high?: number;
    /** Default 0. */
    readonly low?: number;
    readonly seed?: number;
}

export interface ReduceL1Attributes {
    readonly axes?: readonly number[];
    /** Default 1. */
    readonly keepdims?: number;
}

export interface ReduceL2Attributes {
    readonly axes?: readonly number[];
    /** Default 1. */
    readonly keepdims?: number;
}

export interface ReduceLogSumAttributes {
    readonly axes?: readonly number[];
    /** Default 1. */
    readonly keepdims?: number;
}

export interface ReduceLogSumExpAttributes {
    readonly axes?: readonly number[];
    /** Default 1. */
    readonly keepdims?: number;
}

export interface ReduceMaxAttributes {
    readonly axes?: readonly number[];
    /** Default 1. */
    readonly keepdims?: number;
}

export interface ReduceMeanAttributes {
    readonly axes?: readonly number[];
    /** Default 1. */
    readonly keepdims?: number;
}

export interface ReduceMinAttributes {
    readonly axes?: readonly number[];
    /** Default 1. */
    readonly keepdims?: number;
}

export interface ReduceProdAttributes {
    readonly axes?: readonly number[];
    /** Default 1. */
    readonly keepdims?: number;
}

export interface ReduceSumAttributes {
    /** Default 1. */
    readonly keepdims?: number;
    /** Default 0. */
    readonly noop_with_empty_axes?: number;
}

export interface ReduceSumSquareAttributes {
    readonly axes?: readonly number[];
    /** Default 1. */
    readonly keepdims?: number;
}

export interface ReshapeAttributes {
    /** Default 0. */
    readonly allowzero?: number;
}

export interface ResizeAttributes {
    /** Default "half_pixel". */
    readonly coordinate_transformation_mode?: string;
    /** Default -0.75. */
    readonly cubic_coeff_a?: number;
    /** Default 0. */
    readonly exclude_outside?: number;
    /** Default 0. */
    readonly extrapolation_value?: number;
    /** Default "nearest". */
    readonly mode?: string;
    /** Default "round_prefer_floor". */
    readonly nearest_mode?: string;
}

export interface ReverseSequenceAttributes {
    /** Default 1. */
    readonly batch_axis?: number;
    /** Default 0. */
    readonly time_axis?: number;
}

export interface RoiAlignAttributes {
    /** Default "half_pixel". */
    readonly coordinate_transformation_mode?: string;
    /** Default "avg". */
    readonly mode?: string;
    /** Default 1. */
    readonly output_height?: number;
    /** Default 1. */
    readonly output_width?: number;
    /** Default 0. */
    readonly sampling_ratio?: number;
    /** Default 1. */
    readonly spatial_scale?: number;
}

export interface STFTAttributes {
    /** Default 1. */
    readonly onesided?: number;
}

export interface ScanAttributes {
    readonly body: OnnxSubgraph;
    readonly num_scan_inputs: number;
    readonly scan_input_axes?: readonly number[];
    readonly scan_input_directions?: readonly number[];
    readonly scan_output_axes?: readonly number[];
    readonly scan_output_directions?: readonly number[];
}

export interface ScatterElementsAttributes {
    /** Default 0. */
    readonly axis?: number;
    /** Default "none". */
    readonly reduction?: string;
}

export interface ScatterNDAttributes {
    /** Default "none". */
    readonly reduction?: string;
}

export interface SeluAttributes {
    /** Default 1.67326. */
    readonly alpha?: number;
    /** Default 1.0507. */
    readonly gamma?: number;
}

export interface SequenceEmptyAttributes {
    readonly dtype?: number;
}

export interface SequenceMapAttributes {
    readonly body: OnnxSubgraph;
}

export interface ShapeAttributes {
    readonly end?: number;
    /** Default 0. */
    readonly start?: number;
}

export interface ShrinkAttributes {
    /** Default 0. */
    readonly bias?: number;
    /** Default 0.5. */
    readonly lambd?: number;
}

export interface SoftmaxAttributes {
    /** Default -1. */
    readonly axis?: number;
}

export interface SoftmaxCrossEntropyLossAttributes {
    readonly ignore_index?: number;
    /** Default "mean". */
    readonly reduction?: string;
}

export interface SpaceToDepthAttributes {
    readonly blocksize: number;
}

export interface SplitAttributes {
    /** Default 0. */
    readonly axis?: number;
}

export interface SplitToSequenceAttributes {
    /** Default 0. */
    readonly axis?: number;
    /** Default 1. */
    readonly keepdims?: number;
}

export interface StringNormalizerAttributes {
    /** Default "NONE". */
    readonly case_change_action?: string;
    /** Default 0. */
    readonly is_case_sensitive?: number;
    readonly locale?: string;
    readonly stopwords?: readonly string[];
}

export interface TfIdfVectorizerAttributes {
    readonly max_gram_length: number;
    readonly max_skip_count: number;
    readonly min_gram_length: number;
    readonly mode: string;
    readonly ngram_counts: readonly number[];
    readonly ngram_indexes: readonly number[];
    readonly pool_int64s?: readonly number[];
    readonly pool_strings?: readonly string[];
    readonly weights?: readonly number[];
}

export interface ThresholdedReluAttributes {
    /** Default 1. */
    readonly alpha?: number;
}

export interface TopKAttributes {
    /** Default -1. */
    readonly axis?: number;
    /** Default 1. */
    readonly largest?: number;
    /** Default 1. */
    readonly sorted?: number;
}

export interface TransposeAttributes {
    readonly perm?: readonly number[];
}

export interface TriluAttributes {
    /** Default 1. */
    readonly upper?: number;
}

export interface UniqueAttributes {
    readonly axis?: number;
    /** Default 1. */
    readonly sorted?: number;
}

/** Operators of ai.onnx at opset 17. */
export interface Opset17 extends OnnxBuilderBase {
    readonly opset: 17;
    /** Operators of the domain com.microsoft. */
    readonly ms: Microsoft;
    /** Operators of the domain com.microsoft.nchwc. */
    readonly nchwc: Nchwc;
    /** Abs-13: X -> Y */
    Abs(X: OnnxValue): OnnxValue;
    /** Acos-7: input -> output */
    Acos(input: OnnxValue): OnnxValue;
    /** Acosh-9: input -> output */
    Acosh(input: OnnxValue): OnnxValue;
    /** Add-14: A, B -> C */
    Add(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** And-7: A, B -> C */
    And(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** ArgMax-13: data -> reduced */
    ArgMax(data: OnnxValue, attributes?: ArgMaxAttributes): OnnxValue;
    /** ArgMin-13: data -> reduced */
    ArgMin(data: OnnxValue, attributes?: ArgMinAttributes): OnnxValue;
    /** Asin-7: input -> output */
    Asin(input: OnnxValue): OnnxValue;
    /** Asinh-9: input -> output */
    Asinh(input: OnnxValue): OnnxValue;
    /** Atan-7: input -> output */
    Atan(input: OnnxValue): OnnxValue;
    /** Atanh-9: input -> output */
    Atanh(input: OnnxValue): OnnxValue;
    /** AveragePool-11: X -> Y */
    AveragePool(X: OnnxValue, attributes: AveragePoolAttributes): OnnxValue;
    /** BatchNormalization-15: X, scale, B, input_mean, input_var -> Y, running_mean?, running_var? */
    BatchNormalization(X: OnnxValue, scale: OnnxValue, B: OnnxValue, input_mean: OnnxValue, input_var: OnnxValue, attributes?: BatchNormalizationAttributes): OnnxValue;
    /** BatchNormalization-15: X, scale, B, input_mean, input_var -> Y, running_mean?, running_var? */
    BatchNormalization(X: OnnxValue, scale: OnnxValue, B: OnnxValue, input_mean: OnnxValue, input_var: OnnxValue, attributes: BatchNormalizationAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** BatchNormalization-15: X, scale, B, input_mean, input_var -> Y, running_mean?, running_var? */
    BatchNormalization(X: OnnxValue, scale: OnnxValue, B: OnnxValue, input_mean: OnnxValue, input_var: OnnxValue, attributes: BatchNormalizationAttributes | undefined, outputs: 3): [OnnxValue, OnnxValue, OnnxValue];
    /** Bernoulli-15: input -> output */
    Bernoulli(input: OnnxValue, attributes?: BernoulliAttributes): OnnxValue;
    /** BitShift-11: X, Y -> Z */
    BitShift(X: OnnxValue, Y: OnnxValue, attributes: BitShiftAttributes): OnnxValue;
    /** BlackmanWindow-17: size -> output */
    BlackmanWindow(size: OnnxValue, attributes?: BlackmanWindowAttributes): OnnxValue;
    /** Cast-13: input -> output */
    Cast(input: OnnxValue, attributes: CastAttributes): OnnxValue;
    /** CastLike-15: input, target_type -> output */
    CastLike(input: OnnxValue, target_type: OnnxValue): OnnxValue;
    /** Ceil-13: X -> Y */
    Ceil(X: OnnxValue): OnnxValue;
    /** Celu-12: X -> Y */
    Celu(X: OnnxValue, attributes?: CeluAttributes): OnnxValue;
    /** Clip-13: input, min?, max? -> output */
    Clip(input: OnnxValue, min?: OnnxValue | null, max?: OnnxValue | null): OnnxValue;
    /** Compress-11: input, condition -> output */
    Compress(input: OnnxValue, condition: OnnxValue, attributes?: CompressAttributes): OnnxValue;
    /** Concat-13: inputs... -> concat_result */
    Concat(inputs: readonly OnnxValue[], attributes: ConcatAttributes): OnnxValue;
    /** ConcatFromSequence-11: input_sequence -> concat_result */
    ConcatFromSequence(input_sequence: OnnxValue, attributes: ConcatFromSequenceAttributes): OnnxValue;
    /** Constant-13: () -> output */
    Constant(attributes?: ConstantAttributes): OnnxValue;
    /** ConstantOfShape-9: input -> output */
    ConstantOfShape(input: OnnxValue, attributes?: ConstantOfShapeAttributes): OnnxValue;
    /** Conv-11: X, W, B? -> Y */
    Conv(X: OnnxValue, W: OnnxValue, B?: OnnxValue | null, attributes?: ConvAttributes): OnnxValue;
    /** ConvInteger-10: x, w, x_zero_point?, w_zero_point? -> y */
    ConvInteger(x: OnnxValue, w: OnnxValue, x_zero_point?: OnnxValue | null, w_zero_point?: OnnxValue | null, attributes?: ConvIntegerAttributes): OnnxValue;
    /** ConvTranspose-11: X, W, B? -> Y */
    ConvTranspose(X: OnnxValue, W: OnnxValue, B?: OnnxValue | null, attributes?: ConvTransposeAttributes): OnnxValue;
    /** Cos-7: input -> output */
    Cos(input: OnnxValue): OnnxValue;
    /** Cosh-9: input -> output */
    Cosh(input: OnnxValue): OnnxValue;
    /** CumSum-14: x, axis -> y */
    CumSum(x: OnnxValue, axis: OnnxValue, attributes?: CumSumAttributes): OnnxValue;
    /** DFT-17: input, dft_length? -> output */
    DFT(input: OnnxValue, dft_length?: OnnxValue | null, attributes?: DFTAttributes): OnnxValue;
    /** DepthToSpace-13: input -> output */
    DepthToSpace(input: OnnxValue, attributes: DepthToSpaceAttributes): OnnxValue;
    /** DequantizeLinear-13: x, x_scale, x_zero_point? -> y */
    DequantizeLinear(x: OnnxValue, x_scale: OnnxValue, x_zero_point?: OnnxValue | null, attributes?: DequantizeLinearAttributes): OnnxValue;
    /** Det-11: X -> Y */
    Det(X: OnnxValue): OnnxValue;
    /** Div-14: A, B -> C */
    Div(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** Dropout-13: data, ratio?, training_mode? -> output, mask? */
    Dropout(data: OnnxValue, ratio?: OnnxValue | null, training_mode?: OnnxValue | null, attributes?: DropoutAttributes): OnnxValue;
    /** Dropout-13: data, ratio?, training_mode? -> output, mask? */
    Dropout(data: OnnxValue, ratio: OnnxValue | null | undefined, training_mode: OnnxValue | null | undefined, attributes: DropoutAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** DynamicQuantizeLinear-11: x -> y, y_scale, y_zero_point */
    DynamicQuantizeLinear(x: OnnxValue): [OnnxValue, OnnxValue, OnnxValue];
    /** Einsum-12: Inputs... -> Output */
    Einsum(Inputs: readonly OnnxValue[], attributes: EinsumAttributes): OnnxValue;
    /** Elu-6: X -> Y */
    Elu(X: OnnxValue, attributes?: EluAttributes): OnnxValue;
    /** Equal-13: A, B -> C */
    Equal(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** Erf-13: input -> output */
    Erf(input: OnnxValue): OnnxValue;
    /** Exp-13: input -> output */
    Exp(input: OnnxValue): OnnxValue;
    /** Expand-13: input, shape -> output */
    Expand(input: OnnxValue, shape: OnnxValue): OnnxValue;
    /** EyeLike-9: input -> output */
    EyeLike(input: OnnxValue, attributes?: EyeLikeAttributes): OnnxValue;
    /** Flatten-13: input -> output */
    Flatten(input: OnnxValue, attributes?: FlattenAttributes): OnnxValue;
    /** Floor-13: X -> Y */
    Floor(X: OnnxValue): OnnxValue;
    /** GRU-14: X, W, R, B?, sequence_lens?, initial_h? -> Y?, Y_h? */
    GRU(X: OnnxValue, W: OnnxValue, R: OnnxValue, B?: OnnxValue | null, sequence_lens?: OnnxValue | null, initial_h?: OnnxValue | null, attributes?: GRUAttributes): OnnxValue;
    /** GRU-14: X, W, R, B?, sequence_lens?, initial_h? -> Y?, Y_h? */
    GRU(X: OnnxValue, W: OnnxValue, R: OnnxValue, B: OnnxValue | null | undefined, sequence_lens: OnnxValue | null | undefined, initial_h: OnnxValue | null | undefined, attributes: GRUAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** Gather-13: data, indices -> output */
    Gather(data: OnnxValue, indices: OnnxValue, attributes?: GatherAttributes): OnnxValue;
    /** GatherElements-13: data, indices -> output */
    GatherElements(data: OnnxValue, indices: OnnxValue, attributes?: GatherElementsAttributes): OnnxValue;
    /** GatherND-13: data, indices -> output */
    GatherND(data: OnnxValue, indices: OnnxValue, attributes?: GatherNDAttributes): OnnxValue;
    /** Gemm-13: A, B, C? -> Y */
    Gemm(A: OnnxValue, B: OnnxValue, C?: OnnxValue | null, attributes?: GemmAttributes): OnnxValue;
    /** GlobalAveragePool-1: X -> Y */
    GlobalAveragePool(X: OnnxValue): OnnxValue;
    /** GlobalLpPool-2: X -> Y */
    GlobalLpPool(X: OnnxValue, attributes?: GlobalLpPoolAttributes): OnnxValue;
    /** GlobalMaxPool-1: X -> Y */
    GlobalMaxPool(X: OnnxValue): OnnxValue;
    /** Greater-13: A, B -> C */
    Greater(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** GreaterOrEqual-16: A, B -> C */
    GreaterOrEqual(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** GridSample-16: X, grid -> Y */
    GridSample(X: OnnxValue, grid: OnnxValue, attributes?: GridSampleAttributes): OnnxValue;
    /** HammingWindow-17: size -> output */
    HammingWindow(size: OnnxValue, attributes?: HammingWindowAttributes): OnnxValue;
    /** HannWindow-17: size -> output */
    HannWindow(size: OnnxValue, attributes?: HannWindowAttributes): OnnxValue;
    /** HardSigmoid-6: X -> Y */
    HardSigmoid(X: OnnxValue, attributes?: HardSigmoidAttributes): OnnxValue;
    /** HardSwish-14: X -> Y */
    HardSwish(X: OnnxValue): OnnxValue;
    /** Hardmax-13: input -> output */
    Hardmax(input: OnnxValue, attributes?: HardmaxAttributes): OnnxValue;
    /** Identity-16: input -> output */
    Identity(input: OnnxValue): OnnxValue;
    /** If-16: cond -> outputs... */
    If(cond: OnnxValue, attributes: IfAttributes, outputs: number): OnnxValue[];
    /** InstanceNormalization-6: input, scale, B -> output */
    InstanceNormalization(input: OnnxValue, scale: OnnxValue, B: OnnxValue, attributes?: InstanceNormalizationAttributes): OnnxValue;
    /** IsInf-10: X -> Y */
    IsInf(X: OnnxValue, attributes?: IsInfAttributes): OnnxValue;
    /** IsNaN-13: X -> Y */
    IsNaN(X: OnnxValue): OnnxValue;
    /** LRN-13: X -> Y */
    LRN(X: OnnxValue, attributes: LRNAttributes): OnnxValue;
    /** LSTM-14: X, W, R, B?, sequence_lens?, initial_h?, initial_c?, P? -> Y?, Y_h?, Y_c? */
    LSTM(X: OnnxValue, W: OnnxValue, R: OnnxValue, B?: OnnxValue | null, sequence_lens?: OnnxValue | null, initial_h?: OnnxValue | null, initial_c?: OnnxValue | null, P?: OnnxValue | null, attributes?: LSTMAttributes): OnnxValue;
    /** LSTM-14: X, W, R, B?, sequence_lens?, initial_h?, initial_c?, P? -> Y?, Y_h?, Y_c? */
    LSTM(X: OnnxValue, W: OnnxValue, R: OnnxValue, B: OnnxValue | null | undefined, sequence_lens: OnnxValue | null | undefined, initial_h: OnnxValue | null | undefined, initial_c: OnnxValue | null | undefined, P: OnnxValue | null | undefined, attributes: LSTMAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** LSTM-14: X, W, R, B?, sequence_lens?, initial_h?, initial_c?, P? -> Y?, Y_h?, Y_c? */
    LSTM(X: OnnxValue, W: OnnxValue, R: OnnxValue, B: OnnxValue | null | undefined, sequence_lens: OnnxValue | null | undefined, initial_h: OnnxValue | null | undefined, initial_c: OnnxValue | null | undefined, P: OnnxValue | null | undefined, attributes: LSTMAttributes | undefined, outputs: 3): [OnnxValue, OnnxValue, OnnxValue];
    /** LayerNormalization-17: X, Scale, B? -> Y, Mean?, InvStdDev? */
    LayerNormalization(X: OnnxValue, Scale: OnnxValue, B?: OnnxValue | null, attributes?: LayerNormalizationAttributes): OnnxValue;
    /** LayerNormalization-17: X, Scale, B? -> Y, Mean?, InvStdDev? */
    LayerNormalization(X: OnnxValue, Scale: OnnxValue, B: OnnxValue | null | undefined, attributes: LayerNormalizationAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** LayerNormalization-17: X, Scale, B? -> Y, Mean?, InvStdDev? */
    LayerNormalization(X: OnnxValue, Scale: OnnxValue, B: OnnxValue | null | undefined, attributes: LayerNormalizationAttributes | undefined, outputs: 3): [OnnxValue, OnnxValue, OnnxValue];
    /** LeakyRelu-16: X -> Y */
    LeakyRelu(X: OnnxValue, attributes?: LeakyReluAttributes): OnnxValue;
    /** Less-13: A, B -> C */
    Less(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** LessOrEqual-16: A, B -> C */
    LessOrEqual(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** Log-13: input -> output */
    Log(input: OnnxValue): OnnxValue;
    /** LogSoftmax-13: input -> output */
    LogSoftmax(input: OnnxValue, attributes?: LogSoftmaxAttributes): OnnxValue;
    /** Loop-16: M?, cond?, v_initial... -> v_final_and_scan_outputs... */
    Loop(M: OnnxValue | null | undefined, cond: OnnxValue | null | undefined, v_initial: readonly OnnxValue[], attributes: LoopAttributes, outputs: number): OnnxValue[];
    /** LpNormalization-1: input -> output */
    LpNormalization(input: OnnxValue, attributes?: LpNormalizationAttributes): OnnxValue;
    /** LpPool-11: X -> Y */
    LpPool(X: OnnxValue, attributes: LpPoolAttributes): OnnxValue;
    /** MatMul-13: A, B -> Y */
    MatMul(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** MatMulInteger-10: A, B, a_zero_point?, b_zero_point? -> Y */
    MatMulInteger(A: OnnxValue, B: OnnxValue, a_zero_point?: OnnxValue | null, b_zero_point?: OnnxValue | null): OnnxValue;
    /** Max-13: data_0... -> max */
    Max(data_0: readonly OnnxValue[]): OnnxValue;
    /** MaxPool-12: X -> Y, Indices? */
    MaxPool(X: OnnxValue, attributes: MaxPoolAttributes): OnnxValue;
    /** MaxPool-12: X -> Y, Indices? */
    MaxPool(X: OnnxValue, attributes: MaxPoolAttributes, outputs: 2): [OnnxValue, OnnxValue];
    /** MaxRoiPool-1: X, rois -> Y */
    MaxRoiPool(X: OnnxValue, rois: OnnxValue, attributes: MaxRoiPoolAttributes): OnnxValue;
    /** MaxUnpool-11: X, I, output_shape? -> output */
    MaxUnpool(X: OnnxValue, I: OnnxValue, output_shape: OnnxValue | null | undefined, attributes: MaxUnpoolAttributes): OnnxValue;
    /** Mean-13: data_0... -> mean */
    Mean(data_0: readonly OnnxValue[]): OnnxValue;
    /** MeanVarianceNormalization-13: X -> Y */
    MeanVarianceNormalization(X: OnnxValue, attributes?: MeanVarianceNormalizationAttributes): OnnxValue;
    /** MelWeightMatrix-17: num_mel_bins, dft_length, sample_rate, lower_edge_hertz, upper_edge_hertz -> output */
    MelWeightMatrix(num_mel_bins: OnnxValue, dft_length: OnnxValue, sample_rate: OnnxValue, lower_edge_hertz: OnnxValue, upper_edge_hertz: OnnxValue, attributes?: MelWeightMatrixAttributes): OnnxValue;
    /** Min-13: data_0... -> min */
    Min(data_0: readonly OnnxValue[]): OnnxValue;
    /** Mod-13: A, B -> C */
    Mod(A: OnnxValue, B: OnnxValue, attributes?: ModAttributes): OnnxValue;
    /** Mul-14: A, B -> C */
    Mul(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** Multinomial-7: input -> output */
    Multinomial(input: OnnxValue, attributes?: MultinomialAttributes): OnnxValue;
    /** Neg-13: X -> Y */
    Neg(X: OnnxValue): OnnxValue;
    /** NegativeLogLikelihoodLoss-13: input, target, weight? -> loss */
    NegativeLogLikelihoodLoss(input: OnnxValue, target: OnnxValue, weight?: OnnxValue | null, attributes?: NegativeLogLikelihoodLossAttributes): OnnxValue;
    /** NonMaxSuppression-11: boxes, scores, max_output_boxes_per_class?, iou_threshold?, score_threshold? -> selected_indices */
    NonMaxSuppression(boxes: OnnxValue, scores: OnnxValue, max_output_boxes_per_class?: OnnxValue | null, iou_threshold?: OnnxValue | null, score_threshold?: OnnxValue | null, attributes?: NonMaxSuppressionAttributes): OnnxValue;
    /** NonZero-13: X -> Y */
    NonZero(X: OnnxValue): OnnxValue;
    /** Not-1: X -> Y */
    Not(X: OnnxValue): OnnxValue;
    /** OneHot-11: indices, depth, values -> output */
    OneHot(indices: OnnxValue, depth: OnnxValue, values: OnnxValue, attributes?: OneHotAttributes): OnnxValue;
    /** Optional-15: input? -> output */
    Optional(input?: OnnxValue | null): OnnxValue;
    /** OptionalGetElement-15: input -> output */
    OptionalGetElement(input: OnnxValue): OnnxValue;
    /** OptionalHasElement-15: input -> output */
    OptionalHasElement(input: OnnxValue): OnnxValue;
    /** Or-7: A, B -> C */
    Or(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** PRelu-16: X, slope -> Y */
    PRelu(X: OnnxValue, slope: OnnxValue): OnnxValue;
    /** Pad-13: data, pads, constant_value? -> output */
    Pad(data: OnnxValue, pads: OnnxValue, constant_value?: OnnxValue | null, attributes?: PadAttributes): OnnxValue;
    /** Pow-15: X, Y -> Z */
    Pow(X: OnnxValue, Y: OnnxValue): OnnxValue;
    /** QLinearConv-10: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B? -> y */
    QLinearConv(x: OnnxValue, x_scale: OnnxValue, x_zero_point: OnnxValue, w: OnnxValue, w_scale: OnnxValue, w_zero_point: OnnxValue, y_scale: OnnxValue, y_zero_point: OnnxValue, B?: OnnxValue | null, attributes?: QLinearConvAttributes): OnnxValue;
    /** QLinearMatMul-10: a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point -> y */
    QLinearMatMul(a: OnnxValue, a_scale: OnnxValue, a_zero_point: OnnxValue, b: OnnxValue, b_scale: OnnxValue, b_zero_point: OnnxValue, y_scale: OnnxValue, y_zero_point: OnnxValue): OnnxValue;
    /** QuantizeLinear-13: x, y_scale, y_zero_point? -> y */
    QuantizeLinear(x: OnnxValue, y_scale: OnnxValue, y_zero_point?: OnnxValue | null, attributes?: QuantizeLinearAttributes): OnnxValue;
    /** RNN-14: X, W, R, B?, sequence_lens?, initial_h? -> Y?, Y_h? */
    RNN(X: OnnxValue, W: OnnxValue, R: OnnxValue, B?: OnnxValue | null, sequence_lens?: OnnxValue | null, initial_h?: OnnxValue | null, attributes?: RNNAttributes): OnnxValue;
    /** RNN-14: X, W, R, B?, sequence_lens?, initial_h? -> Y?, Y_h? */
    RNN(X: OnnxValue, W: OnnxValue, R: OnnxValue, B: OnnxValue | null | undefined, sequence_lens: OnnxValue | null | undefined, initial_h: OnnxValue | null | undefined, attributes: RNNAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** RandomNormal-1: () -> output */
    RandomNormal(attributes: RandomNormalAttributes): OnnxValue;
    /** RandomNormalLike-1: input -> output */
    RandomNormalLike(input: OnnxValue, attributes?: RandomNormalLikeAttributes): OnnxValue;
    /** RandomUniform-1: () -> output */
    RandomUniform(attributes: RandomUniformAttributes): OnnxValue;
    /** RandomUniformLike-1: input -> output */
    RandomUniformLike(input: OnnxValue, attributes?: RandomUniformLikeAttributes): OnnxValue;
    /** Range-11: start, limit, delta -> output */
    Range(start: OnnxValue, limit: OnnxValue, delta: OnnxValue): OnnxValue;
    /** Reciprocal-13: X -> Y */
    Reciprocal(X: OnnxValue): OnnxValue;
    /** ReduceL1-13: data -> reduced */
    ReduceL1(data: OnnxValue, attributes?: ReduceL1Attributes): OnnxValue;
    /** ReduceL2-13: data -> reduced */
    ReduceL2(data: OnnxValue, attributes?: ReduceL2Attributes): OnnxValue;
    /** ReduceLogSum-13: data -> reduced */
    ReduceLogSum(data: OnnxValue, attributes?: ReduceLogSumAttributes): OnnxValue;
    /** ReduceLogSumExp-13: data -> reduced */
    ReduceLogSumExp(data: OnnxValue, attributes?: ReduceLogSumExpAttributes): OnnxValue;
    /** ReduceMax-13: data -> reduced */
    ReduceMax(data: OnnxValue, attributes?: ReduceMaxAttributes): OnnxValue;
    /** ReduceMean-13: data -> reduced */
    ReduceMean(data: OnnxValue, attributes?: ReduceMeanAttributes): OnnxValue;
    /** ReduceMin-13: data -> reduced */
    ReduceMin(data: OnnxValue, attributes?: ReduceMinAttributes): OnnxValue;
    /** ReduceProd-13: data -> reduced */
    ReduceProd(data: OnnxValue, attributes?: ReduceProdAttributes): OnnxValue;
    /** ReduceSum-13: data, axes? -> reduced */
    ReduceSum(data: OnnxValue, axes?: OnnxValue | null, attributes?: ReduceSumAttributes): OnnxValue;
    /** ReduceSumSquare-13: data -> reduced */
    ReduceSumSquare(data: OnnxValue, attributes?: ReduceSumSquareAttributes): OnnxValue;
    /** Relu-14: X -> Y */
    Relu(X: OnnxValue): OnnxValue;
    /** Reshape-14: data, shape -> reshaped */
    Reshape(data: OnnxValue, shape: OnnxValue, attributes?: ReshapeAttributes): OnnxValue;
    /** Resize-13: X, roi?, scales?, sizes? -> Y */
    Resize(X: OnnxValue, roi?: OnnxValue | null, scales?: OnnxValue | null, sizes?: OnnxValue | null, attributes?: ResizeAttributes): OnnxValue;
    /** ReverseSequence-10: input, sequence_lens -> Y */
    ReverseSequence(input: OnnxValue, sequence_lens: OnnxValue, attributes?: ReverseSequenceAttributes): OnnxValue;
    /** RoiAlign-16: X, rois, batch_indices -> Y */
    RoiAlign(X: OnnxValue, rois: OnnxValue, batch_indices: OnnxValue, attributes?: RoiAlignAttributes): OnnxValue;
    /** Round-11: X -> Y */
    Round(X: OnnxValue): OnnxValue;
    /** STFT-17: signal, frame_step, window?, frame_length? -> output */
    STFT(signal: OnnxValue, frame_step: OnnxValue, window?: OnnxValue | null, frame_length?: OnnxValue | null, attributes?: STFTAttributes): OnnxValue;
    /** Scan-16: initial_state_and_scan_inputs... -> final_state_and_scan_outputs... */
    Scan(initial_state_and_scan_inputs: readonly OnnxValue[], attributes: ScanAttributes, outputs: number): OnnxValue[];
    /** ScatterElements-16: data, indices, updates -> output */
    ScatterElements(data: OnnxValue, indices: OnnxValue, updates: OnnxValue, attributes?: ScatterElementsAttributes): OnnxValue;
    /** ScatterND-16: data, indices, updates -> output */
    ScatterND(data: OnnxValue, indices: OnnxValue, updates: OnnxValue, attributes?: ScatterNDAttributes): OnnxValue;
    /** Selu-6: X -> Y */
    Selu(X: OnnxValue, attributes?: SeluAttributes): OnnxValue;
    /** SequenceAt-11: input_sequence, position -> tensor */
    SequenceAt(input_sequence: OnnxValue, position: OnnxValue): OnnxValue;
    /** SequenceConstruct-11: inputs... -> output_sequence */
    SequenceConstruct(inputs: readonly OnnxValue[]): OnnxValue;
    /** SequenceEmpty-11: () -> output */
    SequenceEmpty(attributes?: SequenceEmptyAttributes): OnnxValue;
    /** SequenceErase-11: input_sequence, position? -> output_sequence */
    SequenceErase(input_sequence: OnnxValue, position?: OnnxValue | null): OnnxValue;
    /** SequenceInsert-11: input_sequence, tensor, position? -> output_sequence */
    SequenceInsert(input_sequence: OnnxValue, tensor: OnnxValue, position?: OnnxValue | null): OnnxValue;
    /** SequenceLength-11: input_sequence -> length */
    SequenceLength(input_sequence: OnnxValue): OnnxValue;
    /** SequenceMap-17: input_sequence, additional_inputs... -> out_sequence... */
    SequenceMap(input_sequence: OnnxValue, additional_inputs: readonly OnnxValue[], attributes: SequenceMapAttributes, outputs: number): OnnxValue[];
    /** Shape-15: data -> shape */
    Shape(data: OnnxValue, attributes?: ShapeAttributes): OnnxValue;
    /** Shrink-9: input -> output */
    Shrink(input: OnnxValue, attributes?: ShrinkAttributes): OnnxValue;
    /** Sigmoid-13: X -> Y */
    Sigmoid(X: OnnxValue): OnnxValue;
    /** Sign-13: input -> output */
    Sign(input: OnnxValue): OnnxValue;
    /** Sin-7: input -> output */
    Sin(input: OnnxValue): OnnxValue;
    /** Sinh-9: input -> output */
    Sinh(input: OnnxValue): OnnxValue;
    /** Size-13: data -> size */
    Size(data: OnnxValue): OnnxValue;
    /** Slice-13: data, starts, ends, axes?, steps? -> output */
    Slice(data: OnnxValue, starts: OnnxValue, ends: OnnxValue, axes?: OnnxValue | null, steps?: OnnxValue | null): OnnxValue;
    /** Softmax-13: input -> output */
    Softmax(input: OnnxValue, attributes?: SoftmaxAttributes): OnnxValue;
    /** SoftmaxCrossEntropyLoss-13: scores, labels, weights? -> output, log_prob? */
    SoftmaxCrossEntropyLoss(scores: OnnxValue, labels: OnnxValue, weights?: OnnxValue | null, attributes?: SoftmaxCrossEntropyLossAttributes): OnnxValue;
    /** SoftmaxCrossEntropyLoss-13: scores, labels, weights? -> output, log_prob? */
    SoftmaxCrossEntropyLoss(scores: OnnxValue, labels: OnnxValue, weights: OnnxValue | null | undefined, attributes: SoftmaxCrossEntropyLossAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** Softplus-1: X -> Y */
    Softplus(X: OnnxValue): OnnxValue;
    /** Softsign-1: input -> output */
    Softsign(input: OnnxValue): OnnxValue;
    /** SpaceToDepth-13: input -> output */
    SpaceToDepth(input: OnnxValue, attributes: SpaceToDepthAttributes): OnnxValue;
    /** Split-13: input, split? -> outputs... */
    Split(input: OnnxValue, split: OnnxValue | null | undefined, attributes: SplitAttributes | undefined, outputs: number): OnnxValue[];
    /** SplitToSequence-11: input, split? -> output_sequence */
    SplitToSequence(input: OnnxValue, split?: OnnxValue | null, attributes?: SplitToSequenceAttributes): OnnxValue;
    /** Sqrt-13: X -> Y */
    Sqrt(X: OnnxValue): OnnxValue;
    /** Squeeze-13: data, axes? -> squeezed */
    Squeeze(data: OnnxValue, axes?: OnnxValue | null): OnnxValue;
    /** StringNormalizer-10: X -> Y */
    StringNormalizer(X: OnnxValue, attributes?: StringNormalizerAttributes): OnnxValue;
    /** Sub-14: A, B -> C */
    Sub(A: OnnxValue, B: OnnxValue): OnnxValue;
    /** Sum-13: data_0... -> sum */
    Sum(data_0: readonly OnnxValue[]): OnnxValue;
    /** Tan-7: input -> output */
    Tan(input: OnnxValue): OnnxValue;
    /** Tanh-13: input -> output */
    Tanh(input: OnnxValue): OnnxValue;
    /** TfIdfVectorizer-9: X -> Y */
    TfIdfVectorizer(X: OnnxValue, attributes: TfIdfVectorizerAttributes): OnnxValue;
    /** ThresholdedRelu-10: X -> Y */
    ThresholdedRelu(X: OnnxValue, attributes?: ThresholdedReluAttributes): OnnxValue;
    /** Tile-13: input, repeats -> output */
    Tile(input: OnnxValue, repeats: OnnxValue): OnnxValue;
    /** TopK-11: X, K -> Values, Indices */
    TopK(X: OnnxValue, K: OnnxValue, attributes?: TopKAttributes): [OnnxValue, OnnxValue];
    /** Transpose-13: data -> transposed */
    Transpose(data: OnnxValue, attributes?: TransposeAttributes): OnnxValue;
    /** Trilu-14: input, k? -> output */
    Trilu(input: OnnxValue, k?: OnnxValue | null, attributes?: TriluAttributes): OnnxValue;
    /** Unique-11: X -> Y, indices?, inverse_indices?, counts? */
    Unique(X: OnnxValue, attributes?: UniqueAttributes): OnnxValue;
    /** Unique-11: X -> Y, indices?, inverse_indices?, counts? */
    Unique(X: OnnxValue, attributes: UniqueAttributes | undefined, outputs: 2): [OnnxValue, OnnxValue];
    /** Unique-11: X -> Y, indices?, inverse_indices?, counts? */
    Unique(X: OnnxValue, attributes: UniqueAttributes | undefined, outputs: 3): [OnnxValue, OnnxValue, OnnxValue];
    /** Unique-11: X -> Y, indices?, inverse_indices?, counts? */
    Unique(X: OnnxValue, attributes: UniqueAttributes | undefined, outputs: 4): [OnnxValue, OnnxValue, OnnxValue, OnnxValue];
    /** Unsqueeze-13: data, axes -> expanded */
    Unsqueeze(data: OnnxValue, axes: OnnxValue): OnnxValue;
    /** Where-16: condition, X, Y -> output */
    Where(condition: OnnxValue, X: OnnxValue, Y: OnnxValue): OnnxValue;
    /** Xor-7: A, B -> C */
    Xor(A: OnnxValue, B: OnnxValue): OnnxValue;
}
