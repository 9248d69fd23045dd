/** The small models by which values on a device are copied, added and kept. */
import { onnx } from '../../../../generated/proto/onnx.js';
import type { DType } from '../../../support/dtype.js';
import { dtypes } from '../../../support/dtype.js';

/** A tensor of a known shape. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** `x` goes in as `x` and comes out as `copy:x`, `sum:x` or `log`. */
export const copyOf = (name: string): string => `copy:${name}`;
export const sumOf = (name: string): string => `sum:${name}`;
export const partOf = (name: string): string => `part:${name}`;

/** Copies each tensor: to the device or from it, wherever the session is told to leave its results. */
export function copyModel(tensors: readonly TensorSpec[]): Uint8Array {
  return model(
    tensors,
    tensors.map((tensor) => ({ ...tensor, name: copyOf(tensor.name) })),
    tensors.map(({ name }) => ({ opType: 'Identity', input: [name], output: [copyOf(name)] })),
  );
}

/** Takes each tensor in as float32, 8-bit images too, which no provider but the CPU's copies as they are. */
export function uploadModel(tensors: readonly TensorSpec[]): Uint8Array {
  const to = { name: 'to', type: onnx.AttributeProto.AttributeType.INT, i: dtypes.float32.onnx };
  return model(
    tensors,
    tensors.map(({ name, shape }) => ({ name: copyOf(name), dtype: 'float32', shape })),
    tensors.map(({ name, dtype }) => {
      const ends = { input: [name], output: [copyOf(name)] };
      return dtype === 'float32'
        ? { opType: 'Identity', ...ends }
        : { opType: 'Cast', ...ends, attribute: [to] };
    }),
  );
}

/**
 * Model that moves everything that passes through the host in a run: takes in `given`, returning
 * the first element of each, and `carried`, returned unchanged.
 */
export function passModel(
  given: readonly TensorSpec[],
  carried: readonly TensorSpec[],
): Uint8Array {
  const flat = (name: string): string => `flat:${name}`;
  return model(
    [...given, ...carried],
    [
      ...given.map(({ name, dtype }) => ({ name: partOf(name), dtype, shape: [1] })),
      ...carried.map((tensor) => ({ ...tensor, name: copyOf(tensor.name) })),
    ],
    [
      ...given.flatMap(({ name }) => [
        { opType: 'Reshape', input: [name, 'all'], output: [flat(name)] },
        { opType: 'Slice', input: [flat(name), 'start', 'end', 'start'], output: [partOf(name)] },
      ]),
      ...carried.map(({ name }) => {
        return { opType: 'Identity', input: [name], output: [copyOf(name)] };
      }),
    ],
    [ints('all', -1), ints('start', 0), ints('end', 1)],
  );
}

/** sum:x + part:x -> copy:x of each tensor. */
export function addModel(tensors: readonly TensorSpec[]): Uint8Array {
  return model(
    tensors.flatMap((tensor) =>
      [sumOf, partOf].map((named) => ({ ...tensor, name: named(tensor.name) })),
    ),
    tensors.map((tensor) => ({ ...tensor, name: copyOf(tensor.name) })),
    tensors.map(({ name }) => ({
      opType: 'Add',
      input: [sumOf(name), partOf(name)],
      output: [copyOf(name)],
    })),
  );
}

/**
 * A log of the last `rows` rows of scalars: `log` [rows * scalars] without its first row, and with
 * the scalars behind, -> `copy:log`.
 */
export function logModel(scalars: readonly string[], rows: number): Uint8Array {
  const size = scalars.length * rows;
  const log: TensorSpec = { name: 'log', dtype: 'float32', shape: [size] };
  const vector = (name: string): string => `vector:${name}`;
  return model(
    [log, ...scalars.map((name): TensorSpec => ({ name, dtype: 'float32', shape: [] }))],
    [{ ...log, name: copyOf('log') }],
    [
      { opType: 'Slice', input: ['log', 'start', 'end', 'axis'], output: ['kept'] },
      ...scalars.map((name) => {
        return { opType: 'Reshape', input: [name, 'one'], output: [vector(name)] };
      }),
      {
        opType: 'Concat',
        input: ['kept', ...scalars.map(vector)],
        output: [copyOf('log')],
        attribute: [{ name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: 0 }],
      },
    ],
    [ints('start', scalars.length), ints('end', size), ints('axis', 0), ints('one', 1)],
  );
}

function ints(name: string, ...values: number[]): onnx.TensorProto.$Properties {
  return { name, dataType: dtypes.int64.onnx, dims: [values.length], int64Data: values };
}

function model(
  input: readonly TensorSpec[],
  output: readonly TensorSpec[],
  node: onnx.NodeProto.$Properties[],
  initializer: onnx.TensorProto.$Properties[] = [],
): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'device',
      node,
      initializer,
      input: input.map(valueInfo),
      output: output.map(valueInfo),
    },
  }).finish();
}

function valueInfo({ name, dtype, shape }: TensorSpec): onnx.ValueInfoProto.$Properties {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: dtypes[dtype].onnx, shape: { dim } } } };
}
