import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/runtime/storage/atomic.js';
import {
  checkpointPath,
  loadCheckpoint,
  saveCheckpoint,
} from '../../../src/runtime/storage/checkpoint.js';
import { RunFolder } from '../../../src/runtime/storage/runFolder.js';
import { tensorData } from '../../../src/support/tensor.js';
import { mount, smallDisk } from '../../support/smallDisk.js';

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
    expect(() => makeFolder(join(folder, 'a'))).toThrow(/is on a read-only file system/);
  });
});
