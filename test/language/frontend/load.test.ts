import { rmSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentSite } from '../../../src/compiler/trace/callSites.js';
import { formatError } from '../../../src/support/codeFrame.js';
import { ConfigError, InternalError, ModelError } from '../../../src/support/errors.js';
import * as fake from './fixtures/fakeGradus.js';
import { makeWorkspace, refusalOf, type Workspace } from './workspace.js';

let work: Workspace;
beforeEach(() => {
  work = makeWorkspace();
});
afterEach(() => work.remove());

const goodModel = `import { defineModel, conv2d } from 'gradus';
export default defineModel({ name: 'm', build: (x) => conv2d(x, { out: 4, kernel: 3 }) });
`;

const render = (error: unknown) =>
  error instanceof ModelError || error instanceof ConfigError
    ? formatError(error, {
        readSource: (file) => readFileSync(join(work.root, file), 'utf8'),
        cwd: work.root,
      })
    : String(error);

describe('what a loaded module is', () => {
  it('gets the very namespace object of the running installation', async () => {
    work.write(
      'a.model.ts',
      `import * as whole from 'gradus';
import { conv2d, type Value } from 'gradus';
export { whole, conv2d };
export const late = await import('gradus');
export type V = Value;
`,
    );
    const { module } = await work.load('a.model.ts');
    expect(module['whole']).toBe(fake);
    expect(module['late']).toBe(fake);
    expect(module['conv2d']).toBe(fake.conv2d);
  });

  it.each(['mts', 'cts', 'js', 'mjs'])('may be written in a .%s file', async (extension) => {
    work.write(`a.model.${extension}`, goodModel);
    const { module } = await work.load(`a.model.${extension}`);
    expect(module['default']).toBeDefined();
  });

  it('is the same helper for all files that import it, however they spell its name', async () => {
    work.write('lib/token.ts', 'export const token: object = {};\n');
    work.write('lib/other.ts', `export { token } from './token.js';\n`);
    work.write(
      'a.model.ts',
      `import { token } from './lib/token';
import { token as other } from './lib/other.ts';
export const same = token === other;
`,
    );
    const { module, files } = await work.load('a.model.ts');
    expect(module['same']).toBe(true);
    expect(files.map((file) => file.slice(work.root.length + 1))).toEqual([
      'a.model.ts',
      'lib/token.ts',
      'lib/other.ts',
    ]);
  });

  it('is read anew after an edit, with its JSON and helpers', async () => {
    work.write('sizes.json', '{"out": 8}');
    work.write('helper.ts', 'export const factor = 2;\n');
    work.write(
      'a.model.ts',
      `import sizes from './sizes.json';
import { factor } from './helper.js';
export default sizes.out * factor;
`,
    );
    const first = await work.load('a.model.ts');
    expect(first.module['default']).toBe(16);
    work.write('sizes.json', '{"out": 9}');
    const second = await work.load('a.model.ts');
    expect(second.module['default']).toBe(18);
    work.write('helper.ts', 'export const factor = 3;\n');
    expect((await work.load('a.model.ts')).module['default']).toBe(27);
    expect(second.contentHash).not.toBe(first.contentHash);
  });

  it('may use JavaScript helpers, default imports of Node, import.meta and console', async () => {
    work.write('package.json', '{"type": "module"}');
    work.write('helper.js', `import { silu } from 'gradus';\nexport const layer = silu;\n`);
    work.write(
      'a.model.ts',
      `import path, { basename } from 'node:path';
import { layer } from './helper.js';
if (process.argv.length > 1000) console.log('never');
export default [layer, basename(import.meta.url), path.basename(import.meta.filename)];
`,
    );
    const { module } = await work.load('a.model.ts');
    expect(module['default']).toEqual([fake.silu, 'a.model.ts', 'a.model.ts']);
  });

  it('is the value of a JSON config', async () => {
    work.write('run.json', '{"epochs": 3}');
    const { module } = await work.load('run.json', { kind: 'config' });
    expect(module['default']).toEqual({ epochs: 3 });
  });
});

describe('errors before anything runs', () => {
  it('reports a type error at its line with a code frame, and all others as notes', async () => {
    work.write(
      'a.model.ts',
      `import { defineModel, conv2d } from 'gradus';
(globalThis as { ran?: boolean }).ran = true;
export default defineModel({
  name: 'm',
  build: (x) => conv2d(x, { out: '24', kernel: 1 }),
  size: 3,
});
const unrelated: number = undefined;
`,
    );
    const error = await work.refusal('a.model.ts');
    expect(error).toBeInstanceOf(ModelError);
    expect(error.code).toBe('type-error');
    expect('ran' in globalThis).toBe(false);
    expect(render(error)).toMatchInlineSnapshot(`
      "error ModelError: Type 'string' is not assignable to type 'number' (TS2322)
        --> a.model.ts:5:29
          5 |   build: (x) => conv2d(x, { out: '24', kernel: 1 }),
            |                             ^^^
        also a.model.ts:6:3: Object literal may only specify known properties, and 'size' does not exist in type 'ModelDefinition' (TS2353)
        also a.model.ts:8:7: Type 'undefined' is not assignable to type 'number' (TS2322)"
    `);
  });

  it('lets a file run beside the check on request, and still reports its type errors', async () => {
    work.write(
      'a.model.ts',
      `import { defineModel } from 'gradus';\nconst width: string = 3;\nexport default width;\n`,
    );
    const { module, checked } = await work.load('a.model.ts', { typesBeside: true });
    expect(module['default']).toBe(3);
    expect((await refusalOf(checked)).code).toBe('type-error');
    const again = await work.load('a.model.ts', { typesBeside: true });
    expect(again.typeChecked).toBe(true);
    expect((await refusalOf(again.checked)).code).toBe('type-error');
  });

  it('reports a type error rather than what it makes the file throw', async () => {
    work.write('a.model.ts', `const rows: number[] = null;\nexport default rows.length;\n`);
    const error = await work.refusal('a.model.ts', { typesBeside: true });
    expect(error.code).toBe('type-error');
    expect(error.where).toMatchObject({ file: 'a.model.ts', line: 1 });
  });

  it('checks several files that are asked for at once, each by itself', async () => {
    work.write('good.model.ts', 'export default 1;\n');
    work.write('bad.model.ts', `const one: number = 'one';\nexport default one;\n`);
    const [good, bad] = await Promise.all([
      work.load('good.model.ts'),
      work.refusal('bad.model.ts'),
    ]);
    expect(good.module['default']).toBe(1);
    expect(bad.where).toMatchObject({ file: 'bad.model.ts', line: 1 });
  });

  it('reports a type error in a helper, by the name of that file', async () => {
    work.write('lib/block.ts', `export const width: string = 3;\n`);
    work.write('a.model.ts', `import { width } from './lib/block.js';\nexport default width;\n`);
    const error = await work.refusal('a.model.ts');
    expect(error.where).toEqual({ file: 'lib/block.ts', line: 1, column: 14, length: 5 });
  });

  it('reports a syntax error with a code frame, checked or not', async () => {
    work.write('a.model.ts', `const x = 1;\nexport default foo(1, ;\n`);
    const error = await work.refusal('a.model.ts');
    expect(error.code).toBe('syntax-error');
    expect(render(error)).toMatchInlineSnapshot(`
      "error ModelError: ')' expected (TS1005)
        --> a.model.ts:2:23
          2 | export default foo(1, ;
            |                       ^"
    `);
    const unchecked = await work.refusal('a.model.ts', { typeCheck: false });
    expect(unchecked.where).toEqual(error.where);
  });

  it('reports a sub-path that the installation does not offer', async () => {
    work.write('a.model.ts', `import { x } from 'gradus/nowhere';\nexport default x;\n`);
    const error = await work.refusal('a.model.ts');
    expect(error.message).toContain(`Cannot find module 'gradus/nowhere'`);
    expect(error.where).toMatchObject({ line: 1, column: 19 });
  });

  it('names a similar file where one is missing', async () => {
    work.write('nets/digits.model.ts', goodModel);
    expect(render(await work.refusal('nets/digit.model.ts'))).toMatchInlineSnapshot(`
      "error ModelError: nets/digit.model.ts does not exist
        --> nets/digit.model.ts
        hint: did you mean nets/digits.model.ts?"
    `);
    expect((await work.refusal('nets/other.model.ts')).hint).toBe('nets has digits.model.ts');
    const noConfig = await work.refusal('nets/my.config.ts', { kind: 'config' });
    expect(noConfig.hint).toMatch(/^nets has no config file; `gradus init` writes one/);
    expect((await work.refusal('nets/digits.ts')).hint).toBe('did you mean nets/digits.model.ts?');
    expect((await work.refusal('net/digits.model.ts')).hint).toBe(
      'the folder net does not exist either',
    );
  });

  it('refuses a folder and a file of another kind', async () => {
    work.write('weights/model.onnx', '');
    expect((await work.refusal('weights')).code).toBe('wrong-file');
    expect((await work.refusal('weights/model.onnx')).code).toBe('wrong-file');
  });

  it('reports broken JSON at its line, as an error of the config', async () => {
    work.write('run.json', '{\n  "epochs": 3\n  "batch": 4\n}\n');
    const error = await work.refusal('run.json', { kind: 'config' });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.where).toMatchObject({ file: 'run.json', line: 3, column: 3 });
    work.write('trailing.json', '{"a": 1,}');
    expect((await work.refusal('trailing.json')).code).toBe('syntax-error');
  });
});

describe('exceptions of user code', () => {
  it("points at the user's own line, with the callers", async () => {
    work.write(
      'lib/table.ts',
      `interface Row {
  readonly out: number;
}

export function lookUp(rows: Record<string, Row | undefined>, name: string): number {
  const row = rows[name] as Row;
  return row.out;
}
`,
    );
    work.write(
      'a.model.ts',
      `import { lookUp } from './lib/table.js';

type Unused = { readonly gone: 'after compilation' };

export const channels = 2 * lookUp({}, 'stem');
`,
    );
    const error = await work.refusal('a.model.ts');
    expect(error).toBeInstanceOf(ModelError);
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(render(error)).toMatchInlineSnapshot(`
      "error ModelError: TypeError: Cannot read properties of undefined (reading 'out')
        --> lib/table.ts:7:14
          7 |   return row.out;
            |              ^
        called from a.model.ts:5:29"
    `);
  });

  it('explains what build throws later, and leaves our own errors as they are', async () => {
    work.write(
      'a.model.ts',
      `import { defineModel, add, conv2d } from 'gradus';
export default defineModel({
  name: 'm',
  build(x) {
    const widths: number[] = [];
    const shortcut = conv2d(x, { out: widths[0]!.valueOf(), kernel: 1 });
    return add(x, shortcut);
  },
});
export const mismatch = defineModel({
  name: 'n',
  build: (x) => add(x, conv2d(x, { out: 4, kernel: 1 })),
});
`,
    );
    const { module, explain } = await work.load('a.model.ts');
    const caught = (key: string) => {
      try {
        fake.trace(module[key] as fake.ModelDefinition);
        return undefined;
      } catch (error) {
        return explain(error);
      }
    };
    expect(caught('default')).toMatchObject({
      code: 'user-code',
      where: { file: 'a.model.ts', line: 6 },
    });
    expect(caught('mismatch')).toMatchObject({
      code: 'shape-mismatch',
      where: { file: 'a.model.ts', line: 12, column: 17, length: 40 },
    });
  });

  it('takes the blame for what no line of the user led to', async () => {
    work.write('a.model.ts', goodModel);
    const { explain } = await work.load('a.model.ts');
    expect(explain(new TypeError('ours'))).toBeInstanceOf(InternalError);
  });

  it('says what a file threw that is no Error', async () => {
    work.write('a.config.ts', `export default 1;\nthrow 'enough';\n`);
    const error = await work.refusal('a.config.ts', { kind: 'config' });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toBe('the file threw enough');
  });

  it('forgets the failing call at the next load', async () => {
    work.write('bad.model.ts', `function fail(): never { throw new Error('no'); }\nfail();\n`);
    work.write('good.model.ts', goodModel);
    const error = await work.refusal('bad.model.ts');
    expect(error.where).toMatchObject({ line: 1 });
    expect(currentSite()).toBeUndefined();
    const { module } = await work.load('good.model.ts');
    const [first] = fake.trace(module['default'] as fake.ModelDefinition);
    expect(first?.site).toMatchObject({ file: 'good.model.ts', line: 2 });
  });

  it('reports an import that cannot be found at run time', async () => {
    work.write('a.model.ts', `export const x = 1;\nexport * from './gone.js';\n`);
    const error = await work.refusal('a.model.ts', { typeCheck: false });
    expect(error.where).toMatchObject({ file: 'a.model.ts', line: 2 });
    expect(error.message).not.toContain('Require stack');
  });
});

describe('the cache', () => {
  it('skips the type check of a model that has not changed', async () => {
    work.write('a.model.ts', goodModel);
    const first = await work.load('a.model.ts');
    const second = await work.load('a.model.ts');
    expect([first.typeChecked, second.typeChecked]).toEqual([true, false]);
    expect(second.contentHash).toBe(first.contentHash);
    expect(second.files).toEqual(first.files);
    const [layer] = fake.trace(second.module['default'] as fake.ModelDefinition);
    expect(layer?.site).toMatchObject({ file: 'a.model.ts', line: 2, column: 55 });
  });

  it('checks again after an edit of a helper, and never keeps a failed check', async () => {
    work.write('helper.ts', 'export const out = 4;\n');
    work.write(
      'a.model.ts',
      `import { out } from './helper.js';\nexport default out.toFixed(1);\n`,
    );
    await work.load('a.model.ts');
    work.write('helper.ts', `export const out = 'four';\n`);
    expect((await work.refusal('a.model.ts')).code).toBe('type-error');
    expect((await work.refusal('a.model.ts')).code).toBe('type-error');
  });

  it('ignores entries that cannot be read, and a folder that cannot be made', async () => {
    work.write('a.model.ts', goodModel);
    await work.load('a.model.ts');
    const cache = join(work.root, '.cache');
    for (const name of readdirSync(cache)) writeFileSync(join(cache, name), '{"files": [');
    expect((await work.load('a.model.ts')).typeChecked).toBe(true);
    rmSync(cache, { recursive: true });
    work.write('.cache', 'a file where the folder should be');
    expect((await work.load('a.model.ts')).typeChecked).toBe(true);
  });

  it('can be switched off, and does not depend on it for its result', async () => {
    work.write('a.model.ts', goodModel);
    const cached = await work.load('a.model.ts');
    const plain = await work.load('a.model.ts', { cacheDir: false });
    expect(plain.typeChecked).toBe(true);
    expect(plain.contentHash).toBe(cached.contentHash);
  });
});
