import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compile, type Reusable } from '../../../src/compiler/compile/compile.js';
import { describeCompiledCache, reuseCompiled } from '../../../src/training/build/compiledCache.js';
import { compileModel } from '../../../src/training/build/compileModel.js';
import { temporaryFolder } from '../../support/folder.js';
import { repositoryRoot } from '../../support/paths.js';
import { smallDisk } from '../../support/smallDisk.js';
import { tinyNet } from '../../support/tinyDigits.js';

let cache = '';
beforeEach(() => {
  cache = join(temporaryFolder(), 'cache');
  vi.stubEnv('GRADUS_CACHE', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const options = { artifacts: ['train', 'infer', 'init'], weightInputs: true, batch: 4 } as const;
const made: Reusable = compile(tinyNet(), options);

/** What a reusable holds, to compare. */
function contentsOf({ manifest, artifacts }: Reusable): object {
  const graphs = Object.entries(artifacts).map(([kind, { file, onnx }]) => {
    return [kind, file, Buffer.from(onnx.bytes).toString('base64')];
  });
  return { manifest: JSON.parse(JSON.stringify(manifest)) as object, graphs };
}

/** Whether it was made anew; what comes must be right in any case. */
function isMade(identity = 'a'): boolean {
  const make = vi.fn(() => made);
  expect(contentsOf(reuseCompiled(identity, make))).toEqual(contentsOf(made));
  return make.mock.calls.length > 0;
}

const entries = (): string[] => readdirSync(join(cache, 'compiled'));
const entry = (): string => join(cache, 'compiled', entries()[0] ?? '');

it('what was compiled is reused, for its identity only', () => {
  expect([isMade(), isMade(), isMade('b'), isMade('b'), isMade()]).toEqual([
    ...[true, false, true, false, false],
  ]);
  expect(describeCompiledCache()).toMatchObject({ folder: join(cache, 'compiled'), entries: 2 });
});

it('a compilation of the same network takes its graphs from the cache', async () => {
  const first = await compileModel(tinyNet(), options);
  expect(entries()).toHaveLength(1);
  const before = readFileSync(entry());
  utimesSync(entry(), 1e9, 1e9);
  const second = await compileModel(tinyNet(), { ...options, seed: 5 });
  expect(contentsOf(second)).toEqual(contentsOf(first));
  expect(readFileSync(entry()).equals(before)).toBe(true);
  const weight = (own: typeof first) => [...own.initial.held().values()][0]?.data;
  expect(weight(second)).not.toEqual(weight(first));
  await compileModel(tinyNet(), { ...options, batch: 5 });
  expect(entries()).toHaveLength(2);
});

it('graphs with weights inside, and those whose making is watched, are not kept', async () => {
  await compileModel(tinyNet(), { artifacts: ['infer'], batch: 4 });
  await compileModel(tinyNet(), { ...options, explain: true });
  await compileModel(tinyNet(), { ...options, onPass: () => undefined });
  expect(existsSync(cache)).toBe(false);
});

describe('an entry', () => {
  const damages: Readonly<Record<string, (bytes: Buffer) => Uint8Array>> = {
    'with a bit changed in its hash': (bytes) => flipped(bytes, 3),
    'with a bit changed in its manifest': (bytes) => flipped(bytes, 200),
    'with a bit changed in a graph': (bytes) => flipped(bytes, bytes.length - 100),
    'that was cut short': (bytes) => bytes.subarray(0, bytes.length / 2),
    'that is empty': () => new Uint8Array(0),
    'with more behind it': (bytes) => Buffer.concat([bytes, bytes]),
  };
  for (const [name, damage] of Object.entries(damages))
    it(`${name} is made anew and repaired`, () => {
      expect(isMade()).toBe(true);
      writeFileSync(entry(), damage(readFileSync(entry())));
      expect([isMade(), isMade()]).toEqual([true, false]);
    });

  it('that nobody used for two months goes, and those used last stay when there is no more room', () => {
    isMade();
    const old = (name: string, days: number, bytes: number): void => {
      const path = join(cache, 'compiled', `${name}.compiled`);
      writeFileSync(path, '');
      truncateSync(path, bytes);
      const time = Date.now() / 1000 - days * 24 * 3600;
      utimesSync(path, time, time);
    };
    old('stale', 61, 1);
    old('recent', 1, 2 ** 28);
    old('earlier', 2, 2 ** 28);
    old('small', 59, 1);
    isMade('b');
    const left = entries().filter((name) => !/^[0-9a-f]{64}/.test(name));
    expect(left).toEqual(['recent.compiled']);
    expect(entries()).toHaveLength(3);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe('a cache that cannot be written', () => {
  it('changes nothing and is told of once', () => {
    writeFileSync(cache, 'a file in its place');
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect([isMade(), isMade(), isMade('b')]).toEqual([true, true, true]);
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/^compiled networks are not kept/);
  });

  it('for lack of room leaves nothing behind, and what is read still serves', (context) => {
    isMade();
    const full = smallDisk(context);
    vi.stubEnv('GRADUS_CACHE', full);
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    writeFileSync(join(full, 'filling'), new Uint8Array(1_040_000));
    expect(isMade()).toBe(true);
    expect(readdirSync(join(full, 'compiled'))).toEqual([]);
  });
});

it('GRADUS_CACHE=off neither reads nor writes', () => {
  isMade();
  vi.stubEnv('GRADUS_CACHE', 'off');
  vi.stubEnv('XDG_CACHE_HOME', cache);
  expect([isMade(), isMade()]).toEqual([true, true]);
  expect(existsSync(join(cache, 'gradus'))).toBe(false);
  expect(describeCompiledCache().off).toBe(true);
});

it('two processes that compile the same network at once agree and leave one entry', async () => {
  mkdirSync(cache);
  const script = `
    import { compileModel, defineModel, image, classifier, conv2d } from '${pathToFileURL(`${repositoryRoot}/dist/src/index.js`).href}';
    import { createHash } from 'node:crypto';
    const model = defineModel({ name: 'net', input: image(1, 8, 8, { mean: [0.5], std: [0.5] }), classes: 3,
      build: (x, { classes }) => classifier(conv2d(x, { name: 'conv', out: 4, kernel: 3 }), { classes }) });
    const { artifacts } = await compileModel(model, { artifacts: ['train'], batch: 4 });
    console.log(createHash('sha256').update(artifacts.train.onnx.bytes).digest('hex'));`;
  const run = () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]).then(
      ({ stdout }) => stdout,
    );
  const hashes = [...(await Promise.all([run(), run(), run()])), await run()];
  expect(new Set(hashes).size).toBe(1);
  expect(entries()).toHaveLength(1);
});
