import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { hasPython, requirePython, runPython } from '../support/python.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-python-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function script(text: string): string {
  const file = join(folder, 'script.py');
  writeFileSync(file, text);
  return file;
}

beforeEach((context) => {
  requirePython(context, []);
});

it('finds the modules that are there and misses the others', () => {
  expect(hasPython(['json', 'struct'])).toBe(true);
  expect(hasPython(['json', 'no_such_module'])).toBe(false);
});

it('hands arguments to a script and its output back', () => {
  expect(runPython(script('import sys; print("+".join(sys.argv[1:]))'), ['1', '2'])).toBe('1+2\n');
});

it('fails with what the script wrote to standard error', () => {
  expect(() => runPython(script('raise ValueError("odd size")'))).toThrow(/exit 1[^]*odd size/);
});
