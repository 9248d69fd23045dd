import { describe, expect, it } from 'vitest';
import { costNotes } from '../../../src/training/build/target.js';

const blocked = { block: 8 };

describe('a note about processors whose speeds nobody measured', () => {
  it('offers gradus tune on one that no shipped rates fit', () => {
    expect(costNotes(blocked, 'arm64')).toEqual([
      expect.stringMatching(/^no speeds of arm64 processors.*`gradus tune` measures them/),
    ]);
  });

  it.each([
    ['on one that they fit', blocked, 'x64'],
    ['where the machine was tuned', { ...blocked, costs: '0123' }, 'arm64'],
    ['where no layout is blocked, as on another device', {}, 'arm64'],
  ])('is left out %s', (_, manifest, architecture) => {
    expect(costNotes(manifest, architecture)).toEqual([]);
  });
});
