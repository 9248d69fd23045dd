import { ConfigError } from './errors.js';

/**
 * Where the compiled worker `name` lies: beside the module of `url`; for a source (under tsx or
 * vitest) in dist/. Throws a ConfigError for a source outside src/.
 */
export function workerUrl(url: string, name: string): URL {
  const beside = new URL(`${name}.js`, url);
  if (!url.endsWith('.ts')) return beside;
  const built = beside.href.replace(/\/src(\/[^/]+\/[^/]+)$/, '/dist/src$1');
  if (built !== beside.href) return new URL(built);
  throw new ConfigError(`there is no compiled worker for ${url}`, { code: 'worker-missing' });
}
