import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Every file below a folder, hidden ones too, by relative path: the SHA-256 of its bytes; of JSON, without
 * the seconds that work took and the folder's own name. A folder that a failed job never made has none.
 */
export function snapshot(folder) {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, hashOf(join(folder, name), folder)]));
}

function hashOf(path, folder) {
  const bytes = readFileSync(path);
  const content = path.endsWith('.json')
    ? bytes
        .toString()
        .replace(/"seconds": [\d.e-]+/g, '"seconds": 0')
        .replaceAll(folder, 'FOLDER')
    : bytes;
  return createHash('sha256').update(content).digest('hex');
}

/** Files of which two snapshots differ. */
export function differing(a, b) {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].filter((name) => a.get(name) !== b.get(name)).toSorted();
}
