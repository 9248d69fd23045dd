import { join } from 'node:path';
import { DataError } from '../support/errors.js';
import { checkClasses } from './classes.js';
import type { Images, LabelledImages } from './images.js';
import { Lines } from './lines.js';
import { canonicalName, requireDistinct } from './nearNames.js';
import { entriesOf, imagesBelow } from './scan.js';

/**
 * A folder with a subfolder of images for each class, as ImageNet's; the classes are sorted by name.
 * With `classes` the subfolders must be these. Throws a DataError where there is no image, where a
 * class has none, and where the classes differ.
 */
export function openImageFolder(folder: string, classes?: readonly string[]): LabelledImages {
  const { folders, images } = entriesOf(folder);
  if (folders.length === 0) throw noClasses(folder, images.length);
  requireDistinct(
    folders.map((name) => ({ name })),
    folder,
  );
  const folderOf = new Map(folders.map((name) => [canonicalName(name), name]));
  const found = [...folderOf.keys()];
  if (classes) checkClasses(found, classes, folder);
  const classNames = classes ?? found;
  const inOrder = classNames.map((name) => folderOf.get(canonicalName(name)) ?? name);
  const starts: number[] = [];
  const lines = Lines.from(
    inClasses(folder, inOrder, (label, count) => {
      starts[label] = count;
    }),
    folder,
  );
  return {
    ...listing(folder, lines),
    classNames,
    label: (i) => starts.findLastIndex((start) => start <= i),
  };
}

/** All images of a folder and of those below, without classes. Throws a DataError where there is none. */
export function openFlatFolder(folder: string): Images {
  const lines = Lines.from(imagesBelow(folder), folder);
  if (lines.count === 0) throw noImages(folder);
  return listing(folder, lines);
}

function listing(folder: string, lines: Lines): Images {
  return {
    name: folder,
    count: lines.count,
    fingerprint: lines.fingerprint,
    id: (i) => lines.at(i),
    where: (i) => join(folder, lines.at(i)),
  };
}

/** The images of the classes one after another; tells how many there were before each class. */
function* inClasses(
  folder: string,
  folders: readonly string[],
  begin: (label: number, count: number) => void,
): Generator<string> {
  let count = 0;
  for (const [label, name] of folders.entries()) {
    begin(label, count);
    const before = count;
    for (const image of imagesBelow(join(folder, name), `${name}/`)) {
      yield image;
      count += 1;
    }
    if (count === before) throw noImages(join(folder, name));
  }
}

function noImages(folder: string): DataError {
  return new DataError(`${folder} holds no images`, {
    code: 'no-images',
    where: folder,
    hint: 'images are files that end in .jpg, .png, .webp, .gif, .tif or .avif; put some there, or remove the folder',
  });
}

function noClasses(folder: string, images: number): DataError {
  if (images === 0) return noImages(folder);
  return new DataError(`${folder} has ${images} images but no subfolder for each class`, {
    code: 'no-classes',
    where: folder,
    hint: 'move the images of each class into a subfolder of its name, or give a list with labels',
  });
}
