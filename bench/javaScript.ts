import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contest, type Contest, type Contestant } from './peers/contest.js';
import type { Settings } from './run.js';

const jax = ['@jax-js/jax@0.1.25'];
const tfjs = ['@tensorflow/tfjs@4.22.0', '@tensorflow/tfjs-backend-wasm@4.22.0'];
const tfjsNode = ['@tensorflow/tfjs-node@4.22.0'];

/** Installs packages into a folder of their own; returns what went wrong. */
function install(folder: string, packages: readonly string[]): Promise<string | undefined> {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const args = ['install', '--no-audit', '--no-fund', '--foreground-scripts', ...packages];
  return new Promise((resolve) => {
    execFile('npm', args, { cwd: folder, timeout: 120_000 }, (error, stdout, stderr) => {
      const lines = `${stdout}\n${stderr}`.split('\n');
      const telling = lines.find((line) => /ENOTFOUND|Error: /.test(line));
      resolve(error ? (telling?.trim() ?? error.message) : undefined);
    });
  });
}

/**
 * Milliseconds of a training step of a small convnet for digits: ours, and those of other libraries that
 * train in Node. These are installed for the time of the benchmark.
 */
export async function benchJavaScript(settings: Settings): Promise<Contest> {
  const { batch, threads } = settings;
  const folders: string[] = [];
  const missing: { name: string; reason: string }[] = [];
  const contestants: Contestant[] = [];
  const add = async (
    packages: readonly string[],
    script: string,
    modes: Readonly<Record<string, readonly string[]>>,
  ): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'gradus-javascript-'));
    folders.push(folder);
    const fault = await install(folder, packages);
    for (const [name, args] of Object.entries(modes))
      if (fault !== undefined) missing.push({ name, reason: fault });
      else
        contestants.push({
          ...{ name, numbers: 'float32', program: process.execPath, script },
          args: [folder, batch, ...args],
        });
  };
  try {
    const model = fileURLToPath(new URL('peers/convnet.model.ts', import.meta.url));
    contestants.push({
      ...{ name: 'Gradus', program: process.execPath, script: 'gradusStep.mjs' },
      args: [model, batch, 28, threads, 'sgd'],
    });
    await add(jax, 'jaxStep.mjs', { 'jax-js, wasm': [] });
    await add(tfjs, 'tfjsStep.mjs', { 'tfjs, wasm': ['wasm'], 'tfjs, cpu': ['cpu'] });
    await add(tfjsNode, 'tfjsStep.mjs', { 'tfjs-node': ['node'] });
    const result = await contest(contestants, settings);
    return { ...result, missing: [...missing, ...result.missing] };
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
}
