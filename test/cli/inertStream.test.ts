import { expect, test } from 'vitest';
import { inertStream } from '../../src/cli/inertStream.js';

function written(isTTY: boolean, ...texts: readonly string[]): string {
  let out = '';
  const stream = inertStream({ isTTY, write: (text) => (out += text) });
  for (const text of texts) stream.write(text);
  return out;
}

/** Sets the title of a terminal, clears it, and turns the direction of text. */
const hostile = 'cat\u001b]0;title\u0007\u001b[2J\u009b1m\u202egnp.\r';

test('escape sequences in names are spelled out, on a terminal and elsewhere', () => {
  const inert = 'cat\\u001b]0;title\\u0007\\u001b[2J\\u009b1m\\u202egnp.\\u000d';
  expect(written(false, hostile)).toBe(inert);
  expect(written(true, hostile)).toBe(inert);
  expect(JSON.parse(written(false, JSON.stringify({ name: 'a\u009bb\u007f' })))).toEqual({
    name: 'a\u009bb\u007f',
  });
});

test('styles and the erasure of a progress line pass on a terminal only', () => {
  const styled = '\u001b[1mbold\u001b[22m\tcell\n';
  expect(written(true, '\r\u001b[K', '\r    \r', styled)).toBe(`\r\u001b[K\r    \r${styled}`);
  expect(written(false, styled)).toBe('\\u001b[1mbold\\u001b[22m\tcell\n');
});
