import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Names of the modules of `folder` that its index.ts does not mention: files beside it, and folders
 * that have an index of their own. `helpers` are modules for the folder's own use.
 */
export function missingFromIndex(folder: string, helpers: readonly string[] = []): string[] {
  const index = readFileSync(join(folder, 'index.ts'), 'utf8');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== 'index.ts')
    .flatMap((entry) => {
      if (entry.isFile()) return entry.name.endsWith('.ts') ? [entry.name.slice(0, -3)] : [];
      const nested = join(folder, entry.name, 'index.ts');
      return existsSync(nested) ? [`${entry.name}/index`] : [];
    })
    .filter((name) => !helpers.includes(name) && !index.includes(`'./${name}.js'`));
}
