import { readFileSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { createJiti } from 'jiti';
import type { CallSite } from '../../compiler/ir/origin.js';
import { enterSite, leaveSite } from '../../compiler/trace/callSites.js';
import { hooksModule, type Hooks } from './callSites.js';
import type { LoadContext, PreparedFile } from './prepare.js';
import { fileError, type NamedFile } from './userErrors.js';

type Namespace = Readonly<Record<string, unknown>>;

/**
 * Helpers that TypeScript's output looks for on `this` before it makes its own. `own` modules are
 * passed on unchanged: a copy of `gradus` would count as a second one when values are compared.
 */
function interopHelpers(own: ReadonlySet<unknown>) {
  const isNamespace = (module: unknown) =>
    own.has(module) ||
    types.isModuleNamespaceObject(module) ||
    (typeof module === 'object' && module !== null && '__esModule' in module);
  return {
    __importStar: (module: Namespace): Namespace =>
      isNamespace(module) ? module : { ...module, default: module },
    __importDefault: (module: Namespace): Namespace =>
      isNamespace(module) ? module : { default: module },
  };
}

/**
 * Runs a file and its imports as `transform` writes them; returns what it exports. Each file that was transformed is
 * entered in `named` before it runs.
 */
export async function evaluate(
  root: string,
  transform: PreparedFile['transform'],
  named: Map<string, NamedFile>,
  context: LoadContext,
): Promise<Namespace> {
  const helpers = interopHelpers(new Set(Object.values(context.modules)));
  const jiti = createJiti(root, {
    // Each load reads the files anew; within a load jiti keeps one instance of each.
    moduleCache: false,
    fsCache: false,
    interopDefault: false,
    tryNative: false,
    tsconfigPaths: false,
    alias: {},
    virtualModules: {
      ...context.modules,
      [hooksModule]: { helpers, for: (path: string) => hooksOf(path, named) },
    },
    transform: ({ source, filename, async = false }) => {
      const path = filename ?? root;
      const transformed = transform(path, source);
      named.set(path, { name: context.nameOf(path), transformed });
      if (transformed.topLevelAwait && !async)
        throw fileError(context.kind, 'an imported file must not use await outside a function', {
          code: 'top-level-await',
          where: context.nameOf(path),
          hint: 'export an async function, and await it in the file that imports this one',
        });
      return { code: transformed.code };
    },
  });
  const module = await jiti.evalModule(readFileSync(root, 'utf8'), {
    id: root,
    filename: root,
    ext: extname(root),
    async: true,
    forceTranspile: true,
  });
  return module as Namespace;
}

function hooksOf(path: string, named: ReadonlyMap<string, NamedFile>): Hooks {
  const file = named.get(path);
  const sites: CallSite[] = (file?.transformed.sites ?? []).map((site) => ({
    file: file?.name ?? path,
    ...site,
  }));
  const unknown: CallSite = { file: file?.name ?? path, line: 1, column: 1 };
  return {
    enter: (index) => enterSite(sites[index] ?? unknown),
    leave: leaveSite,
    url: pathToFileURL(path).href,
    filename: path,
    dirname: dirname(path),
  };
}
