import { describe, expect, it } from 'vitest';
import { configChanges } from '../../../src/training/config/configChanges.js';

describe('the changes of a config', () => {
  const before = { a: 1, deep: { list: [1, 2], text: 'x' }, epochs: 3 };

  it('name each key that says something else', () => {
    const now = { deep: { text: 'y', list: [1], more: true }, a: 1 };
    expect(configChanges(before, now)).toEqual([
      'deep.list: [1,2] then, [1] now',
      'deep.more: nothing then, true now',
      'deep.text: "x" then, "y" now',
    ]);
  });

  it('are none where only the length or the order of keys differs', () => {
    expect(configChanges(before, { steps: 9, deep: { text: 'x', list: [1, 2] }, a: 1 })).toEqual(
      [],
    );
  });

  it('are many where there was no config', () => {
    expect(configChanges(undefined, { a: 1 })).toContain('a: nothing then, 1 now');
  });
});
