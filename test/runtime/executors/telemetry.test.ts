import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../support/folder.js';
import { repositoryRoot } from '../../support/paths.js';

const dist = join(repositoryRoot, 'dist/src');

/** Opens a session in a new process, or in a thread of it, and lists what that left below its HOME. */
function filesAfterSession(script: string, telemetry?: string): string[] {
  const home = temporaryFolder();
  // A plain environment: onnxruntime reports nothing where CI is set, and that would prove nothing.
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: home };
  if (telemetry !== undefined) env['ORT_DISABLE_TELEMETRY'] = telemetry;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env,
    cwd: home,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(home, path)).isFile(),
  );
}

const openSession = `
  const { onnxruntimeNode } = await import(${JSON.stringify(join(dist, 'runtime/executors/onnxruntimeNode.js'))});
  const { addModel } = await import(${JSON.stringify(join(dist, 'runtime/engine/device/deviceModels.js'))});
  const model = addModel([{ name: 'x', dtype: 'float32', shape: [1] }]);
  await (await onnxruntimeNode().create(model)).release();`;

const openInThread = `
  import { Worker } from 'node:worker_threads';
  await import(${JSON.stringify(join(dist, 'runtime/threads/trainClient.js'))});
  const thread = new Worker(${JSON.stringify(`(async () => {${openSession}})()`)}, { eval: true });
  await new Promise((resolve, reject) => thread.on('exit', resolve).on('error', reject));`;

test('a session of onnxruntime leaves no device id and no event store in the home of its user', () => {
  expect(filesAfterSession(openSession)).toEqual([]);
  expect(filesAfterSession(openInThread)).toEqual([]);
});

test('who sets ORT_DISABLE_TELEMETRY=0 lets onnxruntime report', () => {
  expect(filesAfterSession(openSession, '0').join()).toMatch(/deviceid/);
});

test('onnxruntime-node is loaded by the one module that switches its reports off', () => {
  const sources = readdirSync(join(repositoryRoot, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .filter((path) =>
      /(?:from|import\()\s*'onnxruntime-node'/.test(
        readFileSync(join(repositoryRoot, 'src', path), 'utf8')
          .split('\n')
          .filter((line) => /^(?:import|export)\b/.test(line))
          .join('\n'),
      ),
    );
  expect(sources).toEqual([join('runtime', 'executors', 'onnxruntime.ts')]);
});
