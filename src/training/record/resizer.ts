import { isObject } from '../../support/objects.js';

/**
 * Library that resizes images, as run.json records it; runs of older versions have no record, and
 * used sharp.
 */
export const resizer = 'pillow';

/**
 * Says that a run which goes on is given images by another filter than it began with; undefined if
 * it is not: its record says the same.
 */
export function resizerNote(recorded: unknown) {
  if (!isObject(recorded) || recorded['resizer'] === resizer) return undefined;
  return "note: this run was begun by an earlier version, which resized images with another filter; from here on images are bit-identical to Pillow's and differ from those before by a few levels";
}
