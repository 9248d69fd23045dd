import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './paths.js';

/** Vitest's global setup of the tests that run dist/: compiles it when a source file is newer. */
export default function buildDist(): void {
  const built = modified(join(repositoryRoot, 'dist/.tsbuildinfo'));
  const sources = ['src', 'generated'].map((folder) => newestIn(join(repositoryRoot, folder)));
  if (Math.max(...sources) <= built) return;
  const result = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  // tsc writes JavaScript in spite of type errors, which are the type check's business.
  if (result.status !== 0) console.warn(`building dist/:\n${result.stdout}${result.stderr}`);
}

function newestIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(0, ...files.map((file) => modified(join(folder, file))));
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
