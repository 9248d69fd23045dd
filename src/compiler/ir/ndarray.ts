/** Dense row-major array of the reference interpreter; every element type is held as float64. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function ndarray(shape: readonly number[], data?: ArrayLike<number>): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: data === undefined ? new Float64Array(size) : Float64Array.from(data) };
}
