import { describe, expect, it } from 'vitest';
import { checkpointKey, keyKind, tensorNames } from '../../src/contract/names.js';

describe('the names of tensors', () => {
  it.each([
    [{ role: 'param', param: 'fc.weight' }, 'fc.weight', 'weight'],
    [{ role: 'buffer', param: 'bn.running_mean' }, 'bn.running_mean', 'weight'],
    [{ role: 'ema', param: 'fc.weight' }, 'ema.fc.weight', 'ema'],
    [{ role: 'state', slot: 'momentum', param: 'fc.weight' }, 'optim.momentum.fc.weight', 'state'],
    [{ role: 'state', slot: 'lossScale' }, 'optim.lossScale', 'state'],
  ] as const)(
    'give the key of a checkpoint for %o, and say from it what it is',
    (own, key, kind) => {
      const info = { name: key, dtype: 'float32', shape: [], ...own } as const;
      expect(checkpointKey(info)).toBe(key);
      expect(keyKind(key)).toBe(kind);
    },
  );

  it('give each segment of a packed tensor a key of its own', () => {
    const packed = { name: 'all', role: 'ema', dtype: 'float32', shape: [8] } as const;
    expect(checkpointKey(packed, 'fc.bias')).toBe(tensorNames.ema('fc.bias'));
  });
});
