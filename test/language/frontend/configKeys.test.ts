import { afterAll, describe, expect, it } from 'vitest';
import { keyLocator } from '../../../src/language/frontend/configKeys.js';
import { makeWorkspace } from './workspace.js';

const work = makeWorkspace();
afterAll(() => {
  work.remove();
});

/** `line:column` of a key in a file with this text. */
function place(text: string, path: readonly PropertyKey[], name = 'c.ts'): string | undefined {
  const found = keyLocator(work.write(name, text), name)(path);
  return found && `${found.line}:${found.column}+${found.length ?? 0}`;
}

describe('the place of a config key', () => {
  it.each([
    ['an object', 'export default {\n  a: { bc: 1 },\n};', '2:8+2'],
    ['a call', 'export default define({\n  a: make({ bc: 1 }),\n});', '2:13+2'],
    ['a constant', 'const a = { bc: 1 };\nconst all = { a };\nexport default all;', '1:13+2'],
    ['a cast', 'export default ({\n  a: { bc: 1 } as const,\n}) satisfies object;', '2:8+2'],
    ['a spread', 'const base = { a: { bc: 1 } };\nexport default { ...base, d: 2 };', '1:21+2'],
    ['quotes', 'export default { "a": { "bc": 1 } };', '1:25+4'],
    [
      'what comes after',
      'const b = { a: { bc: 1 } };\nexport default { ...b, a: { bc: 2 } };',
      '2:29+2',
    ],
  ])('is found in %s', (_, text, expected) => {
    expect(place(text, ['a', 'bc'])).toBe(expected);
  });

  it('is found in JSON, and in lists', () => {
    const json = '{\n  "list": [\n    { "x": 1 },\n    { "x": 2 }\n  ]\n}';
    expect(place(json, ['list', 1, 'x'], 'c.json')).toBe('4:7+3');
    expect(place(json, ['list'], 'c.json')).toBe('2:3+6');
  });

  it('is that of the nearest key around it where it is missing', () => {
    expect(place('export default { a: { bc: 1 } };', ['a', 'kind'])).toBe('1:18+1');
    expect(place('export default { a: compute() };', ['a', 'bc', 'd'])).toBe('1:18+1');
    expect(place('export default { a: 1 };', ['b'])).toBeUndefined();
    expect(place('const a = a;\nexport default a;', ['b'])).toBeUndefined();
    expect(place('export const a = 1;', ['a'])).toBeUndefined();
  });
});
