import { ConfigError } from './errors.js';

/** The folder src/ (or dist/src/) that this module is part of. */
const sources = new URL('../', import.meta.url).href;

/**
 * The compiled worker `name` beside the module of `url`; for a source (under tsx or vitest) its place in
 * dist/. Throws a ConfigError for a source outside src/.
 */
export function workerUrl(url: string, name: string): URL {
  const beside = new URL(`${name}.js`, url);
  if (!url.endsWith('.ts')) return beside;
  if (beside.href.startsWith(sources))
    return new URL(`../dist/src/${beside.href.slice(sources.length)}`, sources);
  throw new ConfigError(`there is no compiled worker for ${url}`, { code: 'worker-missing' });
}
