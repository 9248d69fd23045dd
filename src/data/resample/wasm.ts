/**
 * Encodes WebAssembly: what of the format the resampler's kernels need. A function's body is bytes,
 * one instruction after another, from the names below. Source: webassembly.github.io/spec, binary
 * format.
 */
export type Code = readonly number[];

const int32 = 0x7f;
const vector = 0x7b;

/** An integer in groups of 7 bits, the lowest first. */
function leb(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    // Signed: the sign is that of the last group's sixth bit.
    const done = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    out.push(done ? byte : byte | 0x80);
    if (done) return out;
  }
}

/** Lengths and indices are unsigned. */
function unsigned(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ;) {
    const byte = rest & 0x7f;
    rest >>>= 7;
    out.push(rest === 0 ? byte : byte | 0x80);
    if (rest === 0) return out;
  }
}

function simd(code: number, ...immediates: number[]): number[] {
  return [0xfd, ...unsigned(code), ...immediates];
}

/** Alignment, of which 0 promises nothing, and offset. */
function memory(offset: number): number[] {
  return [0, ...unsigned(offset)];
}

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const i32 = (value: number): Code => [0x41, ...leb(value)];
export const i32Add: Code = [0x6a];
export const i32Sub: Code = [0x6b];
export const i32Load = (offset: number): Code => [0x28, ...memory(offset)];
export const i32Store: Code = [0x36, ...memory(0)];
export const load = (offset: number): Code => simd(0, ...memory(offset));
export const loadSplat = (offset: number): Code => simd(9, ...memory(offset));
export const store = (offset: number): Code => simd(11, ...memory(offset));
/** A constant vector of 16 bytes. */
export const bytes = (values: readonly number[]): Code => simd(12, ...values);
/** Bytes of the first vector by the numbers in the second; 0 for a number beyond 15. */
export const swizzle: Code = simd(14);
export const splat: Code = simd(17);
export const firstLane: Code = simd(27, 0);
export const narrowToBytes: Code = simd(102);
export const narrowToShorts: Code = simd(133);
export const shiftRight: Code = simd(172);
export const add: Code = simd(174);
export const multiply: Code = simd(181);
export const lowShorts: Code = simd(137);
export const highShorts: Code = simd(138);
export const lowInts: Code = simd(169);
export const highInts: Code = simd(170);

/** Adds a number to a local. */
export function bump(local: number, by: Code): Code {
  return [...get(local), ...by, ...i32Add, ...set(local)];
}

/** Runs `body` until the local, which it is to lessen by `step` each time, is 0; at least once. */
export function countdown(local: number, step: number, body: Code): Code {
  const lessen = [...get(local), ...i32(step), ...i32Sub, 0x22, ...unsigned(local)];
  return [0x03, 0x40, ...body, ...lessen, 0x0d, 0, 0x0b];
}

export interface Function {
  readonly name: string;
  /** Numbers that it is given: locals from 0. */
  readonly parameters: number;
  /** Further locals behind them: integers, then vectors. */
  readonly integers: number;
  readonly vectors: number;
  readonly body: Code;
}

/** A module that exports functions without results and its memory, which begins with a page. */
export function encodeModule(functions: readonly Function[]): Uint8Array<ArrayBuffer> {
  const text = (name: string): number[] => list(Array.from(Buffer.from(name), (byte) => [byte]));
  const types = functions.map(({ parameters }) => [
    0x60,
    ...list(new Array<number[]>(parameters).fill([int32])),
    ...list([]),
  ]);
  const exports = functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]);
  const codes = functions.map(({ integers, vectors, body }) => {
    const locals = list([
      [...unsigned(integers), int32],
      [...unsigned(vectors), vector],
    ]);
    const code = [...locals, ...body, 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(types)),
    ...section(3, list(functions.map((_, i) => unsigned(i)))),
    ...section(5, list([[0x00, 0x01]])),
    ...section(7, list([...exports, [...text('memory'), 0x02, 0x00]])),
    ...section(10, list(codes)),
  ]);
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}
