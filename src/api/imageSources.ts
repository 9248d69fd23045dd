import { cleanImages, type CleanImagesOptions } from '../data/cleanImages.js';
import type { ImageSource } from '../data/imageSource.js';
import {
  openLabelledSet,
  openUnlabelledSet,
  type OpenLabelledSetOptions,
  type OpenSetOptions,
} from './imageSets.js';
import { heldOutOf } from './trainFromConfig.js';

export type OpenSourceOptions = OpenSetOptions & CleanImagesOptions;

/** The clean images of a set without classes, as openUnlabelledSet names it. */
export async function openSource(spec: string, options: OpenSourceOptions): Promise<ImageSource> {
  return cleanImages(await openUnlabelledSet(spec, options), options);
}

/** The clean images of a labelled set, as openLabelledSet names it. */
export async function openLabelledSource(
  spec: string,
  options: OpenLabelledSetOptions & CleanImagesOptions,
): Promise<ImageSource> {
  return cleanImages(await openLabelledSet(spec, options), options);
}

/** What a checkpoint's training held out of its labelled images; undefined where nothing is known of it. */
export async function openHeldOut(
  checkpoint: string,
  options: CleanImagesOptions,
): Promise<ImageSource | undefined> {
  const heldOut = await heldOutOf(checkpoint);
  if (!heldOut) return undefined;
  return cleanImages({ ...heldOut, name: `the images that ${checkpoint} held out` }, options);
}
