import type { TensorData } from './tensor.js';

/** A tensor inside an ONNX graph under construction, known by its name. */
export interface OnnxValue {
  readonly onnxName: string;
}

/** What every generated opset interface offers beside its operators. */
export interface OnnxBuilderBase {
  /** A constant; equal constants of one graph share an initializer. */
  constant(tensor: TensorData): OnnxValue;
  /** A constant of its own that no later pass or other node may share (BatchNormalization writes into its running inputs). */
  ownConstant(tensor: TensorData): OnnxValue;
  /** 1-D int64 constant, for axes, shapes and starts. */
  ints(...values: readonly number[]): OnnxValue;
  /** Scalar constant of rank 0; float32 unless told. */
  scalar(value: number, dtype?: 'float32' | 'float64'): OnnxValue;
}
