import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  clopperPearson,
  pairedDifference,
  unpairedDifference,
  wilson,
  type Interval,
} from '../../../src/support/statistics/interval.js';
import {
  formatDifference,
  formatShare,
  formatShareOf,
  shareFacts,
} from '../../../src/support/statistics/share.js';
import { repositoryRoot } from '../paths.js';

type Golden = readonly [...numbers: number[], interval: Interval];
const golden = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/intervals/intervals.json'), 'utf8'),
) as Readonly<Record<'wilson' | 'clopperPearson' | 'unpaired' | 'paired', Golden[]>>;

const computed: Record<keyof typeof golden, (...numbers: number[]) => Interval> = {
  wilson: (k = 0, n = 0) => wilson(k, n),
  clopperPearson: (k = 0, n = 0) => clopperPearson(k, n),
  unpaired: (k1 = 0, n1 = 0, k2 = 0, n2 = 0) =>
    unpairedDifference({ successes: k1, n: n1 }, { successes: k2, n: n2 }),
  paired: (n = 0, onlyFirst = 0, onlySecond = 0) => pairedDifference({ n, onlyFirst, onlySecond }),
};

function expectClose(found: Interval, wanted: Interval, digits: number): void {
  for (const end of [0, 1] as const) expect(found[end]).toBeCloseTo(wanted[end], digits);
}

describe('intervals', () => {
  it.each(Object.keys(computed) as (keyof typeof computed)[])(
    'are those of another program: %s',
    (kind) => {
      for (const own of golden[kind]) {
        const numbers = own.slice(0, -1) as number[];
        expectClose(computed[kind](...numbers), own.at(-1) as Interval, 9);
      }
    },
  );

  // R. G. Newcombe, Stat. Med. 17 (1998) 857, table I, methods 3 and 5, and 873, table II, method 10.
  it('are those that were published', () => {
    expectClose(wilson(81, 263), [0.2553, 0.3662], 4);
    expectClose(wilson(1, 29), [0.0061, 0.1718], 4);
    expectClose(clopperPearson(15, 148), [0.0578, 0.1617], 4);
    expectClose(computed.unpaired(56, 70, 48, 80), [0.0524, 0.3339], 4);
  });

  it('say nothing without images', () => {
    expect(wilson(0, 0)).toEqual([0, 1]);
    expect(clopperPearson(0, 0)).toEqual([0, 1]);
    expect(shareFacts(null, 0)).toEqual({ n: 0, interval: null });
  });

  it('end at 0 and 1 exactly', () => {
    expect(wilson(0, 7)[0]).toBe(0);
    expect(wilson(7, 7)[1]).toBe(1);
  });
});

describe('a share', () => {
  it('is written in no more digits than it is known to', () => {
    expect(formatShare(0.95, 20)).toBe('95 % (76 to 99)');
    expect(formatShare(0.9655, 2000)).toBe('96.5 % (95.7 to 97.3)');
    expect(formatShare(0.97311, 100_000)).toBe('97.31 % (97.21 to 97.41)');
  });

  it('is written with its n', () => {
    expect(formatShareOf(0.95, 20)).toBe('95 % of 20 (76 to 99)');
    expect(formatShareOf(0.97, 1234)).toBe('97.0 % of 1,234 (95.9 to 97.8)');
    expect(formatShareOf(null, 0)).toBe('');
  });

  it('differs by points', () => {
    expect(formatDifference(0.0218, [0.012, 0.0316])).toBe('2.2 points (1.2 to 3.2)');
    expect(formatDifference(0, [-0.0001, 0.0001])).toBe('0.00 points (-0.01 to 0.01)');
    expect(formatDifference(0.1, [-0.001, 0.2])).toBe('10 points (0 to 20)');
  });
});
