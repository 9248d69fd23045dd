import { gridSteps } from './selection.js';

const barWidth = 40;

/** Lines of a histogram of confidences by tenths, from counts by hundredths [101]. */
export function textHistogram(counts: Float64Array): string[] {
  const tenths = new Float64Array(10);
  for (const [k, count] of counts.entries()) {
    const tenth = Math.min(9, Math.floor((10 * k) / gridSteps));
    tenths[tenth] = (tenths[tenth] ?? 0) + count;
  }
  const most = Math.max(...tenths, 1);
  const width = String(Math.max(...tenths)).length;
  return Array.from(tenths, (count, i) => {
    const bar = '#'.repeat(Math.ceil((barWidth * count) / most));
    const range = `${(i / 10).toFixed(1)}-${((i + 1) / 10).toFixed(1)}`;
    return `${range}  ${String(count).padStart(width)}  ${bar}`.trimEnd();
  });
}

/** The highest threshold of two digits that at least `wanted` of the counts reach. */
export function thresholdFor(counts: Float64Array, wanted: number): number {
  let sum = 0;
  for (let k = gridSteps; k > 0; k--) {
    sum += counts[k] ?? 0;
    if (sum >= wanted) return k / gridSteps;
  }
  return 0;
}
