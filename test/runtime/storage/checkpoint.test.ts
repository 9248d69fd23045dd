import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { recoverFolder } from '../../../src/runtime/storage/atomic.js';
import {
  chosenCheckpointPath,
  checkpointPath,
  discardCheckpointsAfter,
  latestCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  pruneCheckpoints,
  requireArchitecture,
  resolveCheckpoint,
  saveCheckpoint,
  type CheckpointMeta,
} from '../../../src/runtime/storage/checkpoint.js';
import { ArtifactError } from '../../../src/support/errors.js';
import { tensorData } from '../../../src/support/tensor.js';
import { temporaryFolder } from '../../support/folder.js';
import { repositoryRoot } from '../../support/paths.js';

function meta(step: number, best: CheckpointMeta['best'] = null): CheckpointMeta {
  return {
    step,
    epoch: 1,
    position: 64,
    seed: 7,
    config: { z: 1, a: [1, { y: 2, b: 3 }] },
    architectureHash: 'abc',
    best,
  };
}

const tensors = new Map([
  ['w', tensorData('float32', [2, 2], [1, 2, 3, 4])],
  ['bn.running_mean', tensorData('float32', [2], [5, 6])],
  ['ema.w', tensorData('float32', [2, 2], [1, 1, 1, 1])],
  ['optim.momentum.w', tensorData('float32', [2, 2], [0, 0, 0, 0])],
]);

const model = {
  name: 'tiny',
  architectureHash: 'abc',
  params: [
    { name: 'w', kind: 'param', shape: [2, 2], decay: true },
    { name: 'bn.running_mean', kind: 'buffer', shape: [2], decay: false },
  ],
} as const;

describe('a checkpoint', () => {
  it('comes back as it was saved', () => {
    const folder = join(temporaryFolder(), 'checkpoints');
    const path = saveCheckpoint(folder, meta(100), tensors);
    expect(path).toBe(join(folder, 'step-00000100'));
    const { state, tensors: read } = loadCheckpoint(path);
    expect(state).toMatchObject(meta(100));
    expect(read).toEqual(new Map([...tensors].sort()));
  });

  it('of the same state is the same bytes, with sorted keys', () => {
    const [a, b] = [temporaryFolder(), temporaryFolder()];
    saveCheckpoint(a, meta(1), tensors);
    saveCheckpoint(b, meta(1), new Map([...tensors].reverse()));
    for (const file of ['state.json', 'state.safetensors'])
      expect(readFileSync(join(checkpointPath(a, 1), file))).toEqual(
        readFileSync(join(checkpointPath(b, 1), file)),
      );
    const text = readFileSync(join(checkpointPath(a, 1), 'state.json'), 'utf8');
    expect(text.indexOf('"architectureHash"')).toBeLessThan(text.indexOf('"best"'));
    expect(text).toMatch(/"config": \{\s+"a": \[\s+1,\s+\{\s+"b": 3,\s+"y": 2/);
  });

  it('that is cut short or changed is refused by name, with a hint', () => {
    const folder = temporaryFolder();
    const path = saveCheckpoint(folder, meta(3), tensors);
    const file = join(path, 'state.safetensors');
    const bytes = readFileSync(file);
    bytes.writeUInt8(0xff, bytes.length - 1);
    writeFileSync(file, bytes);
    expect(() => loadCheckpoint(path)).toThrow(/state\.safetensors is corrupt: its contents/);
    truncateSync(file, 40);
    expect(() => loadCheckpoint(path)).toThrow(/is corrupt: it has 40 bytes/);
    writeFileSync(join(path, 'state.json'), '{"step": 3');
    expect(() => loadCheckpoint(path)).toThrow(
      /state\.json is not a valid checkpoint: it is not JSON/,
    );
    expect(() => loadCheckpoint(path)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/earlier one/) }),
    );
    expect(() => loadCheckpoint(join(folder, 'step-00000009'))).toThrow(
      /state\.json does not exist/,
    );
  });

  it('of another architecture is refused with the first parameters that differ', () => {
    const folder = temporaryFolder();
    const checkpoint = loadCheckpoint(saveCheckpoint(folder, meta(1), tensors));
    requireArchitecture(checkpoint, model);
    const other = {
      ...model,
      architectureHash: 'other',
      params: [
        { name: 'stem.weight', kind: 'param', shape: [8], decay: true },
        { name: 'w', kind: 'param', shape: [2, 3], decay: true },
      ],
    } as const;
    expect(() => requireArchitecture(checkpoint, other)).toThrow(
      [
        'another architecture than tiny:',
        '  stem.weight: missing in the checkpoint, [8] in the model',
        '  w: [2,2] in the checkpoint, [2,3] in the model',
        '  bn.running_mean: [2] in the checkpoint, not in the model',
      ].join('\n'),
    );
    expect(() => requireArchitecture(checkpoint, { ...model, architectureHash: 'x' })).toThrow(
      /its layers are of other kinds/,
    );
  });
});

describe('a folder of checkpoints', () => {
  function fill(steps: readonly number[], best: number): string {
    const folder = temporaryFolder();
    for (const step of steps)
      saveCheckpoint(folder, meta(step, { step: best, metric: 'accuracy', value: 0.5 }), tensors);
    return folder;
  }

  it('keeps the last ones and the best', () => {
    const folder = fill([10, 20, 30, 40], 10);
    writeFileSync(join(folder, 'notes.txt'), '');
    pruneCheckpoints(folder, 2, 10);
    expect(listCheckpoints(folder)).toEqual([10, 30, 40]);
    expect(chosenCheckpointPath(folder)).toBe(checkpointPath(folder, 10));
  });

  it('passes over damaged checkpoints to the newest whole one', () => {
    const folder = fill([10, 20, 30], 10);
    truncateSync(join(checkpointPath(folder, 30), 'state.safetensors'), 8);
    rmSync(join(checkpointPath(folder, 20), 'state.json'));
    const { checkpoint, damaged } = latestCheckpoint(folder);
    expect(checkpoint?.state.step).toBe(10);
    expect(damaged).toHaveLength(2);
    expect(damaged[0]).toBeInstanceOf(ArtifactError);
    expect(latestCheckpoint(join(folder, 'none'))).toEqual({ checkpoint: undefined, damaged: [] });
  });

  it('drops what is newer than the step to continue from', () => {
    const folder = fill([10, 20, 30], 10);
    discardCheckpointsAfter(folder, 10);
    expect(listCheckpoints(folder)).toEqual([10]);
  });

  it('is found from a run, a folder of checkpoints or a checkpoint', () => {
    const folder = fill([10, 20], 10);
    const run = temporaryFolder();
    cpSync(folder, join(run, 'checkpoints'), { recursive: true });
    expect(resolveCheckpoint(run)).toBe(join(run, 'checkpoints', 'step-00000010'));
    expect(resolveCheckpoint(folder)).toBe(checkpointPath(folder, 10));
    expect(resolveCheckpoint(checkpointPath(folder, 20))).toBe(checkpointPath(folder, 20));
    expect(() => resolveCheckpoint(join(run, 'nothing'))).toThrow(/nothing contains no checkpoint/);
    const picture = join(run, 'cat.png');
    writeFileSync(picture, 'a picture');
    expect(() => resolveCheckpoint(picture)).toThrow(
      /cat.png is a file, but neither an .onnx model/,
    );
  });
});

/** Saves steps 1, 2, 2, 3, 3, 4, ... for ever; the tensor of step n holds n. */
const writer = `
import { saveCheckpoint, pruneCheckpoints } from '${pathToFileURL(`${repositoryRoot}/dist/src/runtime/storage/checkpoint.js`).href}';
const folder = process.argv[1];
const start = Number(process.argv[2]);
console.log('started');
for (let step = start; ; step++)
  for (let again = 0; again < 2; again++) {
    const data = new Float32Array(30_000).fill(step);
    const meta = { step, epoch: 0, position: 0, seed: 1, config: {}, architectureHash: 'k', best: null };
    saveCheckpoint(folder, meta, new Map([['w', { dtype: 'float32', shape: [data.length], data }]]));
    pruneCheckpoints(folder, 2);
  }
`;

describe('a writer killed at any moment', () => {
  it('leaves whole checkpoints, none older than before', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    let reached = 0;
    for (let round = 0; round < 12; round++) {
      const start = String(Math.max(1, reached));
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer, folder, start]);
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, 5 + ((round * 37) % 151)));
      child.kill('SIGKILL');
      await once(child, 'exit');
      recoverFolder(folder);
      expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
      const { checkpoint, damaged } = latestCheckpoint(folder);
      expect(damaged).toEqual([]);
      const step = checkpoint?.state.step ?? 0;
      expect(step).toBeGreaterThanOrEqual(reached);
      reached = step;
      const values = checkpoint?.tensors.get('w')?.data ?? [];
      expect(Array.from<number | bigint>(values).every((value) => value === step)).toBe(true);
    }
    expect(reached).toBeGreaterThan(3);
  });
});
