import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { onnx } from '../../../generated/proto/onnx.js';
import type { OnnxSource } from '../engine/executor.js';
import { readError } from '../storage/fileErrors.js';

/** Field numbers of onnx.proto. */
const modelGraph = 7;
const graphNode = 1;

const sourceKey = 'gradus.source';

/** The user's `file:line:column` that the node `name` came from, if the model says so. */
export function nodeSource(model: OnnxSource, name: string): string | undefined {
  return nodeSources(model).get(name);
}

/** The user's `file:line:column` of each node by its name; undefined if the model does not say. */
export function nodeSources(model: OnnxSource): Map<string, string | undefined> {
  const bytes = typeof model === 'string' ? readFileSync(model) : model;
  const { graph, functions } = onnx.ModelProto.decode(bytes);
  const nodes = [...(graph?.node ?? []), ...functions.flatMap(({ node }) => node ?? [])];
  return new Map(
    nodes.map(({ name, metadataProps, docString }) => {
      const recorded = metadataProps?.find(({ key }) => key === sourceKey)?.value;
      const source = recorded ?? /^.+:\d+:\d+$/.exec(docString ?? '')?.[0];
      return [name ?? '', source] as const;
    }),
  );
}

/** Reads `length` bytes at `position` into the window that it returns; fewer at the end. */
type ReadAt = (position: number, length: number) => Uint8Array;

/** Number of nodes of the main graph, without decoding it; 0 if the bytes are not a model. */
export function countNodes(model: OnnxSource): number {
  if (typeof model !== 'string')
    return countIn((position, length) => model.subarray(position, position + length));
  let file: number;
  try {
    file = openSync(model, 'r');
  } catch (error) {
    throw readError(error, model);
  }
  const window = new Uint8Array(16);
  try {
    return countIn((position, length) =>
      window.subarray(0, readSync(file, window, 0, length, position)),
    );
  } finally {
    closeSync(file);
  }
}

function countIn(readAt: ReadAt): number {
  for (const field of fieldsOf(readAt, 0, Infinity)) {
    if (field.number !== modelGraph) continue;
    let count = 0;
    for (const { number } of fieldsOf(readAt, field.start, field.end))
      if (number === graphNode) count += 1;
    return count;
  }
  return 0;
}

interface Field {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** The fields of a protobuf message between two positions; ends early at what is not a field. */
function* fieldsOf(readAt: ReadAt, start: number, end: number): Generator<Field> {
  for (let position = start; position < end;) {
    const head = readAt(position, 16);
    const tag = varint(head, 0);
    if (tag === undefined) return;
    const size = varint(head, tag.length);
    const wire = tag.value & 7;
    const sizes: Readonly<Record<number, number | undefined>> = { 0: size?.length, 1: 8, 5: 4 };
    const content = wire === 2 ? size?.value : sizes[wire];
    if (content === undefined) return;
    const begin = position + tag.length + (wire === 2 ? (size?.length ?? 0) : 0);
    yield { number: tag.value >>> 3, start: begin, end: begin + content };
    position = begin + content;
  }
}

function varint(bytes: Uint8Array, at: number): { value: number; length: number } | undefined {
  let value = 0;
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (i - at));
    if (byte < 0x80) return { value, length: i - at + 1 };
  }
  return undefined;
}
