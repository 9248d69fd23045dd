/** Spread of repeated measurements. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  /** Half of all values lie between the quartiles. */
  readonly quartiles: readonly [number, number];
  readonly count: number;
}

/** Median, lowest value and quartiles, to four digits. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.floor(share * sorted.length)] ?? NaN);
  return {
    median: at(0.5),
    lowest: at(0),
    quartiles: [at(0.25), at(0.75)],
    count: values.length,
  };
}

/** Four significant digits: more would only be noise. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}
