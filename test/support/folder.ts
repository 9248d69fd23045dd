import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

/** A new folder that goes when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A new folder that goes when all tests of a file have ended. */
export function suiteFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
