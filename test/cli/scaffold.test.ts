import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectModelFile } from '../../src/tools/inspect/inspect.js';
import { loadTrainingConfig } from '../../src/training/config/loadTrainingConfig.js';
import { scaffold } from '../../src/cli/scaffold.js';
import * as gradus from '../../src/index.js';
import { smallDisk } from '../support/smallDisk.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradus-scaffold-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a scaffold', () => {
  it('has a model that traces and a config that passes, both without a type error', async () => {
    const { files } = scaffold(join(folder, 'run'));
    expect(files.map((file) => file.slice(folder.length))).toEqual([
      '/run/digits.model.ts',
      '/run/training.config.ts',
      '/run/tsconfig.json',
      '/run/README.md',
    ]);
    const [model = '', file = ''] = files;
    const found = await inspectModelFile(model);
    expect(found.layers.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['dropout', 'stochasticDepth']),
    );
    const { config, folder: base } = await loadTrainingConfig(file);
    expect(base).toBe(join(folder, 'run'));
    expect(existsSync(join(base, config.model))).toBe(true);
    expect(config.optimizer).toMatchObject({ kind: 'rmspropTf', weightDecay: 1e-5 });
  });

  it('leaves nothing on a full disk, so that the next try is not refused', (context) => {
    const disk = smallDisk(context);
    writeFileSync(join(disk, 'filler'), new Uint8Array(1_040_000));
    const run = join(disk, 'run');
    expect(() => scaffold(run)).toThrow(expect.objectContaining({ code: 'disk-full' }));
    expect(readdirSync(disk)).toEqual(['filler']);
    rmSync(join(disk, 'filler'));
    expect(scaffold(run).files).toHaveLength(4);
  });

  it('names its commands in the README, too', async () => {
    const { next } = scaffold(folder);
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const command of next.filter((line) => !line.startsWith('cd ')))
      expect(readme).toContain(command);
  });

  it('writes nothing where one of its files exists', async () => {
    writeFileSync(join(folder, 'README.md'), 'mine');
    expect(() => scaffold(folder)).toThrow(gradus.ConfigError);
    expect(() => scaffold(folder)).toThrow('README.md exists already');
    expect(existsSync(join(folder, 'digits.model.ts'))).toBe(false);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe('mine');
  });
});

describe('a config file', () => {
  it('without a default export is refused', async () => {
    const file = join(folder, 'empty.config.ts');
    writeFileSync(file, 'export const name = "x";\n');
    await expect(loadTrainingConfig(file)).rejects.toThrow(
      'does not export a config as its default',
    );
  });
});
