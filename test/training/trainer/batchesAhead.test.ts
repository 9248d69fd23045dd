import { describe, expect, it } from 'vitest';
import { batchesAhead } from '../../../src/runtime/machine/device.js';

describe('batches that are made ahead', () => {
  it('are those of the next run where a run does several steps', () => {
    expect(batchesAhead('cuda')).toBe(16);
    expect(batchesAhead('cuda', 4)).toBe(4);
    expect(batchesAhead('cpu', 8)).toBe(8);
  });

  it("are the loader's own number where a run is a step", () => {
    expect(batchesAhead('cpu')).toBeUndefined();
    expect(batchesAhead('webgpu')).toBeUndefined();
    expect(batchesAhead('cuda', 1)).toBeUndefined();
  });
});
