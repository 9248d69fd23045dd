import { runInThisContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { transformSource } from '../../../src/language/frontend/callSites.js';
import * as fake from './fixtures/fakeGradus.js';
import { makeWorkspace, type Workspace } from './workspace.js';

let work: Workspace;
beforeEach(() => {
  work = makeWorkspace();
});
afterEach(() => work.remove());

/** `layer file:line:column+length(args)` of each layer that the model's build applies. */
async function sitesOf(name: string): Promise<string[]> {
  const { module } = await work.load(name);
  return fake.trace(module['default'] as fake.ModelDefinition).map(({ layer, site }) => {
    if (site === undefined) return `${layer} nowhere`;
    const { file, line, column, length, args } = site;
    return `${layer} ${file}:${line}:${column}+${length} (${args?.join(' | ')})`;
  });
}

describe('the call site that a layer sees', () => {
  it('is its own call, in nested calls too', async () => {
    work.write(
      'a.model.ts',
      `import { add, conv2d, defineModel, silu } from 'gradus';
export default defineModel({
  name: 'm',
  build(x) {
    const y = add(silu(conv2d(x, { out: 4, kernel: 3 })), conv2d(x, { out: 4, kernel: 1 }));
    return silu(y);
  },
});
`,
    );
    expect(await sitesOf('a.model.ts')).toEqual([
      'conv2d a.model.ts:5:24+32 (x | { out: 4, kernel: 3 })',
      'silu a.model.ts:5:19+38 (conv2d(x, { out: 4, kernel: 3 }))',
      'conv2d a.model.ts:5:59+32 (x | { out: 4, kernel: 1 })',
      'add a.model.ts:5:15+77 (silu(conv2d(x, { out: 4, kernel: 3 })) | conv2d(x, { out: 4, kernel: 1 }))',
      'silu a.model.ts:6:12+7 (y)',
    ]);
  });

  it('ends with its line where the call goes over several', async () => {
    work.write(
      'a.model.ts',
      `import { conv2d, defineModel } from 'gradus';
const convs = { first: conv2d, also() { return this; } };
export default defineModel({
  name: 'm',
  build: (x) =>
    convs
      .also()
      .first(x, {
        out: 4,
        kernel: 3,
      }),
});
`,
    );
    expect(await sitesOf('a.model.ts')).toEqual([
      'conv2d a.model.ts:8:8+10 (x | {\n        out: 4,\n        kernel: 3,\n      })',
    ]);
  });

  it('lies in the helper file where a helper made the call', async () => {
    work.write(
      'lib/block.ts',
      `import { conv2d, silu, type Value } from 'gradus';

/** A comment, and a type that vanishes. */
interface Options { readonly out: number }

export function block(x: Value, { out }: Options): Value {
  return silu(conv2d(x, { out, kernel: 3 }));
}
`,
    );
    work.write(
      'a.model.ts',
      `import { defineModel } from 'gradus';
import { block } from './lib/block.js';
export default defineModel({ name: 'm', build: (x) => block(block(x, { out: 4 }), { out: 8 }) });
`,
    );
    const conv = 'conv2d lib/block.ts:7:15+29 (x | { out, kernel: 3 })';
    const silu = 'silu lib/block.ts:7:10+35 (conv2d(x, { out, kernel: 3 }))';
    expect(await sitesOf('a.model.ts')).toEqual([conv, silu, conv, silu]);
  });

  it('is right again after an exception that the user caught', async () => {
    work.write(
      'a.model.ts',
      `import { add, conv2d, defineModel, silu, type Value } from 'gradus';
function tried(x: Value): Value {
  try {
    return add(x, conv2d(x, { out: 7, kernel: 1 }));
  } catch {
    return x;
  }
}
export default defineModel({ name: 'm', build: (x) => silu(tried(x)) });
`,
    );
    expect((await sitesOf('a.model.ts')).at(-1)).toBe('silu a.model.ts:9:55+14 (tried(x))');
  });
});

describe('instrumented code', () => {
  const run = (source: string): unknown => {
    const { file, problems } = transformSource(source, '/x/a.ts', { instrument: true });
    expect(problems).toEqual([]);
    const depths: number[] = [];
    const hooks = {
      helpers: {},
      for: () => ({
        enter: (index: number) => depths.push(index) - 1,
        leave: (depth: number, value: unknown) => {
          depths.length = depth;
          return value;
        },
      }),
    };
    const exports: { default?: unknown } = {};
    const body = runInThisContext(`(function (exports, require, __filename) {${file.code}})`) as (
      exports: object,
      require: () => object,
      filename: string,
    ) => void;
    body(exports, () => hooks, '/x/a.ts');
    expect(depths).toEqual([]);
    return exports.default;
  };

  it('means what the source meant', () => {
    const source = `
      abstract class Base { constructor(readonly n: number) {} twice() { return this.n * 2; } }
      class Derived extends Base { constructor() { super(Math.abs(-4)); } override twice() { return super.twice() + 1; } }
      const make = (): { a?: { f(): { g(): number } } } => ({});
      const none = make().a?.f().g();
      const also = make().a?.f()!.g();
      function* count() { yield* [1, 2]; const got: number = Number(yield 3); yield got; }
      const tag = (strings: TemplateStringsArray, v: number) => strings.join('-') + v;
      enum Size { small = 'ab'.length, big = small * 2 }
      const { x = Number('7') } = {} as { x?: number };
      const object = { m() { return this === object; } };
      export default [
        new Derived().twice(), none, also, [...count()].length, tag\`a\${Math.max(1, 2)}b\`,
        Size.big, x, object.m(), (object.m)(), new (Object(Date))(0).getTime(),
      ];`;
    expect(run(source)).toEqual([9, undefined, undefined, 4, 'a-b2', 4, 7, true, true, 0]);
  });

  it('leaves calls around an await alone', () => {
    const source = 'export async function f(g) { return g(await g(1)); }';
    const { file } = transformSource(source, '/x/a.js', { instrument: true });
    expect(file.sites.map(({ args }) => args)).toEqual([['1']]);
  });

  it('is not made for files of packages', () => {
    const { file } = transformSource('export default f(1);', '/x/a.js', { instrument: false });
    expect(file.sites).toEqual([]);
    expect(file.code).not.toContain('.enter(');
  });
});
