import type { ImageSource } from '../../data/loader/imageSource.js';
import { DataError } from '../../support/errors.js';
import type { Corrections } from '../labels/corrections.js';
import { requireAllUsed } from '../labels/corrections.js';
import { IdTable } from '../labels/idTable.js';
import type { KeptSet } from './keptStore.js';
import { isNumbered } from '../labels/labelStore.js';

/** Facts about kept images that are needed to relabel them: 17 bytes each. */
export interface KeptImages {
  /** [images]: their places in the data. */
  readonly places: Int32Array;
  /** [images]: how often each is seen in an epoch. */
  readonly copies: Int32Array;
  /** [images]: the labels so far, and their confidences. */
  readonly labels: Int32Array;
  readonly confidences: Float32Array;
  /** [images]: 1 if a person gave the label. */
  readonly corrected: Uint8Array;
}

const columns = {
  index: 'int32',
  copies: 'int32',
  label: 'int32',
  confidence: 'float32',
  reason: 'category',
} as const;

const shownIds = 5;

/**
 * Reads kept images and finds them in the data: by their places if it is the data that they are
 * of, else by their ids. Throws a DataError that names those that are not there, and if ids are
 * only numbers, which would find others.
 */
export async function readKeptImages(set: KeptSet, source: ImageSource): Promise<KeptImages> {
  const { images } = set;
  const places = new Int32Array(images);
  const copies = new Int32Array(images);
  const labels = new Int32Array(images);
  const confidences = new Float32Array(images);
  const corrected = new Uint8Array(images);
  let first = 0;
  for await (const rows of set.read(columns)) {
    places.set(rows.index, first);
    copies.set(rows.copies, first);
    labels.set(rows.label, first);
    confidences.set(rows.confidence, first);
    for (const [row, reason] of rows.reason.entries())
      corrected[first + row] = Number(reason === 'corrected');
    first += rows.index.length;
  }
  if (set.info.data.fingerprint !== source.fingerprint) await findById(set, source, places);
  return { places, copies, labels, confidences, corrected };
}

/** Writes the places of kept images in other data than that which they are of. */
async function findById(set: KeptSet, source: ImageSource, places: Int32Array): Promise<void> {
  const rows = new IdTable(set.images);
  let first = 0;
  for await (const { id } of set.read({ id: 'text' })) {
    if (id.some(isNumbered)) throw onlyNumbers(set, source);
    for (const [row, own] of id.entries()) rows.add(own, first + row);
    first += id.length;
  }
  places.fill(-1);
  for (let i = 0; i < source.count; i++) {
    const row = rows.get(source.id(i));
    if (row >= 0) places[row] = i;
  }
  const missing: string[] = [];
  let count = 0;
  first = 0;
  for await (const { id } of set.read({ id: 'text' })) {
    for (const [row, own] of id.entries()) {
      const place = places[first + row] ?? -1;
      // Hashes may be equal if ids are not.
      if (place >= 0 && source.id(place) === own) continue;
      count += 1;
      if (missing.length < shownIds) missing.push(own);
    }
    first += id.length;
  }
  if (count > 0) throw notThere(set, source, missing, count);
}

function onlyNumbers({ path, info: { data } }: KeptSet, source: ImageSource): DataError {
  return new DataError(`${source.name} is not the data that ${path} was made from`, {
    code: 'data-differs',
    where: source.name,
    notes: [
      'these images are identified by number, and a number means another image in other data',
    ],
    hint: `pass the data that was filtered: ${data.name}, ${data.size} images`,
  });
}

function notThere(
  { path, info }: KeptSet,
  source: ImageSource,
  missing: readonly string[],
  count: number,
): DataError {
  const [first = ''] = missing;
  const more = count > missing.length ? [`and ${count - missing.length} more`] : [];
  return new DataError(
    count === 1
      ? `${first} is kept in ${path}, but is missing in ${source.name}`
      : `${count} images are kept in ${path}, but are missing in ${source.name}`,
    {
      code: 'images-missing',
      where: path,
      notes: count === 1 ? [] : [...missing, ...more],
      hint: `pass the data that was filtered, ${info.data.name} of ${info.data.size} images, or a superset`,
    },
  );
}

/**
 * Counts the corrections of images that were not kept. Throws a DataError if the data does not have
 * an image at all.
 */
export function correctionsBeside(
  corrections: Corrections,
  source: ImageSource,
  { places }: KeptImages,
): number {
  const kept = new Set<string>();
  for (const place of places) {
    const id = source.id(place);
    if (corrections.labels.has(id)) kept.add(id);
  }
  const beside = corrections.labels.size - kept.size;
  if (beside === 0) return 0;
  const there = new Set(kept);
  for (let i = 0; i < source.count && there.size < corrections.labels.size; i++) {
    const id = source.id(i);
    if (corrections.labels.has(id)) there.add(id);
  }
  // Marks on a sample of one teacher's labels say nothing about another teacher's.
  requireAllUsed({ ...corrections, marks: new Map() }, there, `${source.name} does not have`);
  return beside;
}
