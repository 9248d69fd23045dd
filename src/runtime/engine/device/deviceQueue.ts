/** Most steps that a device may be given before their results are read. */
export const longestQueue = 64;

const queueMilliseconds = 500;

/** Steps of so many milliseconds that a device is given before their results are read: half a second of them. */
export function stepsToQueue(milliseconds: number): number {
  return Math.min(longestQueue, Math.max(1, Math.floor(queueMilliseconds / milliseconds)));
}
