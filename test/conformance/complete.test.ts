import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../support/paths.js';
import { conformance } from './tables/index.js';

const folder = join(repositoryRoot, 'src/compiler/ops');

/** Names of the primitives that a source file declares: `defineOp('conv', ...)`, `: Op = { name: 'concat'`. */
function declaredIn(text: string): string[] {
  const pattern = /(?:defineOp\(\s*|: Op = \{\s*name: )'(\w+)'/g;
  return [...text.matchAll(pattern)].map(([, name = '']) => name);
}

describe('the conformance table', () => {
  it('has every primitive of src/ops, once', () => {
    const declared = readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => declaredIn(readFileSync(join(folder, name), 'utf8')));
    expect(declared).toContain('conv');
    expect(declared).toContain('concat');
    expect(conformance.map(({ op }) => op.name).sort()).toEqual(declared.sort());
  });

  it('has rows for each, and no gradient rule only where it says why', () => {
    for (const { op, cases, noGradient } of conformance) {
      expect(cases.length, op.name).toBeGreaterThan(0);
      expect(op.gradient === undefined, op.name).toBe(noGradient !== undefined);
    }
  });

  it('is run in whole by the tests of the ops', () => {
    const tests = join(repositoryRoot, 'test/compiler/ops');
    const text = readdirSync(tests)
      .map((name) => readFileSync(join(tests, name), 'utf8'))
      .join('\n');
    const tables = readdirSync(join(repositoryRoot, 'test/conformance/tables'));
    for (const table of tables.filter((name) => name !== 'index.ts'))
      expect(text).toContain(`/tables/${table.replace('.ts', '.js')}'`);
  });
});
