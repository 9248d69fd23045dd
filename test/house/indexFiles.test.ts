import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingFromIndex } from '../support/indexFile.js';
import { repositoryRoot } from '../support/paths.js';

/** Folders to which things are added one file at a time, with the modules for their own use. */
const folders: Readonly<Record<string, readonly string[]>> = {
  'compiler/ops': [],
  'language/nn': ['checks'],
  'language/models': [],
  'runtime/devices': ['device', 'diagnosis', 'lookup'],
};

describe('an index', () => {
  for (const [name, helpers] of Object.entries(folders)) {
    const folder = join(repositoryRoot, 'src', name);
    it.skipIf(!existsSync(join(folder, 'index.ts')))(`of src/${name} lists every module`, () => {
      expect(missingFromIndex(folder, helpers)).toEqual([]);
    });
  }

  it('is found wanting when a module is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gradus-index-'));
    for (const name of ['listed', 'forgotten', 'helper'])
      writeFileSync(join(folder, `${name}.ts`), '');
    writeFileSync(join(folder, 'index.ts'), "export * from './listed.js';\n");
    const missing = missingFromIndex(folder, ['helper']);
    rmSync(folder, { recursive: true });
    expect(missing).toEqual(['forgotten']);
  });
});
