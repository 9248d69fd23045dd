import {
  closeSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
  type Dirent,
} from 'node:fs';
import { join, sep } from 'node:path';
import { messageOf, systemCode } from '../../runtime/storage/fileErrors.js';
import { DataError } from '../../support/errors.js';
import {
  formatByBytes,
  formatByName,
  headBytes,
  isPlainImage,
  refusalOf,
  type ImageFormat,
} from '../pixels/formats.js';
import type { LeftOut, UnreadableFile } from './leftOut.js';

/** Deeper than any tree of images; a link that leads back to itself ends here. */
const maxDepth = 32;

/** Folders in which disks, systems and programs keep what is theirs: thumbnails, trash, snapshots. */
const bookkeeping: ReadonlySet<string> = new Set([
  ...['@eadir', '@tmp', '@recycle', '#recycle', '#snapshot', '@recently-snapshot', '.@__thumb'],
  ...['.appledouble', '__macosx', '.trashes', '.spotlight-v100', '.fseventsd', '.temporaryitems'],
  ...['network trash folder', 'temporary items', 'thevolumesettingsfolder'],
  ...['system volume information', '$recycle.bin', 'recycler', 'recycled'],
  ...['lost+found', '.snapshot', '.snapshots', '.thumbnails', '.trash', '.trash-1000'],
  ...['.ipynb_checkpoints', '__pycache__'],
]);

/** A file that looks like an image and cannot be read, by its name in its folder. */
interface Lost {
  readonly name: string;
  /** `a link to ../store/1.png, which does not exist` */
  readonly reason: string;
}

interface Entries {
  readonly folders: readonly string[];
  readonly images: readonly string[];
  /** Links that lead nowhere, whose names do not tell a file from a folder. */
  readonly lost: readonly Lost[];
}

/**
 * Lists a folder, sorted by name; what is neither a folder nor an image goes into `left`.
 * `prefix` is the folder's path inside the set. Throws a DataError if it cannot be read.
 */
export function entriesOf(folder: string, left: LeftOut, prefix = ''): Entries {
  const folders: string[] = [];
  const images: string[] = [];
  const lost: Lost[] = [];
  for (const entry of read(folder)) {
    const { name } = entry;
    if (entry.isFile() && isPlainImage(name)) {
      images.push(checkName(name, folder));
      continue;
    }
    const path = join(folder, name);
    const kind = kindOf(entry, path);
    const hidden = name.startsWith('.');
    if (kind === 'folder') {
      if (bookkeeping.has(name.toLowerCase())) {
        left.add(`files in ${name}`, `${prefix}${name}`, filesBelow(path));
      } else if (hidden) left.add('hidden folders', `${prefix}${name}`);
      else folders.push(name);
      continue;
    }
    const found = hidden ? 'hidden' : imageIn(name, path, kind);
    if (found === 'image') images.push(checkName(name, folder));
    else if (typeof found === 'string') left.add(`${found} files`, `${prefix}${name}`);
    else if (found.unknown) lost.push({ name, reason: found.reason });
    else left.addUnreadable({ where: path, reason: found.reason, kind: found.kind });
  }
  return { folders: folders.sort(), images: images.sort(), lost };
}

/** Paths of all images below a folder, relative to it, with `/`; a folder's own before those below. */
export function* imagesBelow(
  folder: string,
  left: LeftOut,
  prefix = '',
  depth = 0,
): Generator<string> {
  if (depth > maxDepth)
    throw new DataError(
      `${folder} is nested too deeply: a link may lead back to a folder above it`,
      {
        code: 'folder-depth',
        where: folder,
      },
    );
  const { folders, images, lost } = entriesOf(folder, left, prefix);
  for (const { name, reason } of lost)
    left.addUnreadable({ where: join(folder, name), reason, kind: lostLinks });
  for (const name of images) yield `${prefix}${name}`;
  for (const name of folders)
    yield* imagesBelow(join(folder, name), left, `${prefix}${name}/`, depth + 1);
}

function read(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    throw new DataError(unreadableFolder(folder, cause), {
      code: 'no-folder',
      where: folder,
      hint:
        systemCode(cause) === 'EACCES'
          ? 'change its permissions, or move it out of the set'
          : undefined,
      cause,
    });
  }
}

function unreadableFolder(folder: string, cause: unknown): string {
  switch (systemCode(cause)) {
    case 'ENOENT':
      return folder.includes('\uFFFD')
        ? `the name of the folder ${folder} is not UTF-8: rename it`
        : `${folder} does not exist`;
    case 'ENOTDIR':
      return `${folder} is a file, not a folder of images`;
    case 'EACCES':
      return `no permission to read the folder ${folder}`;
    default:
      return `cannot read the folder ${folder}: ${messageOf(cause)}`;
  }
}

/** Kind of an entry, links followed; a text says why a link is broken. */
type Kind = 'file' | 'folder' | 'special' | { readonly lost: string };

function kindOf(entry: Dirent, path: string): Kind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  if (!entry.isSymbolicLink()) return 'special';
  try {
    const target = statSync(path);
    return target.isDirectory() ? 'folder' : target.isFile() ? 'file' : 'special';
  } catch (cause) {
    return { lost: lostLink(path, cause) };
  }
}

function lostLink(path: string, cause: unknown): string {
  switch (systemCode(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `a link to ${readlinkSync(path)}, which does not exist`;
    case 'ELOOP':
      return 'a link that leads back to itself';
    case 'EACCES':
      return `a link to ${readlinkSync(path)}, which there is no permission to read`;
    default:
      return messageOf(cause);
  }
}

const lostLinks = 'links that lead nowhere';

interface Unreadable {
  readonly reason: string;
  readonly kind: string;
  readonly unknown?: boolean;
}

type Found = 'image' | 'other' | Unreadable;

/** Tells images by their endings, and by their first bytes if the ending is unknown or missing. */
function imageIn(name: string, path: string, kind: Exclude<Kind, 'folder'>): Found {
  const byName = formatByName(name);
  if (byName === 'other' || kind === 'special') return 'other';
  if (kind !== 'file') return { reason: kind.lost, kind: lostLinks, unknown: byName === undefined };
  if (name.includes('\uFFFD') && byName)
    return { reason: 'its name is not UTF-8: rename it', kind: 'names not in UTF-8' };
  const format = byName ?? formatOfFile(path);
  if (format === undefined) return 'other';
  if ('reason' in format) return format;
  return format.decoded ? 'image' : { reason: refusalOf(format), kind: format.name };
}

/**
 * Why a file that a list names cannot be decoded, as far as its ending and its first bytes tell; it is
 * opened only if its ending is not one of what is decoded.
 */
export function listedProblem(path: string): Omit<UnreadableFile, 'where'> | undefined {
  const name = path.slice(path.lastIndexOf(sep) + 1);
  if (isPlainImage(name)) return undefined;
  const format = formatOfFile(path) ?? formatByName(name);
  if (format === undefined || format === 'other')
    return { reason: 'its first bytes are not of a known image format', kind: 'other files' };
  if ('reason' in format) return format;
  return format.decoded ? undefined : { reason: refusalOf(format), kind: format.name };
}

const head = Buffer.alloc(headBytes);

function formatOfFile(path: string): ImageFormat | Unreadable | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return formatByBytes(head.subarray(0, readSync(file, head, 0, headBytes, 0)));
  } catch (cause) {
    return { reason: `it cannot be opened: ${messageOf(cause)}`, kind: 'files not opened' };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Files below a folder that is left out; what cannot be read there is no concern of the set's. */
function filesBelow(folder: string, depth = 0): number {
  let count = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (!entry.isDirectory()) count += 1;
      else if (depth < maxDepth) count += filesBelow(join(folder, entry.name), depth + 1);
  } catch {
    return count;
  }
  return count;
}

function checkName(name: string, folder: string): string {
  if (!/[\r\n]/.test(name) && name.trim() !== '') return name;
  const problem = name.trim() === '' ? 'is blank' : 'has a line break';
  throw new DataError(`the name ${JSON.stringify(name)} ${problem}`, {
    code: 'file-name',
    where: folder,
    hint: 'rename it: lists of images have one line an image',
  });
}
