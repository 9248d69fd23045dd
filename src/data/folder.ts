import { join, sep } from 'node:path';
import { DataError } from '../support/errors.js';
import { checkClasses } from './classes.js';
import { decodedFormats } from './formats.js';
import type { Images, LabelledImages } from './images.js';
import { LeftOut } from './leftOut.js';
import { Lines } from './lines.js';
import { canonicalName, requireDistinct } from './nearNames.js';
import { entriesOf, imagesBelow } from './scan.js';

/**
 * A folder with a subfolder of images for each class, as ImageNet's; the classes are sorted by name.
 * With `classes` the subfolders must be these. Throws a DataError where there is no image, where a
 * class has none, and where the classes differ.
 */
export function openImageFolder(folder: string, classes?: readonly string[]): LabelledImages {
  const left = new LeftOut();
  const { folders, images, lost } = entriesOf(folder, left);
  const [gone] = lost;
  if (gone) throw lostClass(folder, gone);
  if (folders.length === 0) throw noClasses(folder, images.length);
  for (const image of images) left.add('images beside the class folders', image);
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
    inClasses(folder, inOrder, left, (label, count) => {
      starts[label] = count;
    }),
    folder,
  );
  return {
    ...listing(folder, lines, left),
    classNames,
    label: (i) => starts.findLastIndex((start) => start <= i),
    classSizes: starts.map((start, label) => (starts[label + 1] ?? lines.count) - start),
  };
}

/** All images of a folder and of those below, without classes. Throws a DataError where there is none. */
export function openFlatFolder(folder: string): Images {
  const left = new LeftOut();
  const lines = Lines.from(imagesBelow(folder, left), folder);
  if (lines.count === 0) throw noImages(folder, left);
  return listing(folder, lines, left);
}

function listing(folder: string, lines: Lines, leftOut: LeftOut): Images {
  return {
    name: folder,
    leftOut,
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
  left: LeftOut,
  begin: (label: number, count: number) => void,
): Generator<string> {
  let count = 0;
  for (const [label, name] of folders.entries()) {
    begin(label, count);
    const before = count;
    for (const image of imagesBelow(join(folder, name), left, `${name}/`)) {
      yield image;
      count += 1;
    }
    if (count === before) throw noImages(join(folder, name), left);
  }
}

function noImages(folder: string, left?: LeftOut): DataError {
  const unreadable =
    left?.unreadable.filter(({ where }) => where.startsWith(`${folder}${sep}`)) ?? [];
  return new DataError(
    `${folder} holds no images${unreadable.length > 0 ? ' that can be read' : ''}`,
    {
      code: 'no-images',
      where: folder,
      notes: unreadable.slice(0, 5).map(({ where, reason }) => `${where}: ${reason}`),
      hint: `images are ${decodedFormats} files; put some there, or remove the folder`,
    },
  );
}

function lostClass(folder: string, { name, reason }: { name: string; reason: string }): DataError {
  return new DataError(`the class folder ${join(folder, name)} cannot be opened: it is ${reason}`, {
    code: 'no-folder',
    where: join(folder, name),
    hint: 'mend the link, or remove it where it is not a class',
  });
}

function noClasses(folder: string, images: number): DataError {
  if (images === 0) return noImages(folder);
  const [files, them] = images === 1 ? ['1 image', 'it'] : [`${images} images`, 'them'];
  return new DataError(`${folder} has ${files} but no subfolder for each class`, {
    code: 'no-classes',
    where: folder,
    hint: `move ${them} into subfolders, one for each class and named as it, or give a list with labels`,
  });
}
