import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  classifier,
  compileModel,
  convBnAct,
  defineModel,
  dropout,
  image,
} from '../../dist/src/index.js';
import { repositoryRoot } from '../support/paths.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-manifest-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const model = defineModel({
  name: 'tiny-digits',
  input: image(1, 28, 28),
  classes: 10,
  build(x, { classes }) {
    x = convBnAct(x, { name: 'stem', out: 8, kernel: 3, stride: 2 });
    x = dropout(convBnAct(x, { name: 'head', out: 16, kernel: 3, stride: 2 }), { rate: 0.1 });
    return classifier(x, { name: 'classifier', classes, dropout: 0 });
  },
});

describe('docs/train-from-manifest.mjs', () => {
  it('trains on real digits from the manifest and the artifacts alone', async () => {
    const optimizer = { kind: 'adamw', learningRate: 0.01 } as const;
    await compileModel(model, { out: folder, batch: 32, optimizer, emaDecay: 0.99 });
    const script = join(repositoryRoot, 'docs', 'train-from-manifest.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder, '150'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const losses = Array.from(stdout.matchAll(/loss (\S+)/g), ([, loss]) => Number(loss));
    expect(losses).toHaveLength(150);
    expect(losses.at(-1)).toBeLessThan(0.6 * (losses[0] ?? 0));
  });
});
