/** Least and largest values of columns for the footer, computed in a fraction of the writer's time. */
import type { Statistics } from 'hyparquet';

type Values = Int32Array | Float32Array | readonly string[];

/** Characters whose UTF-16 order, by which JavaScript compares, is not that of UTF-8. */
const orderedOtherwise = /[\ud800-\uffff]/;

/**
 * Least and largest value of a column without missing values; undefined if the footer should have
 * none: of no values, of NaN, which they would leave out, and of text that is seldom and slow to order.
 */
export function statisticsOf(values: Values): Statistics | undefined {
  const bounds = values instanceof Array ? boundsOfText(values) : boundsOfNumbers(values);
  if (!bounds) return undefined;
  const [min_value, max_value] = bounds;
  return { min_value, max_value, null_count: 0n };
}

function boundsOfNumbers(values: Int32Array | Float32Array): [number, number] | undefined {
  let least = Infinity;
  let largest = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (value < least) least = value;
    if (value > largest) largest = value;
    if (value !== value) return undefined;
  }
  // As the format wants it: a zero of either sign lies between.
  if (values.length === 0) return undefined;
  return [least === 0 ? -0 : least, largest === 0 ? 0 : largest];
}

function boundsOfText(values: readonly string[]): [string, string] | undefined {
  let [least] = values;
  if (least === undefined) return undefined;
  let largest = least;
  let before: string | undefined;
  for (const value of values) {
    // Categories repeat.
    if (value === before) continue;
    before = value;
    if (orderedOtherwise.test(value)) return undefined;
    if (value < least) least = value;
    else if (value > largest) largest = value;
  }
  return [least, largest];
}
