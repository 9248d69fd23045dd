import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  loadModule,
  type LoadedModule,
  type LoadOptions,
} from '../../../src/language/frontend/load.js';
import { GradusError } from '../../../src/support/errors.js';
import { repositoryRoot } from '../../support/paths.js';
import * as fake from './fixtures/fakeGradus.js';

const fakeFile = join(repositoryRoot, 'test/language/frontend/fixtures/fakeGradus.ts');

/** A folder outside the project, for users' files. */
export interface Workspace {
  readonly root: string;
  readonly write: (name: string, text: string) => string;
  readonly load: (name: string, options?: Partial<LoadOptions>) => Promise<LoadedModule>;
  /** The GradusError that loading `name` fails with. */
  readonly refusal: (name: string, options?: Partial<LoadOptions>) => Promise<GradusError>;
  readonly remove: () => void;
}

export function makeWorkspace(): Workspace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'gradus-frontend-')));
  const load: Workspace['load'] = (name, options = {}) =>
    loadModule(name, {
      modules: { gradus: fake },
      declarations: { gradus: fakeFile },
      cwd: root,
      cacheDir: join(root, '.cache'),
      ...options,
    });
  return {
    root,
    load,
    write: (name, text) => {
      const path = join(root, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    refusal: async (name, options) => refusalOf(load(name, options)),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

export async function refusalOf(promise: Promise<unknown>): Promise<GradusError> {
  const outcome = await promise.then(
    () => 'it loaded',
    (error: unknown) => error,
  );
  if (outcome instanceof GradusError) return outcome;
  throw outcome instanceof Error ? outcome : new Error(String(outcome));
}
