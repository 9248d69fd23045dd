import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.js';
import { commands } from '../../src/cli/commands/index.js';
import { repositoryRoot } from '../support/paths.js';

const folder = join(repositoryRoot, 'src/cli/commands');
const files = readdirSync(folder).filter((name) => name !== 'index.ts');

const large = ['onnxruntime-node', 'sharp', 'ts-morph', 'jiti', 'protobufjs'];

/** Modules and packages that a file loads before any of its code runs. */
function loadedBy(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  if (!existsSync(file)) return found;
  const text = readFileSync(file, 'utf8');
  const statements = text.matchAll(
    /^(?:import |(?:import|export) (?!type )[^;=]*? from )'([^']+)';/gm,
  );
  for (const [, from = ''] of statements)
    if (from.startsWith('.')) loadedBy(resolve(dirname(file), from.replace(/\.js$/, '.ts')), found);
    else found.add(from);
  return found;
}

describe('the commands', () => {
  it.each(files)('are reached from the command line: %s', async (name) => {
    const file = (await import(join(folder, name))) as { readonly default: Command };
    const all = commands.flatMap((command) => [command, ...(command.commands ?? [])]);
    expect(all.map(({ register }) => register)).toContain(file.default.register);
  });

  it('are named by the index alone, a line each', () => {
    const index = readFileSync(join(folder, 'index.ts'), 'utf8');
    const named = [...index.matchAll(/^ {2}import\('\.\/(\w+)\.js'\),$/gm)].map(([, name]) => name);
    expect(named).toHaveLength(commands.length);
    const main = [...loadedBy(join(repositoryRoot, 'src/cli/main.ts'))].map((file) =>
      basename(file),
    );
    expect(main.filter((name) => files.includes(name))).toEqual([]);
  });

  it('load none of the large packages before they run, so that --help answers at once', () => {
    const loaded = new Set<string>();
    for (const name of ['../main.ts', ...files]) loadedBy(join(folder, name), loaded);
    expect(large.filter((name) => loaded.has(name))).toEqual([]);
  });
});
