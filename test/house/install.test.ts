import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../support/paths.js';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
}

describe('npm ci in a clone', () => {
  it("runs no install script of onnxruntime-node's, which would download CUDA or fail offline", () => {
    // npm 10 and 11 run the scripts that the lock file speaks of; npm puts the flag back when the
    // package is updated: then it must go again.
    const lock = JSON.parse(
      readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8'),
    ) as Lock;
    const entry = lock.packages['node_modules/onnxruntime-node'];
    expect(entry).toBeDefined();
    expect(entry).not.toHaveProperty('hasInstallScript');
  });

  it('has no .npmrc, of whose unknown keys npm 11 warns at every command', () => {
    expect(existsSync(join(repositoryRoot, '.npmrc'))).toBe(false);
  });
});
