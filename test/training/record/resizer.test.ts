import { expect, it } from 'vitest';
import { resizer, resizerNote } from '../../../src/training/record/resizer.js';

it('a run of an older version says once, when it goes on, that images are resized by another filter', () => {
  expect(resizerNote({ config: {} })).toMatch(/resized images with another filter/);
  expect(resizerNote({ config: {}, resizer })).toBeUndefined();
  expect(resizerNote(undefined)).toBeUndefined();
});
