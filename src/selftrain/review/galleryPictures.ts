import type { Images } from '../../data/sets/images.js';
import { thumbnail, type Thumbnail } from '../../data/loader/thumbnail.js';
import { DataError } from '../../support/errors.js';
import type { GalleryImage } from './galleryImages.js';
import { isNumbered } from '../labels/labelStore.js';
import type { LabelTable } from '../labels/labelTable.js';

/** Twice what a picture takes on the page, for screens of twice the density. */
const side = 192;
/** Decoded side by side. */
const atOnce = 8;

/**
 * Small pictures of images by id; one that is not there any more, or cannot be read, has none.
 * Throws a DataError if the data has none of the images.
 */
export async function picturesOf(
  shown: readonly GalleryImage[],
  images: Images,
  table: LabelTable,
): Promise<ReadonlyMap<string, Thumbnail>> {
  const places = placesOf(shown, images, table);
  if (places.size === 0 && shown.length > 0) {
    const { name, size } = table.origin.data;
    throw new DataError(`${images.name} does not contain any image of ${table.path}`, {
      code: 'images-missing',
      where: images.name,
      notes: shown.slice(0, 3).map(({ id }) => `not there: ${id}`),
      hint: `pass the data that was labelled: ${name}, ${size} images`,
    });
  }
  const pictures = new Map<string, Thumbnail>();
  const entries = [...places];
  for (let start = 0; start < entries.length; start += atOnce)
    await Promise.all(
      entries.slice(start, start + atOnce).map(async ([id, place]) => {
        const picture = await thumbnail(images, place, side);
        if (picture) pictures.set(id, picture);
      }),
    );
  return pictures;
}

/**
 * Position of each image: its position in the labels, or else wherever the data has its id, which
 * must be more than a number in data other than that which was labelled.
 */
function placesOf(
  shown: readonly GalleryImage[],
  images: Images,
  { origin: { data } }: LabelTable,
): Map<string, number> {
  const places = new Map<string, number>();
  const elsewhere = new Set<string>();
  for (const { id, index } of shown) {
    if (data.fingerprint !== images.fingerprint && isNumbered(id)) continue;
    if (index < images.count && images.id(index) === id) places.set(id, index);
    else elsewhere.add(id);
  }
  for (let i = 0; i < images.count && elsewhere.size > 0; i++) {
    const id = images.id(i);
    if (elsewhere.delete(id)) places.set(id, i);
  }
  return places;
}
