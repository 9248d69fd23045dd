import type { FilterProgress } from '../choose/filter.js';

/** Tells how many rows of all are read; undefined where nobody listens. */
export function rowProgress(
  total: number,
  onEvent: ((event: FilterProgress) => void) | undefined,
): ((done: number) => void) | undefined {
  const start = performance.now();
  return (
    onEvent &&
    ((done) => {
      const imagesPerSecond = done / ((performance.now() - start) / 1000);
      onEvent({ kind: 'progress', done, total, imagesPerSecond, unit: 'rows' });
    })
  );
}
