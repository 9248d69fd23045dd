import { fnv1a32 } from '../../support/hash.js';
import { philox4x32 } from '../../support/random.js';

const copies = fnv1a32('filter.copies');
const words = new Uint32Array(4);

/**
 * A number in [0, 1) that belongs to an image: a function of its id and the seed alone, so that it
 * stays the same whatever other images there are and however they are sharded. Philox4x32-10 with
 * the counter (hash, other hash, 0, site) and the seed as its key. Draws for one purpose say nothing of
 * those for another, which has a site of its own.
 */
export function drawOf(id: string, seed: number, site = copies): number {
  philox4x32(words, 0, hashOf(id, 0x811c9dc5), hashOf(id, 0x9e3779b9), 0, site, seed >>> 0, 0);
  return (words[0] ?? 0) / 2 ** 32;
}

/** FNV-1a over UTF-16 code units, with a last mix, since ids differ mostly at their ends. */
function hashOf(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
