import { cleanImages, type CleanImagesOptions } from './cleanImages.js';
import { describeSet, type OnSet } from '../sets/describe.js';
import type { Images, LabelledImages } from '../sets/images.js';
import type { ImageSource } from './imageSource.js';
import type { OpenSetOptions } from '../datasets/openSets.js';

export interface OpenSourceOptions extends OpenSetOptions, CleanImagesOptions {
  /** Told of the set as it was opened. */
  readonly onSet?: OnSet | undefined;
}

/**
 * The clean images of a set that was opened, which is told, and of which a part may be held out; what cannot
 * be read beside them counts first.
 */
export function asSource(
  role: string,
  images: Images & Partial<LabelledImages>,
  options: OpenSourceOptions,
  heldOut?: number,
): ImageSource {
  options.onSet?.(describeSet(role, images, heldOut));
  options.unreadable.addBeside(images.leftOut);
  return cleanImages(images, options);
}
