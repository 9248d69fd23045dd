import { expect, test } from 'vitest';
import { csvLine, textOfCell } from '../../../src/selftrain/labels/csv.js';

test.each(['=1+1', '@sum(a1)', '+cmd', '-2+3', '\tx', "'=x", '-.5'])(
  'the cell %j, which a spreadsheet would compute, is written as text and read back',
  (text) => {
    const cell = csvLine([text]).trimEnd();
    expect(cell).toBe(`'${text}`);
    expect(textOfCell(cell)).toBe(text);
  },
);

test.each(['cat', '-', '-2.5', '+3', "o'hara", "'quoted'", '', 'a=b'])(
  'the cell %j stays as it is',
  (text) => {
    expect(csvLine([text])).toBe(`${text}\n`);
    expect(textOfCell(text)).toBe(text);
  },
);
