import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { makeFolder } from '../../src/runtime/atomic.js';
import { checkpointPath, loadCheckpoint, saveCheckpoint } from '../../src/runtime/checkpoint.js';
import { RunFolder } from '../../src/runtime/runFolder.js';
import { tensorData } from '../../src/support/tensor.js';
import { temporaryFolder } from '../support/folder.js';

function mount(...args: readonly string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}

/** A file system of 1 MB; where this process may not mount one, the test is skipped. */
function smallDisk(context: TestContext): string {
  const folder = temporaryFolder();
  const mounted = mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder);
  if (mounted) onTestFinished(() => void spawnSync('umount', [folder]));
  context.skip(!mounted, 'mounting a tmpfs needs root');
  return folder;
}

const save = (folder: string, step: number, values: number): string =>
  saveCheckpoint(
    folder,
    { step, epoch: 0, position: 0, seed: 1, config: {}, architectureHash: 'x', best: null },
    new Map([['w', tensorData('float32', [values], new Float32Array(values))]]),
  );

describe('a full disk', () => {
  it('stops a checkpoint, and leaves the ones before it', (context) => {
    const folder = smallDisk(context);
    save(folder, 1, 100_000);
    expect(() => save(folder, 2, 200_000)).toThrow(
      expect.objectContaining({
        name: 'TrainingError',
        code: 'disk-full',
        message: `no space left to write ${checkpointPath(folder, 2)} (800.1 kB needed)`,
      }),
    );
    expect(readdirSync(folder)).toEqual(['step-00000001']);
    expect(loadCheckpoint(checkpointPath(folder, 1)).state.step).toBe(1);
  });
});

describe('a read-only disk', () => {
  it('is named, for folders, checkpoints and runs', (context) => {
    const folder = smallDisk(context);
    context.skip(!mount('-o', 'remount,ro', folder), 'remounting needs root');
    const expected = expect.objectContaining({ name: 'ArtifactError', code: 'not-writable' });
    expect(() => makeFolder(join(folder, 'a', 'b'))).toThrow(expected);
    expect(() => save(folder, 1, 10)).toThrow(expected);
    expect(() => RunFolder.open(folder)).toThrow(expected);
    expect(() => makeFolder(join(folder, 'a'))).toThrow(/lies on a file system that is read-only/);
  });
});
