import type { DType, FloatType } from './dtype.js';
import type { Shape } from './shape.js';
import type { TensorData } from './tensor.js';

/** A tensor inside an ONNX graph under construction, known by its name. */
export interface OnnxValue {
  readonly onnxName: string;
}

/** A graph made for a graph attribute: the body of Loop or Scan, a branch of If. */
export interface OnnxSubgraph {
  readonly graphName: string;
}

/** An input of a subgraph. */
export interface OnnxSubgraphInput {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Members that every generated opset interface has beside its operators. */
export interface OnnxBuilderBase {
  /** A constant; equal constants of one graph share an initializer. */
  constant(tensor: TensorData): OnnxValue;
  /** A constant of its own, which no other node of the graph reads. */
  ownConstant(tensor: TensorData): OnnxValue;
  /**
   * A constant that its one reader overwrites: BatchNormalization in training mode writes the new
   * running statistics into the buffers of the old ones. Its values mean nothing, and no two are
   * equal, since ONNX Runtime gives equal initializers of up to 8 elements one buffer.
   */
  scratch(dtype: 'float32' | 'float64', shape: readonly number[]): OnnxValue;
  /** 1-D int64 constant, for axes, shapes and starts. */
  ints(...values: readonly number[]): OnnxValue;
  /** Scalar constant of rank 0; float32 unless told. */
  scalar(value: number, dtype?: FloatType): OnnxValue;
  /**
   * A graph of the nodes that `body` emits through this same builder; they may read every value
   * made before. `body` gets the graph's inputs and returns its outputs. Constants go to the graph
   * around it, or, with `ownConstants`, into it.
   */
  subgraph(
    name: string,
    inputs: readonly OnnxSubgraphInput[],
    body: (...inputs: OnnxValue[]) => readonly OnnxValue[],
    options?: { readonly ownConstants?: boolean },
  ): OnnxSubgraph;
}
