import { statImages } from './fileStats.js';
import { subsetOf, type LabelledImages } from '../sets/images.js';
import { compareSet } from './setChange.js';
import { openSetRecord } from './setRecord.js';
import { formatPercent } from '../../support/statistics/share.js';
import { recordPath } from './setMemory.js';

/** The images that a training held out, with what is to be said of them, or the reason why they are lost. */
export type HeldOut =
  | { readonly images: LabelledImages; readonly notes: readonly string[] }
  | { readonly lost: string };

/** Note about held-out images that no record names, but a config, drawn again from the labelled images of today. */
export function drawnAgainNote(
  run: string,
  labelled: string,
  { share, seed }: { readonly share: number; readonly seed: number },
): string {
  return `${run} has no record of its held-out images (an older version made it): they are drawn again from ${labelled}, ${formatPercent(share, 0)} of each class by seed ${seed}; a change of these images since the training cannot be noticed, and the network may have learned from some of them`;
}

/**
 * The labelled images that a run's record names as held out; lost if some of them have changed
 * or are gone. Undefined for a run of an older version, which has no record.
 */
export async function recordedHeldOut(
  run: string,
  images: LabelledImages,
): Promise<HeldOut | undefined> {
  const record = await openSetRecord(recordPath(run, 'labelled'));
  if (!record) return undefined;
  const { heldOut, heldOutLost, header } = await compareSet(
    record,
    images,
    await statImages(images),
  );
  if (heldOut.length === 0)
    return { lost: `none of the images that ${run} held out exists any more` };
  if (heldOutLost > 0) {
    const them = heldOutLost === 1 ? '1 image' : `${heldOutLost} images`;
    return { lost: `${them} of the images that ${run} held out changed or disappeared since` };
  }
  const known = { ...images, fingerprint: header.identity };
  return { images: subsetOf(known, heldOut), notes: [] };
}
