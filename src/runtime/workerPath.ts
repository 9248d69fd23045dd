import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../support/errors.js';

/**
 * The compiled worker beside the module of `url`; for a source (under tsx or vitest) the one in
 * dist/.
 */
export function workerPath(url: string, name: string): string {
  const here = fileURLToPath(url);
  const path = join(dirname(here), `${name}.js`);
  if (!here.endsWith('.ts')) return path;
  const built = path.replace(/([\\/])src([\\/][^\\/]+[\\/][^\\/]+)$/, '$1dist$1src$2');
  if (built !== path) return built;
  throw new ConfigError(`there is no compiled worker for ${here}`, { code: 'worker-missing' });
}
