import { writeFileSync } from 'node:fs';
import { onnx } from '../../generated/proto/onnx.js';

/** Codes of TensorProto.DataType. */
const codes = { float32: 1, uint8: 2, int64: 7, float16: 10 } as const;

interface Value {
  readonly name: string;
  readonly dtype?: keyof typeof codes;
  /** Of a tensor; missing for a sequence of maps, as ZipMap's. */
  readonly shape?: readonly (number | string)[];
}

interface Constant {
  readonly dtype?: 'float32' | 'int64';
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type ForeignNode = readonly [
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, number | readonly number[]>>,
];

export interface ForeignOnnx {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants?: Readonly<Record<string, Constant>>;
  readonly nodes: readonly ForeignNode[];
  readonly opset?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly producer?: string;
}

/** Writes an .onnx file as other programs do, without our builder; returns its path. */
export function writeForeign(path: string, model: ForeignOnnx): string {
  const { inputs, outputs, constants = {}, nodes, opset = 13, metadata = {} } = model;
  const { producer = 'other' } = model;
  const graph = {
    name: 'g',
    input: inputs.map(valueInfo),
    output: outputs.map(valueInfo),
    initializer: Object.entries(constants).map(([name, { dtype = 'float32', shape, data }]) => ({
      name,
      dims: [...shape],
      dataType: codes[dtype],
      rawData: new Uint8Array(
        dtype === 'int64'
          ? BigInt64Array.from(data, BigInt).buffer
          : Float32Array.from(data).buffer,
      ),
    })),
    node: nodes.map(([opType, input, output, attributes = {}], i) => ({
      opType,
      name: `n${i}`,
      input: [...input],
      output: [...output],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    })),
  };
  const bytes = onnx.ModelProto.encode({
    irVersion: 8,
    producerName: producer,
    opsetImport: [{ domain: '', version: opset }],
    graph,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  }).finish();
  writeFileSync(path, bytes);
  return path;
}

function valueInfo({ name, dtype = 'float32', shape }: Value) {
  if (!shape)
    return {
      name,
      type: { sequenceType: { elemType: { mapType: { keyType: codes.int64 } } } },
    };
  const dim = shape.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d }));
  return { name, type: { tensorType: { elemType: codes[dtype], shape: { dim } } } };
}

function attribute(name: string, value: number | readonly number[]) {
  if (typeof value !== 'number') return { name, type: 7, ints: [...value] };
  return Number.isInteger(value) ? { name, type: 2, i: value } : { name, type: 1, f: value };
}
