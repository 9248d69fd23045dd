import type { OnnxNode, OnnxTensor } from '../onnx/model.js';
import { dtypes } from '../support/dtype.js';
import type { Dim, Shape } from '../support/shape.js';

/** What is known of a graph's values: shapes, and the elements of small integer vectors. */
export class ValueTable {
  readonly shapes = new Map<string, Shape>();
  /** Vectors that hold dimensions, such as Reshape's second input. */
  readonly vectors = new Map<string, readonly Dim[]>();

  shape(name: string | undefined): Shape | undefined {
    return name === undefined ? undefined : this.shapes.get(name);
  }

  vector(name: string | undefined): readonly Dim[] | undefined {
    return name === undefined ? undefined : this.vectors.get(name);
  }

  /** A vector that has no symbol in it. */
  numbers(name: string | undefined): readonly number[] | undefined {
    const vector = this.vector(name);
    return vector?.every((dim) => typeof dim === 'number') ? vector : undefined;
  }

  constant(name: string, tensor: OnnxTensor): void {
    this.shapes.set(name, tensor.shape);
    const { data } = tensor;
    const small = tensor.shape.length <= 1 && data.length <= 64;
    if (small && typeof tensor.dtype === 'string' && !dtypes[tensor.dtype].floating)
      this.vectors.set(name, Array.from(data, Number));
  }
}

/** An integer attribute, or what stands for it where it is missing. */
export function int(node: OnnxNode, name: string, fallback: number): number {
  return optionalInt(node, name) ?? fallback;
}

/** An integer attribute, undefined where it is missing. */
export function optionalInt(node: OnnxNode, name: string): number | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'int' ? attribute.value : undefined;
}

/** A list of integers among a node's attributes. */
export function ints(node: OnnxNode, name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'ints' ? attribute.value : undefined;
}
