import { z } from 'zod';
import { drawnAgainNote, recordedHeldOut, type HeldOut } from '../../data/memory/heldOutRecord.js';
import { openLabelledSet } from '../../data/datasets/openSets.js';
import { asRecorded, classesOfRun, dataOfRun } from '../../training/record/runRecord.js';
import { heldOutOf } from '../../training/run/trainFromConfig.js';
import { holdOut } from '../../training/record/trainingData.js';
import type { LabelledImages } from '../../data/sets/images.js';
import { findRun } from '../../runtime/storage/runFolder.js';
import { GradusError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { isObject } from '../../support/objects.js';
import { Stages } from '../loop/lineage.js';

/** Part of run.json about a self-training's labelled images. */
const recordSchema = z.object({
  configFolder: z.string(),
  config: z.object({
    data: z.object({ labelled: z.string(), unlabelled: z.string() }),
    validation: z.object({ share: z.number() }),
    seed: z.number(),
  }),
});

/**
 * The labelled images that the training of a checkpoint held out; undefined if nothing is known of it.
 * Sets that cannot be opened, or have other classes today, are lost with the reason.
 */
export async function openHeldOut(checkpoint: string): Promise<HeldOut | undefined> {
  const found = await heldOutOfSelfTraining(checkpoint);
  if (found) return found;
  try {
    const own = await heldOutOf(checkpoint, otherAuditor);
    if (!own || 'lost' in own) return own;
    const name = `the images that ${checkpoint} held out`;
    return { ...own, images: { ...own.images, name } };
  } catch (error) {
    if (error instanceof GradusError) return { lost: reasonOf(error) };
    throw error;
  }
}

const otherAuditor = phrase`pass labelled images to audit it with: ${option('audit', 'SET')}, or none`;

function reasonOf({ message, notes }: GradusError): string {
  return notes.length === 0 ? message : `${message} (${notes.join('; ')})`;
}

/**
 * The labelled images that the self-training of a checkpoint held out, from where its config says they
 * are; undefined if the checkpoint lies in no self-training. Images that changed since are lost: the
 * networks may have learned from those that would be held out today.
 */
export async function heldOutOfSelfTraining(checkpoint: string): Promise<HeldOut | undefined> {
  const run = findRun(checkpoint);
  const record = recordSchema.safeParse(run?.info).data;
  if (!run || !record) return undefined;
  const { config } = record;
  const { labelled } = config.data;
  const name = `the images that ${checkpoint} held out`;
  let images: LabelledImages;
  const notes: string[] = [];
  const { seed } = config;
  const { share } = config.validation;
  try {
    const classes = asRecorded(classesOfRun(run.info));
    const { folder, note } = dataOfRun(run, labelled, otherAuditor);
    if (note !== undefined) notes.push(note);
    const all = await openLabelledSet(labelled, { folder, classes });
    const recorded = await recordedHeldOut(run.path, all);
    if (recorded)
      return 'lost' in recorded ? recorded : { images: { ...recorded.images, name }, notes };
    images = holdOut(all, share, seed).validation;
  } catch (error) {
    if (error instanceof GradusError) return { lost: reasonOf(error) };
    throw error;
  }
  const begun = new Stages(run.path).inputsOf('teacher/train');
  if (!isObject(begun) || begun['validation'] !== images.fingerprint)
    return { lost: `${labelled} has changed since its training` };
  notes.push(drawnAgainNote(run.path, labelled, { share, seed }));
  return { images: { ...images, name }, notes };
}
