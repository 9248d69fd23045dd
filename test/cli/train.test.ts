import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gradusBin } from '../support/paths.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-train-'));
const options = { cwd: folder, env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') } };
afterAll(() => {
  rmSync(folder, { recursive: true });
});

beforeAll(() => {
  writeFileSync(
    join(folder, 'linear.model.ts'),
    `import { defineModel, flatten, image, linear } from 'gradus';
export default defineModel({
  name: 'linear', input: image(1, 28, 28), classes: 10,
  build: (x, { classes }) => linear(flatten(x), { name: 'fc', out: classes }),
});
`,
  );
  // More steps than fit between two signals.
  writeConfig('linear.json', { name: 'linear', steps: 1_000_000 });
});

function writeConfig(file: string, changes: object): void {
  const config = {
    model: './linear.model.ts',
    data: { kind: 'mnist', labelled: 400, test: 200 },
    batch: 16,
    optimizer: { kind: 'sgd', learningRate: 0.05 },
    ...changes,
  };
  writeFileSync(join(folder, file), JSON.stringify(config));
}

/** Starts `gradus train`, waits until it writes metrics, and sends Ctrl-C. */
async function interrupted(...flags: string[]) {
  const metrics = join(folder, 'runs/linear/metrics.jsonl');
  const written = (): number => statSync(metrics, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const before = written();
  const child = spawn(process.execPath, [gradusBin, 'train', 'linear.json', ...flags], options);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  while (written() === before && child.exitCode === null) await wait(20);
  child.kill('SIGINT');
  return { status: await ended, stdout, stderr };
}

describe('Ctrl-C while gradus trains', () => {
  it('leaves a checkpoint and says how to resume, which goes on from there', async () => {
    const first = await interrupted();
    expect(first.status).toBe(130);
    expect(first.stderr).toContain('stopping after this step');
    expect(first.stdout).toContain('resume with: gradus train linear.json --resume\n');
    const [, step = '', checkpoint = ''] =
      /^stopped after step (\d+); checkpoint (.+)$/m.exec(first.stdout) ?? [];
    expect(existsSync(join(folder, checkpoint, 'state.safetensors'))).toBe(true);
    const second = await interrupted('--resume', '--json');
    expect(second.status).toBe(130);
    expect(JSON.parse(second.stdout)).toMatchObject({
      interrupted: true,
      resume: 'gradus train linear.json --resume',
    });
    expect(JSON.parse(second.stdout).step).toBeGreaterThan(Number(step));
  });
});

describe('a run that is there already', () => {
  it('is not trained over, unless told', () => {
    const short = (...flags: string[]) => {
      const args = [gradusBin, 'train', 'over.json', '--quiet', ...flags];
      return spawnSync(process.execPath, args, { ...options, encoding: 'utf8' });
    };
    writeConfig('over.json', { name: 'over', steps: 3 });
    expect(short().status).toBe(0);
    const refused = short();
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatchInlineSnapshot(`
      "error ConfigError: runs/over already holds a run of 3 steps
        --> runs/over
        hint: --resume continues it, --overwrite deletes it and starts over, --out DIR uses another folder
      "
    `);
    expect(short('--overwrite', '--resume').status).toBe(2);
    expect(short('--overwrite').status).toBe(0);
  });
});

describe('a run that came to its end', () => {
  it('is measured by gradus eval as by the run itself', () => {
    const run = (...args: string[]): Record<string, unknown> => {
      const command = [gradusBin, ...args, '--json'];
      const { status, stdout } = spawnSync(process.execPath, command, {
        ...options,
        encoding: 'utf8',
      });
      expect(status).toBe(0);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    writeConfig('short.json', { name: 'short', steps: 200, validation: { every: 2 } });
    const { interrupted, step, test } = run('train', 'short.json');
    expect({ interrupted, step }).toEqual({ interrupted: false, step: 200 });
    expect((test as { accuracy: number }).accuracy).toBeGreaterThan(0.6);
    const { accuracy, loss, images } = run('eval', 'runs/short');
    // The run tells also how often it has read the test set.
    expect(test).toMatchObject({ accuracy, loss, images, readings: 1 });
  });
});
