import type { Dim, Shape } from '../../../support/shape.js';

/** Axes of an image's height and width: the last two, or those before the channels if these are at the end. */
export function pixelAxes(shape: Shape): number[] {
  const [, first, , last] = shape;
  const channelsLast = typeof last === 'number' && last > 0 && last <= 4 && !isFew(first);
  return channelsLast ? [1, 2] : [2, 3];
}

function isFew(dim: Dim | undefined): boolean {
  return typeof dim === 'number' && dim > 0 && dim <= 4;
}
