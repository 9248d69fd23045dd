/** Formats shares for people: an estimate never appears without its n and its interval. */
import { wilson, type Interval } from './interval.js';

/** `97.31 %` from a fraction: for what was counted, not estimated. */
export function formatPercent(fraction: number, digits = 2): string {
  return `${(100 * fraction).toFixed(digits)} %`;
}

/**
 * `95 % (76 to 99)`: a share of n images with its interval of 95 %, Wilson's unless another is given,
 * in no more digits than the interval's width leaves a meaning. The n stands beside it.
 */
export function formatShare(
  share: number,
  n: number,
  interval: Interval = wilson(share * n, n),
): string {
  const digits = digitsOf(interval);
  return `${formatPercent(share, digits)} (${ends(interval, digits)})`;
}

/** `95 % of 20 (76 to 99)`, where n stands nowhere else; empty if there are no images. */
export function formatShareOf(share: number | null, n: number): string {
  if (share === null || n === 0) return '';
  const interval = wilson(share * n, n);
  const digits = digitsOf(interval);
  return `${formatPercent(share, digits)} of ${n.toLocaleString('en-US')} (${ends(interval, digits)})`;
}

/** `2.2 points (1.4 to 3.0)`: a difference of two shares with its interval. */
export function formatDifference(difference: number, interval: Interval): string {
  const digits = digitsOf(interval);
  return `${(100 * difference).toFixed(digits)} points (${ends(interval, digits)})`;
}

/** Digits behind the point of a percentage. */
function digitsOf([low, high]: Interval): number {
  const width = 100 * (high - low);
  if (width >= 5) return 0;
  return width >= 0.5 ? 1 : 2;
}

function ends([low, high]: Interval, digits: number): string {
  // Adding 0 turns -0 into 0.
  const end = (value: number): string =>
    (Number((100 * value).toFixed(digits)) + 0).toFixed(digits);
  return `${end(low)} to ${end(high)}`;
}

/** Share of n in JSON: the number of images and its interval of 95 %, null without images. */
export interface ShareFacts {
  readonly n: number;
  readonly interval: Interval | null;
}

export function shareFacts(share: number | null, n: number): ShareFacts {
  return { n, interval: share === null || n === 0 ? null : wilson(share * n, n) };
}
