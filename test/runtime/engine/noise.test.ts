import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../src/contract/manifest.js';
import { NoiseSource } from '../../../src/runtime/engine/noise.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { philox4x32 } from '../../../src/support/random.js';
import { repositoryRoot } from '../../support/paths.js';

interface Golden {
  readonly philox: readonly {
    readonly counter: readonly [number, number, number, number];
    readonly key: readonly [number, number];
    readonly words: readonly number[];
  }[];
  readonly masks: readonly {
    readonly kind: 'dropout' | 'stochasticDepth';
    readonly siteName: string;
    readonly site: number;
    readonly shape: readonly number[];
    readonly probability: number;
    readonly seed: number;
    readonly step: number;
    readonly first: number;
    readonly mask: string;
  }[];
}

const golden: Golden = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/noise/masks.json'), 'utf8'),
);

function info(kind: 'dropout' | 'stochasticDepth', site: number, keep: number): TensorInfo {
  const chance = kind === 'dropout' ? { keep } : { survival: keep };
  return { name: 'mask', role: 'noise', dtype: 'float32', shape: ['N'], kind, site, ...chance };
}

describe('the counter-based generator', () => {
  it("gives Random123's known words", () => {
    // kat_vectors of the Random123 distribution, philox4x32 with 10 rounds.
    const published = [
      '6627e8d5e169c58dbc57ac4c9b00dbd8',
      '408f276d41c83b0ea20bc7c66d5451fd',
      'd16cfe0994fdcceb5001e42024126ea1',
    ];
    expect(published).toHaveLength(golden.philox.length);
    for (const [i, { counter, key, words }] of golden.philox.entries()) {
      const out = new Uint32Array(4);
      philox4x32(out, 0, ...counter, ...key);
      expect([...out]).toEqual(words);
      const hex = [...out].map((word) => word.toString(16).padStart(8, '0')).join('');
      expect(hex).toBe(published[i]);
    }
  });
});

describe('a noise mask', () => {
  for (const { kind, siteName, site, shape, probability, seed, step, first, mask } of golden.masks)
    it(`of ${kind} at ${siteName} equals numpy's`, () => {
      expect(fnv1a32(siteName)).toBe(site);
      const out = new Float32Array(mask.length);
      const source = new NoiseSource(info(kind, site, probability), out, shape[0] ?? 0);
      source.fill({ seed, step, sampleOffset: first });
      expect([...out].join('')).toBe(mask);
    });

  for (const kind of ['dropout', 'stochasticDepth'] as const)
    it(`of ${kind} does not depend on how a batch is split`, () => {
      const row = kind === 'dropout' ? 13 : 1;
      const fill = (rows: number, sampleOffset: number) => {
        const out = new Float32Array(rows * row);
        new NoiseSource(info(kind, 77, 0.6), out, rows).fill({ seed: 5, step: 9, sampleOffset });
        return [...out];
      };
      expect([...fill(4, 0), ...fill(4, 4)]).toEqual(fill(8, 0));
    });

  it('spreads one word of a branch over the whole row', () => {
    const out = new Float32Array(6);
    const source = new NoiseSource(info('stochasticDepth', 3, 0.5), out, 2);
    source.fill({ seed: 1, step: 4, sampleOffset: 0 });
    expect(new Set(out.subarray(0, 3)).size).toBe(1);
    expect(new Set(out.subarray(3)).size).toBe(1);
  });

  it('keeps about as many elements as it should, others at the next step', () => {
    const out = new Float32Array(10_000);
    const source = new NoiseSource(info('dropout', 3, 0.8), out, 10);
    source.fill({ seed: 1, step: 0, sampleOffset: 0 });
    const first = [...out];
    const kept = first.reduce((a, b) => a + b, 0) / out.length;
    // 4 standard deviations of a mean of 10,000 draws.
    expect(Math.abs(kept - 0.8)).toBeLessThan(0.016);
    source.fill({ seed: 1, step: 1, sampleOffset: 0 });
    expect([...out]).not.toEqual(first);
  });

  for (const kind of ['dropout', 'stochasticDepth'] as const)
    it(`of ${kind} leaves images as they are from one on, wherever a batch is split`, () => {
      const fill = (rows: number, sampleOffset: number, from?: number) => {
        const out = new Float32Array(rows * 3);
        const at = {
          seed: 5,
          step: 9,
          sampleOffset,
          quiet: from === undefined ? undefined : { from },
        };
        new NoiseSource(info(kind, 77, 0.75), out, rows).fill(at);
        return [...out];
      };
      const all = fill(8, 0);
      const quiet = Array.from({ length: 3 * 3 }, () => 0.75);
      expect(fill(8, 0, 5)).toEqual([...all.slice(0, 5 * 3), ...quiet]);
      expect([...fill(4, 0, 5), ...fill(4, 4, 5)]).toEqual(fill(8, 0, 5));
      expect(fill(4, 4, 2)).toEqual(Array.from({ length: 12 }, () => 0.75));
    });

  it('leaves images alone with one kind only, where told', () => {
    const out = new Float32Array(2);
    const quiet = { from: 0, kind: 'dropout' } as const;
    const masks = (['dropout', 'stochasticDepth'] as const).map((kind) => {
      new NoiseSource(info(kind, 77, 0.75), out, 2).fill({
        seed: 5,
        step: 9,
        sampleOffset: 0,
        quiet,
      });
      return [...out];
    });
    expect(masks[0]).toEqual([0.75, 0.75]);
    expect(masks[1]?.every((own) => own === 0 || own === 1)).toBe(true);
  });

  it('is refused for an input that does not say how it is drawn', () => {
    const bare: TensorInfo = { name: 'm', role: 'noise', dtype: 'float32', shape: ['N'] };
    expect(() => new NoiseSource(bare, new Float32Array(2), 2)).toThrow(/no site, kind/);
  });
});
