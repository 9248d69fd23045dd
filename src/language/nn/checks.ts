import type { Value } from '../../compiler/ir/graph.js';
import type { Trace } from '../../compiler/trace/trace.js';
import { formatShape } from '../../support/shape.js';

/** Refuses an option that is not a whole number of at least 1. */
export function checkCount(trace: Trace, layer: string, option: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw trace.error(
      'option',
      `${layer}: invalid ${option} ${value}`,
      `\`${option}\` must be a whole number of at least 1`,
    );
}

/** Refuses an option that is not a finite number above 0. */
export function checkPositive(trace: Trace, layer: string, option: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0))
    throw trace.error(
      'option',
      `${layer}: invalid ${option} ${value}`,
      `\`${option}\` must be a number above 0`,
    );
}

/** Refuses an option that is not a finite number. */
export function checkFinite(trace: Trace, layer: string, option: string, value: number): void {
  if (!Number.isFinite(value))
    throw trace.error(
      'option',
      `${layer}: invalid ${option} ${value}`,
      `\`${option}\` must be a finite number`,
    );
}

/** Refuses an axis that a value does not have, and the batch. */
export function checkAxis(trace: Trace, layer: string, x: Value, axis: number): void {
  if (!Number.isInteger(axis) || axis < 1 || axis >= x.rank)
    throw trace.error(
      'axis',
      `${layer}: axis ${axis} is outside ${formatShape(x.shape)}`,
      `\`axis\` must be 1 to ${x.rank - 1}; axis 0 is the batch`,
    );
}
