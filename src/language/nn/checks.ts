import type { Trace } from '../../compiler/trace/trace.js';

/** Refuses an option that is no whole number of at least 1. */
export function checkCount(trace: Trace, layer: string, option: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw trace.error(
      'option',
      `${layer}: ${option} is ${value}`,
      `\`${option}\` is a whole number of at least 1`,
    );
}

/** Refuses an option that is no finite number above 0. */
export function checkPositive(trace: Trace, layer: string, option: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0))
    throw trace.error(
      'option',
      `${layer}: ${option} is ${value}`,
      `\`${option}\` is a number above 0`,
    );
}
