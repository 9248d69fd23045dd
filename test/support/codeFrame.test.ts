import { describe, expect, it } from 'vitest';
import { codeFrame, formatError } from '../../src/support/codeFrame.js';
import { DataError, ModelError } from '../../src/support/errors.js';

const source = `${'\n'.repeat(30)}      x = add(x, shortcut);\n\tif (x)\treturn y;\n`;

describe('formatError', () => {
  const error = new ModelError('add: shapes differ in channels: [N,24,56,56] and [N,40,56,56]', {
    code: 'shape-mismatch',
    where: { file: '/home/me/my.model.ts', line: 31, column: 11, length: 16 },
    notes: ['shortcut was made at /home/me/my.model.ts:22:22 with 40 channels'],
    hint: 'project it with conv2d(shortcut, { out: 24, kernel: 1 }), or give both the same `out`',
  });

  it('writes an error as a compiler would', () => {
    const text = formatError(error, { readSource: () => source, cwd: '/home/me' });
    expect(text).toMatchInlineSnapshot(`
      "error ModelError: add: shapes differ in channels: [N,24,56,56] and [N,40,56,56]
        --> my.model.ts:31:11
         31 |       x = add(x, shortcut);
            |           ^^^^^^^^^^^^^^^^
        shortcut was made at my.model.ts:22:22 with 40 channels
        hint: project it with conv2d(shortcut, { out: 24, kernel: 1 }), or give both the same \`out\`"
    `);
  });

  it('leaves the frame out where the source cannot be read or has no such line', () => {
    const head = 'error ModelError: ';
    for (const readSource of [undefined, () => undefined, () => 'one line'])
      expect(formatError(error, { readSource }).split('\n')).toEqual([
        expect.stringContaining(head),
        '  --> /home/me/my.model.ts:31:11',
        expect.stringContaining('shortcut was made'),
        expect.stringContaining('hint: '),
      ]);
  });

  it('names a place that is no source location', () => {
    const bad = new DataError('not an image', { code: 'image', where: 'cats/1.jpg' });
    expect(formatError(bad)).toBe('error DataError: not an image\n  --> cats/1.jpg');
  });

  it('colours only when asked, and then changes no letter', () => {
    const plain = formatError(error, { readSource: () => source });
    const coloured = formatError(error, { readSource: () => source, colour: true });
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(plain);
    expect(coloured).toContain('\x1b[31merror\x1b[0m');
  });
});

describe('codeFrame', () => {
  const frame = (line: number, column: number, length: number) =>
    codeFrame(source, { file: 'a', line, column, length });

  it('keeps tabs before the carets, so that they stand below their text', () => {
    expect(frame(32, 9, 6)).toEqual(['   32 | \tif (x)\treturn y;', '      | \t      \t^^^^^^']);
  });

  it('ends the carets with the line', () => {
    expect(frame(31, 22, 100)[1]).toBe('      |                      ^^^^^^');
  });

  it('shows a window of a line that is too long', () => {
    const long = `const table = [${'1234567, '.repeat(60)}add(x)];`;
    const column = long.indexOf('add') + 1;
    const [text = '', carets = ''] = codeFrame(long, { file: 'a', line: 1, column, length: 6 });
    expect(text.length).toBeLessThan(140);
    expect(text.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('add(x)');
  });
});
