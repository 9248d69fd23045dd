import { spawnSync } from 'node:child_process';
import { mkdirSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { commands } from '../../src/cli/commands/index.js';
import { hasCuda } from '../support/cuda.js';
import { gradusHere } from '../support/gradusHere.mjs';
import { gradusBin } from '../support/paths.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-cli-'));
const project = join(folder, 'my-run');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function gradus(
  args: readonly string[],
  cwd = project,
  cache = join(folder, 'cache'),
  variables: Readonly<Record<string, string>> = {},
) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [gradusBin, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: cache, LANG: 'de_DE.UTF-8', ...variables },
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

beforeAll(() => {
  const { status, stderr } = gradus(['init', 'my-run'], folder);
  expect([status, stderr]).toEqual([0, '']);
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});

describe('gradus --help', () => {
  it.each(commands.map(({ name }) => name))('of %s has examples', async (name) => {
    const { status, stdout } = await gradusHere([name, '--help'], project);
    expect(status).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain(`gradus ${name}`);
  });

  it('lists every command', () => {
    const { stdout } = gradus(['--help']);
    for (const { usage } of commands) expect(stdout).toContain(`gradus ${usage}`);
  });
});

describe('gradus completion', () => {
  it('prints a script, and knows commands and flags', () => {
    expect(gradus(['completion']).stdout).toContain('complete -o bashdefault');
    const words = gradus(['--get-yargs-completions', 'gradus', 'compile', '--']).stdout.split('\n');
    expect(words).toEqual(expect.arrayContaining(['--out', '--opset', '--json']));
  });
});

describe('gradus init', () => {
  it('never overwrites', async () => {
    const model = join(project, 'digits.model.ts');
    const before = readFileSync(model, 'utf8');
    const { status, stderr } = await gradusHere(['init', 'my-run'], folder);
    expect(status).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "error ConfigError: my-run/digits.model.ts, my-run/training.config.ts, my-run/tsconfig.json, my-run/README.md exist already
        --> my-run
        hint: name a new folder: gradus init my-run
      "
    `);
    expect(readFileSync(model, 'utf8')).toBe(before);
  });
});

describe('gradus inspect', () => {
  it('prints one JSON document with totals and layers', () => {
    const { status, stdout, stderr } = gradus(['inspect', 'digits.model.ts', '--json']);
    expect([status, stderr]).toEqual([0, '']);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ name: 'digits', parameters: 25_470, multiplyAdds: 1_500_160 });
    expect(found.layers[0]).toMatchObject({ name: 'stem.conv', source: 'digits.model.ts:11:9' });
  });

  it('knows the shipped models, with the published totals', async () => {
    const { stdout } = await gradusHere(['inspect', 'efficientnet_b0', '--json'], project);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'efficientnet_b0',
      parameters: 5_288_548,
      multiplyAdds: 385_814_752,
    });
    const changed = ['--classes', '10', '--size', '64', '--drop', '0.3', '--drop-path', '0.1'];
    const wide = await gradusHere(['inspect', 'wrn_28_2', ...changed], project);
    const lines = wide.stdout.split('\n');
    expect(lines.slice(-3).join('\n')).toMatchInlineSnapshot(`
      "-------------------  ----------------------  -------------  ----------  -------------
      total                                                        1,467,610    857,408,768
      "
    `);
  });

  it('ends quietly when its reader does', () => {
    const command = `"${process.execPath}" "${gradusBin}" inspect digits.model.ts | head -c 10`;
    const { stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
  });

  it.runIf(process.platform === 'linux')(
    'keeps its exit status when the log is full or closed',
    () => {
      const gradus = `"${process.execPath}" "${gradusBin}"`;
      const run = (command: string) =>
        spawnSync('bash', ['-o', 'pipefail', '-c', command], { cwd: project, encoding: 'utf8' });
      expect(run(`${gradus} inspect none.onnx 2>/dev/full`).status).toBe(4);
      expect(run(`${gradus} inspect none.onnx 2>&- `).status).toBe(4);
      const lost = run(`${gradus} inspect digits.model.ts >/dev/full`);
      expect(lost.status).toBe(2);
      expect(lost.stderr).toContain('cannot write the result to standard output: ENOSPC');
    },
  );

  it.runIf(process.platform === 'linux')('says that the current folder was deleted', () => {
    const gone = join(folder, 'gone');
    mkdirSync(gone);
    const command = `cd "${gone}" && rmdir "${gone}" && "${process.execPath}" "${gradusBin}" inspect efficientnet_b0`;
    const { status, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('the current folder no longer exists');
  });

  it('refuses a file that is not there, and one that was cut short', async () => {
    expect(gradus(['inspect', 'none.onnx'])).toMatchObject({ status: 4, stdout: '' });
    writeFileSync(join(project, 'cut.onnx'), Uint8Array.of(8, 10, 58, 200, 1, 10));
    const { status, stderr } = await gradusHere(['inspect', 'cut.onnx'], project);
    expect(status).toBe(4);
    expect(stderr).toMatchInlineSnapshot(`
      "error ArtifactError: cannot read cut.onnx as an ONNX model: it ends in the middle of a message
        --> cut.onnx
        hint: the file may be truncated or of another kind: copy it again, or compile the model again
      "
    `);
  });
});

describe('gradus compile', () => {
  it('writes artifacts that inspect reads', async () => {
    const compiled = gradus(['compile', 'digits.model.ts', '--out', 'out', '--json']);
    expect(compiled.status).toBe(0);
    const { files, manifest } = JSON.parse(compiled.stdout);
    const names = (files as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['infer.onnx', 'train.onnx', 'manifest.json']));
    expect(manifest).toMatchObject({ name: 'digits', opset: 21, target: 'portable' });
    const { stdout } = await gradusHere(['inspect', 'out/infer.onnx'], project);
    expect(stdout).toContain('image: float32 [N,1,28,28]');
  });

  it("shows the user's line where the model is wrong", () => {
    const model = readFileSync(join(project, 'digits.model.ts'), 'utf8');
    const wrong = model.replace('stride, survival', 'stride, survival: 1.5');
    writeFileSync(join(project, 'wrong.model.ts'), wrong);
    const { status, stderr } = gradus(['compile', 'wrong.model.ts', '--out', 'out2']);
    expect(status).toBe(3);
    expect(stderr).toMatchInlineSnapshot(`
      "error ModelError: stochasticDepth: survival 1.5 is outside (0, 1]
        --> wrong.model.ts:15:11
         15 |       x = mbConv(x, { name: \`blocks.\${i}\`, out: i === 0 ? 16 : 24, expand: 4, stride, survival: 1.5 });
            |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        hint: \`survival\` is the probability that the branch is kept, 1 - drop rate, for example 0.8
      "
    `);
  });

  it('refuses a folder that cannot be made', async () => {
    const compile = ['compile', 'digits.model.ts', '--out', 'README.md/out'];
    const { status, stderr } = await gradusHere(compile, project);
    expect(stderr).toContain('cannot create README.md/out: a file is in the place of a folder');
    expect(status).toBe(2);
  });

  // Node's recursive mkdir never returns there, so these run as processes.
  it.skipIf(!existsSync('/proc/self'))(
    'refuses a folder in /proc, and needs no cache there',
    () => {
      const { status, stderr } = gradus(['compile', 'digits.model.ts', '--out', '/proc/nope/deep']);
      expect(stderr).toMatchInlineSnapshot(`
      "error ArtifactError: cannot write /proc/nope/deep: its folder no longer exists or is not writable
        --> /proc/nope/deep
        hint: choose another folder
      "
    `);
      expect(status).toBe(2);
      expect(gradus(['init', '/proc/nope']).status).toBe(2);
      expect(gradus(['inspect', 'digits.model.ts'], project, '/proc/nope/cache').status).toBe(0);
    },
  );
});

describe('gradus devices', () => {
  it('knows that the CPU can be used', async () => {
    const { stdout } = await gradusHere(['devices', '--json'], project);
    const { devices, auto } = JSON.parse(stdout);
    expect(devices).toContainEqual(expect.objectContaining({ name: 'cpu', available: true }));
    expect(auto).toBe('cpu');
  });
});

describe('gradus doctor', () => {
  it('tells a script of each provider why it can or cannot be used, and what to do next', async () => {
    const told = gradus(['doctor', '--json'], folder);
    expect([told.status, told.stderr]).toEqual([0, '']);
    const summary = JSON.parse(told.stdout);
    expect(summary.node).toBe(process.versions.node);
    expect(['cpu', 'webgpu', 'cuda']).toContain(summary.auto);
    expect(Object.keys(summary)).toEqual(
      expect.arrayContaining(['devices', 'gpus', 'vulkan', 'cuda', 'next', 'autoWhy']),
    );
  });
});

describe('gradus train', () => {
  it.skipIf(hasCuda)('refuses a device that is not here, before anything is written', async () => {
    const { status, stderr } = gradus(['train', 'training.config.ts', '--device', 'cuda']);
    expect(status).toBe(5);
    expect(stderr).toContain('error DeviceError: cuda cannot be used here: ');
    expect(stderr).toContain('--device cpu always works; run `gradus doctor` for details');
    expect(existsSync(join(project, 'runs'))).toBe(false);
    const unknown = await gradusHere(['train', 'training.config.ts', '--device', 'tpu'], project);
    expect(unknown.status).toBe(2);
  });

  it('refuses a device that cannot be used, with the reason and without what its driver prints', () => {
    const train = ['train', 'training.config.ts', '--device', 'webgpu', '--json'];
    const variables = { VK_ICD_FILENAMES: '/nowhere.json', VK_DRIVER_FILES: '/nowhere.json' };
    const { status, stdout, stderr } = gradus(train, project, undefined, variables);
    expect(status).toBe(5);
    expect(stderr).toMatch(/^error DeviceError: .*\n {2}--> --device\n {2}hint: .*\n$/);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ name: 'DeviceError', code: 'device-unusable', exitCode: 5 });
    expect(error.message).toMatch(/^webgpu cannot be used here: /);
    expect(error.hint).toMatch(/--device cpu always works; run `gradus doctor` for details$/);
    expect(existsSync(join(project, 'runs'))).toBe(false);
  });

  it('names a wrong key of a config with the allowed ones', async () => {
    const config = readFileSync(join(project, 'training.config.ts'), 'utf8');
    const json = { name: 'x', model: './digits.model.ts', data: { kind: 'mnist' }, epochs: 1 };
    writeFileSync(
      join(project, 'wrong.json'),
      JSON.stringify({ ...json, bach: 3, optimizer: { kind: 'adam' } }, undefined, 2),
    );
    const { status, stderr } = await gradusHere(['train', 'wrong.json'], project);
    expect(status).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "error ConfigError: the config has 2 problems
        --> wrong.json
        wrong.json:10:5 optimizer.kind: "adam" is not known (did you mean adamw?); allowed: adafactor, adamw, lamb, lion, nadam, rmspropTf, sgd
        wrong.json:8:3 bach: unknown key (did you mean batch?); allowed: name, seed, validation, threads, device, model, init, freeze, size, epochs, steps, batch, optimizer, schedule, ema, labelSmoothing, criterion, classWeights, sampler, clipNorm, checkpointing, precision, stepsPerRun, noise, earlyStopping, choose, checkpoints, fixResolution, data, classes
        hint: docs/cli.md lists the keys of a config with their defaults
      "
    `);
    writeFileSync(join(project, 'wrong.config.ts'), config.replace('batch: 64', 'bach: 64'));
    const mistyped = await gradusHere(['train', 'wrong.config.ts'], project);
    expect(mistyped.stderr).toMatchInlineSnapshot(`
      "error ConfigError: Object literal may only specify known properties, but 'bach' does not exist in type 'WrittenTraining<ModelChoice, Optimizer>'. Did you mean to write 'batch'? (TS2561)
        --> wrong.config.ts:10:3
         10 |   bach: 64,
            |   ^^^^
      "
    `);
  });

  it('shows the line of a value that types cannot refuse', async () => {
    const bad = async () => (await gradusHere(['train', 'bad.config.ts'], project)).stderr;
    const config = readFileSync(join(project, 'training.config.ts'), 'utf8');
    writeFileSync(join(project, 'bad.config.ts'), config.replace('batch: 64', 'batch: 0'));
    expect(await bad()).toMatchInlineSnapshot(`
      "error ConfigError: batch: expected at least 1, not 0
        --> bad.config.ts:10:3
         10 |   batch: 0,
            |   ^^^^^
        hint: docs/cli.md lists the keys of a config with their defaults
      "
    `);
    writeFileSync(
      join(project, 'bad.config.ts'),
      config.replace('weightDecay: 1e-5', 'momentum: 9'),
    );
    expect(await bad()).toMatchInlineSnapshot(`
      "error ConfigError: momentum of the optimizer rmspropTf is 9
        --> bad.config.ts:11:14 (optimizer.momentum)
         11 |   optimizer: rmspropTf({ learningRate: 0.005, momentum: 9 }),
            |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        hint: use a number of at least 0 and below 1
      "
    `);
  });

  it('tells what there is instead of a file that is missing', async () => {
    const { status, stderr } = await gradusHere(['train', 'other.config.ts'], project);
    expect(status).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "error ConfigError: other.config.ts does not exist
        --> other.config.ts
        hint: did you mean bad.config.ts?
      "
    `);
    expect(await gradusHere(['compile', 'a/b.model.ts', '--out', 'x'], project)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('hint: the folder a does not exist either'),
    });
  });
});
