import { createRequire } from 'node:module';
import type * as tsMorph from 'ts-morph';

const require = createRequire(import.meta.url);

let loaded: typeof tsMorph | undefined;

/**
 * ts-morph, loaded at the first call: it takes a quarter of a second, which a model that is
 * unchanged since its last check need not spend.
 */
export function loadTsMorph(): typeof tsMorph {
  loaded ??= require('ts-morph') as typeof tsMorph;
  return loaded;
}
