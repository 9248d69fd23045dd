import { fillNormal, permutation, uniform, type StreamId } from '../../src/support/random.js';
import { kinkDistance } from './tolerances.js';

/** Makes the values of a test's tensor from a stream of the counter-based generator. */
export type Draw = (count: number, stream: StreamId) => Float64Array;

const seed = 20260705;

/** Standard normal numbers. */
export const gaussian: Draw = (count, stream) => {
  const out = new Float64Array(count);
  fillNormal(out, seed, stream, { mean: 0, std: 1 });
  return out;
};

/** Uniform numbers in [low, high). */
export const between =
  (low: number, high: number): Draw =>
  (count, stream) =>
    uniform(count, seed, stream).map((u) => low + (high - low) * u);

/** Normal numbers of deviation 2 that stay away from kinks. */
export const awayFrom =
  (...kinks: readonly number[]): Draw =>
  (count, stream) =>
    gaussian(count, stream).map((z) => {
      const near = kinks.find((kink) => Math.abs(2 * z - kink) < 2 * kinkDistance);
      return near === undefined ? 2 * z : near + Math.sign(2 * z - near) * 3 * kinkDistance;
    });

/** Numbers around 0 that all differ by more than the kink distance, so that no maximum is a tie. */
export const distinct: Draw = (count, stream) =>
  Float64Array.from(
    permutation(count, seed, stream),
    (rank) => (rank - count / 2) * 3 * kinkDistance,
  );

/** 1 with probability `keep`, else 0. */
export const mask =
  (keep: number): Draw =>
  (count, stream) =>
    uniform(count, seed, stream).map((u) => (u < keep ? 1 : 0));

/** Whole numbers from 0 up to `end`, exclusive. */
export const integers =
  (end: number): Draw =>
  (count, stream) =>
    uniform(count, seed, stream).map((u) => Math.floor(u * end));
