import type { Literal } from './network.js';

/** The shortest decimal number that is the same float32. */
export function shortestFloat(value: number): number {
  const wanted = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === wanted) return short;
  }
  return value;
}

/** True if two values of options are written alike. */
export function literalEquals(a: Literal | undefined, b: Literal | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Two numbers as a layer takes them: one where they are equal. */
export function pair(a: number, b: number): number | readonly [number, number] {
  return a === b ? a : [a, b];
}

/** The options that are given. */
export function given(
  options: Readonly<Record<string, Literal | undefined>>,
): Readonly<Record<string, Literal>> {
  const entries = Object.entries(options).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return Object.fromEntries(entries);
}
