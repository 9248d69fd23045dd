import { join, sep } from 'node:path';
import { DataError } from '../../support/errors.js';
import { matchClasses, type WantedClasses } from './classes.js';
import { decodedFormats } from '../pixels/formats.js';
import type { Images, LabelledImages } from './images.js';
import { LeftOut } from './leftOut.js';
import { Lines } from '../text/lines.js';
import { requireDistinct } from '../text/nearNames.js';
import { entriesOf, imagesBelow } from './scan.js';

/**
 * A folder with a subfolder of images for each class, as ImageNet's; the classes are sorted as
 * sortClasses does. With `wanted` the subfolders must be these. Throws a DataError if there is no
 * image, if a class has none, and if the classes differ.
 */
export function openImageFolder(folder: string, wanted?: WantedClasses): LabelledImages {
  const left = new LeftOut();
  const { folders, images, lost } = entriesOf(folder, left);
  const [gone] = lost;
  if (gone) throw lostClass(folder, gone);
  if (folders.length === 0) throw noClasses(folder, images.length);
  for (const image of images) left.add('images beside the class folders', image);
  const { classNames, numbers, missing } = matchClasses(folders, wanted, folder);
  const byNumber = new Map(numbers.map((number, i) => [number, folders[i]]));
  if (!wanted || byNumber.size < folders.length)
    requireDistinct(
      folders.map((name) => ({ name })),
      folder,
    );
  const inOrder = classNames.map((_, number) => byNumber.get(number));
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
    ...(missing.length > 0 && { missingClasses: missing }),
    label: (i) => starts.findLastIndex((start) => start <= i),
    classSizes: starts.map((start, label) => (starts[label + 1] ?? lines.count) - start),
  };
}

/** All images of a folder and of those below, without classes. Throws a DataError if there is none. */
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

/** The images of the classes' folders one after another; tells how many there were before each class. */
function* inClasses(
  folder: string,
  folders: readonly (string | undefined)[],
  left: LeftOut,
  begin: (label: number, count: number) => void,
): Generator<string> {
  let count = 0;
  for (const [label, name] of folders.entries()) {
    begin(label, count);
    if (name === undefined) continue;
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
    `${folder} contains no images${unreadable.length > 0 ? ' that can be read' : ''}`,
    {
      code: 'no-images',
      where: folder,
      notes: unreadable.slice(0, 5).map(({ where, reason }) => `${where}: ${reason}`),
      hint: `add ${decodedFormats} files, or remove the folder`,
    },
  );
}

function lostClass(folder: string, { name, reason }: { name: string; reason: string }): DataError {
  return new DataError(`the class folder ${join(folder, name)} cannot be opened: it is ${reason}`, {
    code: 'no-folder',
    where: join(folder, name),
    hint: 'repair the link, or remove it if it is not a class',
  });
}

function noClasses(folder: string, images: number): DataError {
  if (images === 0) return noImages(folder);
  const [files, them] = images === 1 ? ['1 image', 'it'] : [`${images} images`, 'them'];
  return new DataError(`${folder} has ${files} but no subfolder for each class`, {
    code: 'no-classes',
    where: folder,
    hint: `move ${them} into subfolders, one per class and named after it, or pass a list with labels`,
  });
}
