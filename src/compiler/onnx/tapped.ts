import { onnx } from '../../../generated/proto/onnx.js';

/**
 * The bytes of a model whose graph also gives the values of these names. Protobuf joins what is said of a message in
 * several places, so the file stays as it is, and what gives the outputs is put behind it.
 */
export function tapped(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const more = onnx.ModelProto.encode({
    graph: { output: names.map((name) => ({ name })) },
  }).finish();
  const joined = new Uint8Array(bytes.length + more.length);
  joined.set(bytes);
  joined.set(more, bytes.length);
  return joined;
}
