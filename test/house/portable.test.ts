import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build, type BuildResult } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { compile, webgpuTarget, type Compiled } from '../../src/compiler/index.js';
import { publicModules } from '../../src/language/frontend/installation.js';
import { findShippedModel } from '../../src/language/models/index.js';
import { invariant } from '../../src/support/errors.js';
import { repositoryRoot } from '../support/paths.js';

const read = (file: string): unknown =>
  JSON.parse(readFileSync(join(repositoryRoot, file), 'utf8'));

const { include } = read('tsconfig.portable.json') as { include: string[] };

/** The folders whose code runs in a browser as well as in Node. */
const rooms = include.filter((path) => path.startsWith('src/'));

function modulesOf(room: string): string[] {
  return readdirSync(join(repositoryRoot, room), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(room, path));
}

/** Bundles modules of the repository for a browser, for which there is no module of Node's. */
function bundle(contents: string): Promise<BuildResult<{ write: false; metafile: true }>> {
  return build({
    stdin: { contents, resolveDir: repositoryRoot, loader: 'ts' },
    ...{ bundle: true, platform: 'browser', format: 'iife', globalName: 'bundle' },
    ...{ write: false, metafile: true, logLevel: 'silent' },
  });
}

describe('portable code', () => {
  it("bundles for browsers without a module of Node's, room by room", async () => {
    const modules = rooms.flatMap(modulesOf);
    expect(modules.length).toBeGreaterThan(150);
    const { metafile } = await bundle(modules.map((path) => `import './${path}';`).join('\n'));
    const builtins = new Set(builtinModules);
    const imported = Object.values(metafile.inputs).flatMap(({ imports }) =>
      imports.map(({ path }) => path),
    );
    expect(imported.filter((path) => path.startsWith('node:') || builtins.has(path))).toEqual([]);
  });

  it('is refused where it imports one', async () => {
    await expect(bundle("import './src/runtime/storage/atomic.ts'")).rejects.toThrow('node:fs');
  });

  it("compiles a shipped model where there is nothing of Node's, to the same bytes", async () => {
    const entry = `export * from './src/compiler/index.ts';
      export * from './src/language/models/index.ts';`;
    const { outputFiles } = await bundle(entry);
    const code = outputFiles[0]?.text ?? '';
    const page = createContext({ TextEncoder, TextDecoder, performance });
    const request = { artifacts: ['train'], batch: 2 } as const;
    const call = `bundle.compile(bundle.findShippedModel('resnet18').model, {
      ...${JSON.stringify(request)},
      target: bundle.webgpuTarget,
    })`;
    const there = runInContext(`${code}; ${call}`, page) as Compiled;
    const resnet = findShippedModel('resnet18')?.model;
    invariant(resnet, 'resnet18 is shipped');
    const here = compile(resnet, { ...request, target: webgpuTarget });
    expect(JSON.stringify(there.manifest)).toBe(JSON.stringify(here.manifest));
    const [found, wanted] = [there, here].map(({ artifacts }) => artifacts.train?.onnx.bytes);
    invariant(found && wanted, 'both compiled it');
    expect(Buffer.compare(found, wanted)).toBe(0);
  });
});

describe('a public module', () => {
  it("is in package.json and in the table that users' files are loaded by", () => {
    const { exports } = read('package.json') as { exports: Record<string, { default?: string }> };
    const packaged = Object.entries(exports).flatMap(([path, { default: file }]) =>
      file === undefined ? [] : [[join('gradus', path), file]],
    );
    const loaded = Object.entries(publicModules).map(([id, place]) => {
      return [id, `./dist/src/${place}.js`];
    });
    expect(Object.fromEntries(loaded)).toEqual(Object.fromEntries(packaged));
  });
});
