import { join } from 'node:path';
import { DataError } from '../../support/errors.js';
import { LeftOut } from './leftOut.js';
import type { LabelledImages } from './images.js';
import { entriesOf } from './scan.js';

/** Names of parts of a data set, such as `train`, `val-set` or `test2017`. */
const splitName =
  /^(?:train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?|dev|eval(?:uation)?|hold-?out|held-?out|(?:un)?label{1,2}ed)(?:[-_ ]?(?:sets?|data|images?|imgs?|split|\d+))*$/i;

/** True if these are the names of splits rather than of classes. */
function areSplits(names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => splitName.test(name));
}

/** Contents of a folder, by name; empty if it cannot be read. */
function look(folder: string): { readonly folders: readonly string[]; readonly images: number } {
  try {
    const { folders, images } = entriesOf(folder, new LeftOut());
    return { folders, images: images.length };
  } catch {
    return { folders: [], images: 0 };
  }
}

/** A folder of folders of images, at or below one that has a single way down; undefined if there is none. */
function classesBelow(folder: string, depth = 0): string | undefined {
  const { folders, images } = look(folder);
  const [only] = folders;
  if (images > 0 || only === undefined || depth > 8) return undefined;
  return folders.length > 1 ? folder : classesBelow(join(folder, only), depth + 1);
}

/**
 * Throws a DataError if the folders of a set are not classes: the splits of a data set, or a single
 * folder. The hint names the folder that was likely meant; `spec` is how the user named this one. With
 * `classes`, a folder that has one of them is taken as it is.
 */
export function requireClassFolders(
  folder: string,
  spec: string,
  classes: readonly string[] = [],
): void {
  const { folders } = look(folder);
  const [only] = folders;
  if (only === undefined || folders.some((name) => classes.includes(name))) return;
  if (folders.length > 1) {
    if (areSplits(folders)) throw splits(folders, folder, spec);
    return;
  }
  const meant = classesBelow(join(folder, only));
  if (meant !== undefined) throw oneClass(only, folder, spec + meant.slice(folder.length));
}

/**
 * Says that the folders of a set may each be a set, since they hold no images but folders of the same
 * names; undefined if one has an image of its own, or if the names differ. `spec` is how the user
 * named the folder.
 */
export function doubtOfClasses(
  folder: string,
  spec: string,
  { id, classNames, classSizes = [] }: LabelledImages,
): string | undefined {
  let shared: readonly string[] | undefined;
  let [first, all] = [0, 0];
  const tops: string[] = [];
  for (const [label] of classNames.entries()) {
    // An image of the folder's own comes before those below, and settles most sets at the first look.
    const [top = '', ...below] = id(first).split('/');
    if (below.length < 2) return undefined;
    const { folders } = look(join(folder, top));
    shared = shared?.filter((name) => folders.includes(name)) ?? folders;
    all = Math.max(all, folders.length);
    if (shared.length < 2 || 2 * shared.length < all) return undefined;
    tops.push(top);
    first += classSizes[label] ?? 0;
  }
  if (shared === undefined) return undefined;
  const names = listed(shared.length > 3 ? [...shared.slice(0, 3), 'others'] : shared);
  const sets = listed(tops.length > 3 ? [...tops.slice(0, 3), 'others'] : tops);
  return areSplits(shared)
    ? `each class of ${spec} has the folders ${names}: these look like splits, and all of them are used together; keep splits in separate folders, each with all classes`
    : `${sets} are used as the classes of ${spec}, but each has the folders ${names}: if those are the classes, pass ${join(spec, tops[0] ?? '')}, or merge the sets into one folder`;
}

/** Throws a DataError for classes of which a network could learn nothing, by their names. */
export function requireClasses(names: readonly string[], where: string): void {
  const [only] = names;
  if (only !== undefined && names.length === 1) throw oneClass(only, where);
  if (names.length > 1 && areSplits(names))
    throw new DataError(
      `the labels of ${where} are ${listed(names)}: these are splits, not classes`,
      {
        code: 'splits-not-classes',
        where,
        hint: 'write the class of each image into the column `label`',
      },
    );
}

function splits(folders: readonly string[], folder: string, spec: string): DataError {
  const rank = (name: string): number => (/^(?:train|label)/i.test(name) ? 0 : 1);
  const meant = folders
    .toSorted((a, b) => rank(a) - rank(b))
    .find((name) => classesBelow(join(folder, name)) !== undefined);
  return new DataError(`${spec} has folders ${listed(folders)}: these are splits, not classes`, {
    code: 'splits-not-classes',
    where: folder,
    hint:
      meant === undefined
        ? 'pass a folder that has a subfolder of images for each class'
        : `did you mean ${join(spec, meant)}?`,
  });
}

/** The error for a set of a single class. */
function oneClass(name: string, where: string, meant?: string): DataError {
  return new DataError(
    `${where} has a single class, ${name}: a network cannot learn to tell it from others`,
    {
      code: 'one-class',
      where,
      hint:
        meant === undefined
          ? 'add a second class, such as a folder of other images'
          : `did you mean ${meant}?`,
    },
  );
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}
