import { cleanImages, type CleanImagesOptions } from '../data/cleanImages.js';
import { describeSet, type OnSet } from '../data/describe.js';
import type { Images } from '../data/images.js';
import type { ImageSource } from '../data/imageSource.js';
import { openLabelledSet, type OpenLabelledSetOptions, type OpenSetOptions } from './imageSets.js';
import { heldOutOf } from './trainFromConfig.js';

export interface OpenSourceOptions extends OpenSetOptions, CleanImagesOptions {
  /** Told of the set as it was opened. */
  readonly onSet?: OnSet | undefined;
}

/** The clean images of a labelled set, as openLabelledSet names it. */
export async function openLabelledSource(
  spec: string,
  options: OpenLabelledSetOptions & OpenSourceOptions,
): Promise<ImageSource> {
  return asSource('audit', await openLabelledSet(spec, options), options);
}

/** The clean images of a set that was opened, which is told; what cannot be read beside them counts first. */
export function asSource(
  role: string,
  images: Images,
  options: CleanImagesOptions & Pick<OpenSourceOptions, 'onSet'>,
): ImageSource {
  options.onSet?.(describeSet(role, images));
  options.unreadable.addBeside(images.leftOut);
  return cleanImages(images, options);
}

/** What a checkpoint's training held out of its labelled images; undefined where nothing is known of it. */
export async function openHeldOut(
  checkpoint: string,
  options: CleanImagesOptions & Pick<OpenSourceOptions, 'onSet'>,
): Promise<ImageSource | undefined> {
  const heldOut = await heldOutOf(checkpoint);
  if (!heldOut) return undefined;
  options.onSet?.(describeSet('audit', heldOut, heldOut.count));
  return cleanImages({ ...heldOut, name: `the images that ${checkpoint} held out` }, options);
}
