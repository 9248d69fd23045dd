import { invariant } from '../../support/errors.js';
import { fractionBits } from './axis.js';
import * as wasm from './wasm.js';

/**
 * The two passes of a resize as WebAssembly with vectors, some eight times as fast as JavaScript.
 * Each result has a record in a table: the place of its first source pixel in bytes, its number of
 * weights (a multiple of 4) and the weights.
 */
export interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /**
   * Rows of RGB from `source`, each `stride` bytes after the one before, become rows of `width`
   * pixels at `target`, `targetStride` apart. Writes a byte behind each row.
   */
  horizontal(
    ...where: [
      source: number,
      target: number,
      rows: number,
      stride: number,
      targetStride: number,
      width: number,
      table: number,
    ]
  ): void;
  /** Rows of `stride` bytes, a multiple of 16, become `rows` others, `stride` apart. */
  vertical(
    ...where: [source: number, target: number, rows: number, stride: number, table: number]
  ): void;
}

/** A lane that a swizzle makes 0. */
const none = 0xff;
const half = 1 << (fractionBits - 1);
/** Four sums to bytes: rounded, and 0 to 255. */
const toShorts = (a: wasm.Code, b: wasm.Code): wasm.Code => [
  ...[...a, ...wasm.i32(fractionBits), ...wasm.shiftRight],
  ...[...b, ...wasm.i32(fractionBits), ...wasm.shiftRight],
  ...wasm.narrowToShorts,
];
const begin = (sum: number): wasm.Code => [...wasm.i32(half), ...wasm.splat, ...wasm.set(sum)];
const accumulate = (sum: number, product: wasm.Code): wasm.Code => [
  ...wasm.get(sum),
  ...product,
  ...wasm.add,
  ...wasm.set(sum),
];

function horizontal(): wasm.Function {
  const [source, target, rows, stride, targetStride, width, table] = [0, 1, 2, 3, 4, 5, 6];
  const [entry, left, taps, place, out] = [7, 8, 9, 10, 11];
  const [sum, pixels] = [12, 13];
  // A pixel of five as three integers: its bytes, each followed by zeros.
  const pixel = (k: number): wasm.Code => [
    ...wasm.get(pixels),
    ...wasm.bytes(
      [0, 1, 2, none].flatMap((c) => [c === none ? none : 3 * k + c, none, none, none]),
    ),
    ...wasm.swizzle,
  ];
  const tap = (k: number): wasm.Code =>
    accumulate(sum, [
      ...pixel(k),
      ...[...wasm.get(entry), ...wasm.loadSplat(4 * k)],
      ...wasm.multiply,
    ]);
  const fourTaps = [
    ...[...wasm.get(place), ...wasm.load(0), ...wasm.set(pixels)],
    ...[0, 1, 2, 3].flatMap(tap),
    ...wasm.bump(place, wasm.i32(12)),
    ...wasm.bump(entry, wasm.i32(16)),
  ];
  const shorts = toShorts(wasm.get(sum), wasm.get(sum));
  const eachPixel = [
    ...[...wasm.get(source), ...wasm.get(entry), ...wasm.i32Load(0), ...wasm.i32Add],
    ...wasm.set(place),
    ...[...wasm.get(entry), ...wasm.i32Load(4), ...wasm.set(taps)],
    ...wasm.bump(entry, wasm.i32(8)),
    ...begin(sum),
    ...wasm.countdown(taps, 4, fourTaps),
    ...[...wasm.get(out), ...shorts, ...shorts, ...wasm.narrowToBytes],
    ...[...wasm.firstLane, ...wasm.i32Store],
    ...wasm.bump(out, wasm.i32(3)),
  ];
  const eachRow = [
    ...[...wasm.get(table), ...wasm.set(entry), ...wasm.get(width), ...wasm.set(left)],
    ...[...wasm.get(target), ...wasm.set(out)],
    ...wasm.countdown(left, 1, eachPixel),
    ...wasm.bump(source, wasm.get(stride)),
    ...wasm.bump(target, wasm.get(targetStride)),
  ];
  const body = wasm.countdown(rows, 1, eachRow);
  return { name: 'horizontal', parameters: 7, integers: 5, vectors: 2, body };
}

function vertical(): wasm.Function {
  const [source, target, rows, stride, table] = [0, 1, 2, 3, 4];
  const [entry, left, taps, place, column] = [5, 6, 7, 8, 9];
  const [sums, bytes, weight] = [[10, 11, 12, 13], 14, 15];
  const shorts = [wasm.lowShorts, wasm.highShorts];
  const ints = [wasm.lowInts, wasm.highInts];
  const tap = [
    ...[...wasm.get(place), ...wasm.load(0), ...wasm.set(bytes)],
    ...[...wasm.get(entry), ...wasm.loadSplat(0), ...wasm.set(weight)],
    ...sums.flatMap((sum, i) =>
      accumulate(sum, [
        ...[...wasm.get(bytes), ...(shorts[i >> 1] ?? []), ...(ints[i & 1] ?? [])],
        ...[...wasm.get(weight), ...wasm.multiply],
      ]),
    ),
    ...wasm.bump(place, wasm.get(stride)),
    ...wasm.bump(entry, wasm.i32(4)),
  ];
  const [a = 0, b = 0, c = 0, d = 0] = sums;
  const eachColumn = [
    ...[...wasm.get(table), ...wasm.set(entry)],
    ...[...wasm.get(source), ...wasm.get(column), ...wasm.i32Add],
    ...[...wasm.get(entry), ...wasm.i32Load(0), ...wasm.i32Add, ...wasm.set(place)],
    ...[...wasm.get(entry), ...wasm.i32Load(4), ...wasm.set(taps)],
    ...wasm.bump(entry, wasm.i32(8)),
    ...sums.flatMap(begin),
    ...wasm.countdown(taps, 1, tap),
    ...[...wasm.get(target), ...wasm.get(column), ...wasm.i32Add],
    ...toShorts(wasm.get(a), wasm.get(b)),
    ...toShorts(wasm.get(c), wasm.get(d)),
    ...[...wasm.narrowToBytes, ...wasm.store(0)],
    ...wasm.bump(column, wasm.i32(16)),
  ];
  const eachRow = [
    ...[...wasm.get(stride), ...wasm.set(left), ...wasm.i32(0), ...wasm.set(column)],
    ...wasm.countdown(left, 16, eachColumn),
    ...wasm.bump(target, wasm.get(stride)),
    // The entry stands behind the last column's weights: the next row's record.
    ...[...wasm.get(entry), ...wasm.set(table)],
  ];
  const body = wasm.countdown(rows, 1, eachRow);
  return { name: 'vertical', parameters: 5, integers: 5, vectors: 6, body };
}

/** The part of WebAssembly that is used; Node's types leave its values out. */
interface Engine {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: Engine };

let made: Kernels | undefined;

/** The kernels of this thread. */
export function kernels(): Kernels {
  if (made) return made;
  const { exports } = new engine.Instance(new engine.Module(encode()));
  invariant(isKernels(exports), 'the module exports its kernels');
  return (made = exports);
}

function encode(): Uint8Array<ArrayBuffer> {
  return wasm.encodeModule([horizontal(), vertical()]);
}

function isKernels(exports: object): exports is Kernels {
  return ['memory', 'horizontal', 'vertical'].every((name) => name in exports);
}
