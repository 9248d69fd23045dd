/** Intervals of 95 %: how far a figure measured on some images may be from that of all. */

/** The lower and the upper end. */
export type Interval = readonly [low: number, high: number];

/** The 0.975 quantile of the normal distribution. */
const z = 1.959963984540054;

/**
 * Wilson's score interval of a share of which `successes` of `n` were seen; [0, 1] for n = 0. Source:
 * E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209. Weighted images count as the number that they are
 * worth, so neither number need be whole.
 */
export function wilson(successes: number, n: number): Interval {
  if (!(n > 0)) return [0, 1];
  const share = successes / n;
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const spread = Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const half = (z * spread) / (1 + (z * z) / n);
  // The ends of 0 and of n successes are exact, whatever is rounded between.
  const low = successes <= 0 ? 0 : Math.max(0, middle - half);
  return [low, successes >= n ? 1 : Math.min(1, middle + half)];
}

/**
 * The exact interval of a share, from the tails of the binomial distribution; [0, 1] for n = 0. Source:
 * C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404.
 */
export function clopperPearson(successes: number, n: number): Interval {
  const tail = 0.025;
  const low =
    successes === 0 ? 0 : solve((share) => 1 - binomialCdf(successes - 1, n, share) < tail);
  const high = successes === n ? 1 : solve((share) => binomialCdf(successes, n, share) > tail);
  return [low, high];
}

/** Finds where `below`, true from 0 up to some share, becomes false. */
function solve(below: (share: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (below(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Probability of at most k successes in n, each of the probability `share`. */
function binomialCdf(k: number, n: number, share: number): number {
  const odds = Math.log(share) - Math.log1p(-share);
  let logTerm = n * Math.log1p(-share);
  let sum = Math.exp(logTerm);
  for (let i = 1; i <= k; i++) {
    logTerm += Math.log((n - i + 1) / i) + odds;
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}

/** Two networks on the same images. */
export interface Paired {
  readonly n: number;
  /** Images that only the first, and only the second, gets right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
}

/**
 * The interval of the difference of two accuracies on the same images, first - second, with one image
 * more of either kind. Source: D. G. Bonett and R. M. Price, J. Educ. Behav. Stat. 37 (2012) 479.
 */
export function pairedDifference({ n, onlyFirst, onlySecond }: Paired): Interval {
  const [first, second] = [(onlyFirst + 1) / (n + 2), (onlySecond + 1) / (n + 2)];
  const difference = first - second;
  const half = z * Math.sqrt((first + second - difference * difference) / (n + 2));
  return [Math.max(-1, difference - half), Math.min(1, difference + half)];
}

/** A share of n. */
export interface Counted {
  readonly successes: number;
  readonly n: number;
}

/**
 * The interval of the difference of two shares of different images, first - second, from Wilson's of
 * each. Source: R. G. Newcombe, Stat. Med. 17 (1998) 873, method 10.
 */
export function unpairedDifference(first: Counted, second: Counted): Interval {
  const [a, b] = [first.successes / first.n, second.successes / second.n];
  const [lowA, highA] = wilson(first.successes, first.n);
  const [lowB, highB] = wilson(second.successes, second.n);
  return [a - b - Math.hypot(a - lowA, highB - b), a - b + Math.hypot(highA - a, b - lowB)];
}
