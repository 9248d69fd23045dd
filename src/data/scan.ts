import { readdirSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { messageOf, systemCode } from '../runtime/fileErrors.js';
import { DataError } from '../support/errors.js';

/** Names that count as images; others in a folder are left alone. */
const imageName = /\.(?:jpe?g|jpe|jfif|png|webp|gif|tiff?|avif)$/i;

/** Deeper than any tree of images; a link that leads back to itself ends here. */
const maxDepth = 32;

interface Entries {
  readonly folders: readonly string[];
  readonly images: readonly string[];
}

/** What lies in a folder, sorted by name; hidden entries are left out. */
export function entriesOf(folder: string): Entries {
  const folders: string[] = [];
  const images: string[] = [];
  for (const entry of read(folder)) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    const kind = kindOf(entry, folder);
    if (kind === 'folder') folders.push(name);
    else if (kind === 'file' && imageName.test(name)) images.push(checkName(name, folder));
  }
  return { folders: folders.sort(), images: images.sort() };
}

/** Paths of all images below a folder, relative to it, with `/`; a folder's own before those below. */
export function* imagesBelow(folder: string, prefix = '', depth = 0): Generator<string> {
  if (depth > maxDepth)
    throw new DataError(`${folder} lies too deep: a link may lead back to a folder above`, {
      code: 'folder-depth',
      where: folder,
    });
  const { folders, images } = entriesOf(folder);
  for (const name of images) yield `${prefix}${name}`;
  for (const name of folders)
    yield* imagesBelow(join(folder, name), `${prefix}${name}/`, depth + 1);
}

function read(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    const code = systemCode(cause);
    const message =
      code === 'ENOENT'
        ? `${folder} does not exist`
        : code === 'ENOTDIR'
          ? `${folder} is a file, not a folder of images`
          : `cannot read the folder ${folder}: ${messageOf(cause)}`;
    throw new DataError(message, { code: 'no-folder', where: folder, cause });
  }
}

function kindOf(entry: Dirent, folder: string): 'file' | 'folder' | undefined {
  const target = entry.isSymbolicLink()
    ? statSync(join(folder, entry.name), { throwIfNoEntry: false })
    : entry;
  if (target?.isDirectory()) return 'folder';
  return target?.isFile() ? 'file' : undefined;
}

function checkName(name: string, folder: string): string {
  if (!/[\r\n]/.test(name)) return name;
  throw new DataError(`the name ${JSON.stringify(name)} has a line break`, {
    code: 'file-name',
    where: folder,
    hint: 'rename it: lists of images have one line an image',
  });
}
