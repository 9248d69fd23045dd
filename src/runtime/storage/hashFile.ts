import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ArtifactError } from '../../support/errors.js';

/** Adds the bytes of a file to a hash, without holding them; returns how many they are. */
export function hashFile(hash: Hash, path: string): number {
  const chunk = new Uint8Array(2 ** 20);
  const file = openSync(path, 'r');
  let bytes = 0;
  try {
    for (let count; (count = readSync(file, chunk)) > 0; bytes += count)
      hash.update(chunk.subarray(0, count));
  } finally {
    closeSync(file);
  }
  return bytes;
}

/** SHA-256 of a file, or of all files below a folder with their names; hidden ones do not count. */
export function hashOfPath(path: string): string {
  const hash = createHash('sha256');
  addPath(hash, path);
  return hash.digest('hex');
}

function addPath(hash: Hash, path: string): void {
  const found = statSync(path);
  if (found.isFile()) {
    hashFile(hash, path);
    return;
  }
  // A device has no end, and a pipe may never begin.
  if (!found.isDirectory())
    throw new ArtifactError(`${path} is neither a file nor a folder`, {
      code: 'not-a-file',
      where: path,
      hint: 'remove it, or replace it by the file that it stands for',
    });
  for (const name of readdirSync(path).sort()) {
    if (name.startsWith('.')) continue;
    hash.update(`${name}\0`);
    addPath(hash, join(path, name));
  }
}
