/** Files of named tensors, as Hugging Face's safetensors: header length, JSON header, bytes. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dtypes, type DType } from '../../support/dtype.js';
import { ArtifactError, invariant } from '../../support/errors.js';
import { bytesOf, type TensorData } from '../../support/tensor.js';
import { isObject } from '../../support/objects.js';
import { writeFileAtomic } from './atomic.js';
import { readError } from './fileErrors.js';

const formatNames: Readonly<Record<DType, string>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
};

const dtypeNames = new Map<string, DType>(
  Object.entries(formatNames).map(([name, short]) => [short, name as DType]),
);

/** Bits of an element of the format's other types, which are not read here. */
const otherTypes = new Map([
  ...['F4'].map((type) => [type, 4] as const),
  ...['F6_E2M3', 'F6_E3M2'].map((type) => [type, 6] as const),
  ...['I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'].map(
    (type) => [type, 8] as const,
  ),
  ...['I16', 'U16'].map((type) => [type, 16] as const),
  ...['U32'].map((type) => [type, 32] as const),
  ...['U64', 'C64'].map((type) => [type, 64] as const),
]);

/** The reference implementation's limit. */
const longestHeader = 100_000_000;

/** One read call takes at most 2^31 - 1 bytes. */
const chunkBytes = 2 ** 26;

/** Compares by UTF-16 code units, so that the order is independent of the locale. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Tensors by name of which only one at a time need be in memory. */
export interface TensorSource {
  keys(): Iterable<string>;
  /** Element type and shape of a tensor. */
  info(name: string): Pick<TensorData, 'dtype' | 'shape'> | undefined;
  get(name: string): TensorData | undefined;
}

/** The pieces of a safetensors file: keys sorted, header padded to 8 bytes; equal tensors, equal bytes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array[] {
  const get = (name: string): TensorData | undefined => tensors.get(name);
  return [...pieces({ keys: () => tensors.keys(), info: get, get }, metadata)];
}

/** The same, one tensor at a time. */
function* pieces(
  tensors: TensorSource,
  metadata?: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  const names = [...tensors.keys()].sort(compareNames);
  yield headOf(names, tensors, metadata);
  for (const name of names) yield bytesOf(found(tensors.get(name), name));
}

function headOf(
  names: readonly string[],
  tensors: TensorSource,
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array {
  // Spelled by hand: an object would put names such as "0" first.
  const entries = metadata ? [`"__metadata__":${JSON.stringify(metadata)}`] : [];
  let offset = 0;
  for (const name of names) {
    const { dtype, shape } = found(tensors.info(name), name);
    const end = offset + shape.reduce((a, b) => a * b, 1) * dtypes[dtype].bytes;
    const entry = { dtype: formatNames[dtype], shape, data_offsets: [offset, end] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    offset = end;
  }
  const json = new TextEncoder().encode(`{${entries.join()}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(json, 8);
  return head;
}

function found<T>(it: T | undefined, name: string): T {
  invariant(it !== undefined, `there is no tensor ${name} to write`);
  return it;
}

/** Writes tensors to a file, which appears whole or not at all. */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  metadata?: Readonly<Record<string, string>>,
): void {
  writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}

/**
 * Writes tensors to a file, which appears whole or not at all. They are asked for one by one, so
 * that those of a large model need not lie in memory together.
 */
export function streamSafetensors(
  path: string,
  tensors: TensorSource,
  metadata?: Readonly<Record<string, string>>,
): void {
  writeFileAtomic(path, pieces(tensors, metadata));
}

interface Entry {
  /** Undefined for a type that is not read here. */
  readonly dtype: DType | undefined;
  /** The format's name of the type. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** An open safetensors file; tensors are read when asked for. */
export class SafetensorsFile {
  readonly #file: number;
  readonly #dataStart: number;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly metadata: Readonly<Record<string, string>>;

  private constructor(
    readonly path: string,
    file: number,
  ) {
    this.#file = file;
    const { header, dataStart, dataBytes } = readHeader(path, file);
    const { __metadata__: metadata, ...rest } = header;
    this.metadata = textValues(metadata);
    this.#dataStart = dataStart;
    this.#entries = readEntries(path, rest, dataBytes);
  }

  /** Opens a file. Throws an ArtifactError if it is missing, cut short or inconsistent. */
  static open(path: string): SafetensorsFile {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (error) {
      throw readError(error, path);
    }
    try {
      return new SafetensorsFile(path, file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** Facts about the tensors that can be read. */
  names(): string[] {
    return [...this.#entries].filter(([, { dtype }]) => dtype !== undefined).map(([name]) => name);
  }

  /** The format's type, such as F8_E4M3, of each tensor that is of a type which is not read here. */
  otherTypes(): Map<string, string> {
    const others = [...this.#entries].filter(([, { dtype }]) => dtype === undefined);
    return new Map(others.map(([name, { type }]) => [name, type]));
  }

  /** Type and shape of a tensor, or undefined if there is none of that name that can be read. */
  info(name: string): Pick<TensorData, 'dtype' | 'shape'> | undefined {
    const { dtype, shape } = this.#entries.get(name) ?? {};
    return dtype && shape ? { dtype, shape } : undefined;
  }

  /** Reads one tensor into memory of its own. */
  read(name: string): TensorData {
    const { dtype, shape, begin, end } = this.#entry(name);
    const data = dtypes[dtype].create((end - begin) / dtypes[dtype].bytes);
    const tensor = { dtype, shape, data };
    readExactly(this.path, this.#file, bytesOf(tensor), this.#dataStart + begin);
    return tensor;
  }

  /** Reads the bytes of one tensor into memory that threads share. */
  readShared(name: string): Uint8Array {
    const { begin, end } = this.#entry(name);
    const bytes = new Uint8Array(new SharedArrayBuffer(end - begin));
    readExactly(this.path, this.#file, bytes, this.#dataStart + begin);
    return bytes;
  }

  #entry(name: string): Entry & { readonly dtype: DType } {
    const entry = this.#entries.get(name);
    if (!entry) throw corrupt(this.path, `it does not contain a tensor ${name}`);
    const { dtype, type } = entry;
    if (dtype !== undefined) return { ...entry, dtype };
    throw new ArtifactError(`tensor ${name} of ${this.path} has the unsupported type ${type}`, {
      code: 'safetensors-type',
      where: this.path,
      hint: `supported types: ${[...dtypeNames.keys()].join(', ')}`,
    });
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Reads every tensor of a file. Throws an ArtifactError if it is missing or corrupt. */
export function readSafetensors(path: string): Map<string, TensorData> {
  const file = SafetensorsFile.open(path);
  try {
    return new Map(file.names().map((name) => [name, file.read(name)]));
  } finally {
    file.close();
  }
}

function corrupt(path: string, problem: string, cause?: unknown): ArtifactError {
  return new ArtifactError(`${path} is not a valid safetensors file: ${problem}`, {
    code: 'safetensors-corrupt',
    where: path,
    hint: 'get the file again: it is truncated or was changed after it was written',
    cause,
  });
}

function readExactly(path: string, file: number, out: Uint8Array, position: number): void {
  let done = 0;
  while (done < out.length) {
    const length = Math.min(chunkBytes, out.length - done);
    const count = readSync(file, out, done, length, position + done);
    if (count === 0) throw corrupt(path, 'it ends too early');
    done += count;
  }
}

function readHeader(path: string, file: number) {
  const size = fstatSync(file).size;
  if (size < 8) throw corrupt(path, `it has ${size} bytes, fewer than the shortest header`);
  const head = new Uint8Array(8);
  readExactly(path, file, head, 0);
  const length = Number(new DataView(head.buffer).getBigUint64(0, true));
  if (length > longestHeader) throw corrupt(path, `its header claims ${length} bytes`);
  if (8 + length > size)
    throw corrupt(path, `its header claims ${length} bytes, the file has ${size}`);
  const json = new Uint8Array(length);
  readExactly(path, file, json, 8);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw corrupt(path, 'its header is not JSON', cause);
  }
  if (!isObject(header)) throw corrupt(path, 'its header is not an object');
  return { header, dataStart: 8 + length, dataBytes: size - 8 - length };
}

function textValues(metadata: unknown): Record<string, string> {
  if (!isObject(metadata)) return {};
  const texts = Object.entries(metadata).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return Object.fromEntries(texts);
}

function readEntries(
  path: string,
  header: Readonly<Record<string, unknown>>,
  dataBytes: number,
): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [name, value] of Object.entries(header))
    entries.set(name, readEntry(path, name, value));
  let reached = 0;
  const byPlace = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { begin, end }] of byPlace) {
    if (begin < reached) throw corrupt(path, `tensor ${name} overlaps the one before it`);
    if (begin > reached) throw corrupt(path, `there are unused bytes before tensor ${name}`);
    reached = end;
  }
  if (reached !== dataBytes)
    throw corrupt(path, `its tensors take ${reached} bytes, the file holds ${dataBytes}`);
  return entries;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function readEntry(path: string, name: string, value: unknown): Entry {
  if (!isObject(value)) throw corrupt(path, `the entry of tensor ${name} is not an object`);
  const { dtype: type, shape, data_offsets: offsets } = value;
  if (typeof type !== 'string') throw corrupt(path, `tensor ${name} has no type`);
  const dtype = dtypeNames.get(type);
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw corrupt(path, `tensor ${name} has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw corrupt(path, `tensor ${name} has no valid data_offsets`);
  const [begin, end] = offsets;
  invariant(begin !== undefined && end !== undefined, 'two offsets');
  const bits = dtype === undefined ? otherTypes.get(type) : 8 * dtypes[dtype].bytes;
  // The place of a type that nobody here knows is believed, as long as it leaves no gap.
  if (bits === undefined) return { dtype, type, shape, begin, end };
  const bytes = (shape.reduce((a, b) => a * b, 1) * bits) / 8;
  if (end - begin !== bytes)
    throw corrupt(path, `tensor ${name} has ${end - begin} bytes, its shape needs ${bytes}`);
  return { dtype, type, shape, begin, end };
}
