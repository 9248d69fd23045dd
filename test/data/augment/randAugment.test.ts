import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../src/data/augment/image/image.js';
import { largeImageNoise, smallImageNoise } from '../../../src/data/augment/imageNoise.js';
import {
  operationLists,
  operationOf,
  type OperationName,
} from '../../../src/data/augment/operations/operations.js';
import type { ImageNoise } from '../../../src/data/augment/defineNoise.js';
import { randAugment } from '../../../src/data/augment/randAugment.js';
import { ConfigError } from '../../../src/support/errors.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { RandomStream } from '../../../src/support/random.js';
import { drawImage, emptyLike } from './images.js';

const image = drawImage('ramp', 32, 32);
const site = fnv1a32('test.randAugment');

function noised(noise: ImageNoise, at: { step?: number; sample?: number } = {}): RgbImage {
  const out = emptyLike(image);
  noise(image, new RandomStream(7, { site, step: at.step ?? 0, sample: at.sample ?? 0 }), out);
  return out;
}

const imageNet = { translate: 100, cutout: 40, contrast: 'mean' } as const;
const small = { translate: 4, cutout: 4, contrast: 'mean' } as const;

/** METHOD.md's table at magnitudes 5, 10 and 27, worked out by hand. */
const argumentTable: Readonly<Record<string, readonly [number, number, number]>> = {
  AutoContrast: [0, 0, 0],
  Equalize: [0, 0, 0],
  Invert: [0, 0, 0],
  Rotate: [15, 30, 81],
  ShearX: [0.15, 0.3, 0.81],
  ShearY: [0.15, 0.3, 0.81],
  TranslateX: [50, 100, 270],
  TranslateY: [50, 100, 270],
  Posterize: [2, 4, 10],
  Solarize: [128, 256, 691],
  SolarizeAdd: [55, 110, 297],
  Color: [1, 1.9, 4.96],
  Contrast: [1, 1.9, 4.96],
  Brightness: [1, 1.9, 4.96],
  Sharpness: [1, 1.9, 4.96],
  Cutout: [20, 40, 108],
  Identity: [0, 0, 0],
};

describe('the operations of RandAugment', () => {
  it.each(Object.entries(argumentTable))('have the published arguments: %s', (name, expected) => {
    const { argument } = operationOf(name as OperationName);
    for (const [i, m] of [5, 10, 27].entries())
      expect(argument(m, imageNet)).toBeCloseTo(expected[i] ?? NaN, 12);
  });

  it('translate and cut out less in 32 px images', () => {
    expect(operationOf('TranslateY').argument(9, small)).toBeCloseTo(3.6, 12);
    expect(operationOf('Cutout').argument(9, small)).toBe(3);
  });

  it('are 16 in the published code and 14 in the paper', () => {
    expect(operationLists.noisyStudent).toHaveLength(16);
    expect(new Set(operationLists.noisyStudent).size).toBe(16);
    expect(operationLists.paper).toHaveLength(14);
    const missing = operationLists.noisyStudent.filter(
      (name) => !(operationLists.paper as readonly string[]).includes(name),
    );
    expect(missing).toEqual(['Invert', 'SolarizeAdd', 'Cutout']);
    expect(operationLists.paper).toContain('Identity');
  });

  it('leave the image as it is at m = 5 where they enhance, and from 10 or 20 on where they clamp', () => {
    const unchanged = (name: OperationName, m: number): void =>
      expect(noised(randAugment({ n: 1, m, operations: [name] }))).toEqual(image);
    for (const name of ['Color', 'Contrast', 'Brightness', 'Sharpness'] as const)
      unchanged(name, 5);
    for (const m of [10, 27]) unchanged('Solarize', m);
    for (const m of [20, 27]) unchanged('Posterize', m);
  });
});

describe('RandAugment', () => {
  it('is a function of the image and the stream', () => {
    const noise = randAugment({ n: 2, m: 9 });
    const another = randAugment({ n: 2, m: 9 });
    const before = Uint8Array.from(image.data);
    const seen = Array.from({ length: 20 }, (_, sample) => noised(noise, { sample }));
    for (const [sample, first] of seen.entries())
      expect(noised(another, { sample })).toEqual(first);
    expect(new Set(seen.map(({ data }) => data.join())).size).toBeGreaterThan(15);
    expect(image.data).toEqual(before);
  });

  it('applies one operation after the other, each to the result of the one before', () => {
    const shift = { m: 10, operations: ['TranslateX'], translate: 3 } as const;
    // Three moves by 3 px to a random side end 9 px away or 3, in one direction or the other.
    const ends = new Map<number, number>();
    for (let sample = 0; sample < 200; sample++) {
      const { data } = noised(randAugment({ ...shift, n: 3 }), { sample });
      const row = data.subarray(3 * 32 * 16, 3 * 32 * 17);
      const at = [-9, -3, 3, 9].filter((by) => row[3 * 16] === image.data[3 * (32 * 16 + 16 + by)]);
      if (at.length === 1) ends.set(at[0] ?? 0, (ends.get(at[0] ?? 0) ?? 0) + 1);
    }
    expect([...ends.keys()].sort((a, b) => a - b)).toEqual([-9, -3, 3, 9]);
    expect((ends.get(-3) ?? 0) + (ends.get(3) ?? 0)).toBeGreaterThan(100);
  });

  it('draws every operation about equally often, with replacement', () => {
    // Each of 16 in 2,400 draws: 150 expected, deviation 12.
    const drawn = new Map<string, number>();
    const known = operationLists.noisyStudent.map((name): [string, string] => {
      const out = noised(randAugment({ n: 1, m: 4, operations: [name] }));
      return [name, out.data.join()];
    });
    const unsigned = known.filter(([name]) => !/Rotate|Shear|Translate|Cutout/.test(name));
    expect(new Set(unsigned.map(([, data]) => data)).size).toBe(unsigned.length);
    const noise = randAugment({ n: 1, m: 4 });
    for (let sample = 0; sample < 2400; sample++) {
      const data = noised(noise, { sample }).data.join();
      const name = unsigned.find(([, same]) => same === data)?.[0] ?? 'with random arguments';
      drawn.set(name, (drawn.get(name) ?? 0) + 1);
    }
    for (const [name] of unsigned) expect(Math.abs((drawn.get(name) ?? 0) - 150)).toBeLessThan(60);
    expect(Math.abs((drawn.get('with random arguments') ?? 0) - 900)).toBeLessThan(120);
  });

  it('moves images of changing sizes by an eighth of the side, large ones by 100 px', () => {
    const noise = randAugment({ n: 1, m: 10, operations: ['TranslateX'] });
    for (const [width, height, columns] of [
      [32, 32, 4],
      [160, 130, 100],
      [17, 13, 1],
    ] as const) {
      const plain = { width, height, data: new Uint8Array(3 * width * height) };
      const out = emptyLike(plain);
      noise(plain, new RandomStream(1, { site, step: 0, sample: 1 }), out);
      expect(count(out.data, 128)).toBe(columns * height);
    }
  });

  it('without an operation copies', () => {
    expect(noised(randAugment({ n: 0, m: 9 }))).toEqual(image);
  });

  it('refuses numbers and names that are none', () => {
    expect(() => randAugment({ n: 1.5, m: 9 })).toThrow(ConfigError);
    expect(() => randAugment({ n: 1, m: NaN })).toThrow(/m of randAugment is NaN/);
    expect(() => randAugment({ n: 1, m: 9, operations: [] })).toThrow(
      /needs at least one operation/,
    );
    const misspelt = ['Solarise'] as unknown as OperationName[];
    expect(() => randAugment({ n: 1, m: 9, operations: misspelt })).toThrow(
      expect.objectContaining({
        option: ['randAugment', 'operations'],
        hint: 'did you mean Solarize?',
      }),
    );
  });
});

describe('the noise of small images', () => {
  it('without any part copies', () => {
    expect(noised(smallImageNoise({}))).toEqual(image);
  });

  it('paints the Cutout before it moves the image, so that the square may leave it', () => {
    let squares = 0;
    let shifted = 0;
    for (let sample = 0; sample < 50; sample++) {
      const { data } = noised(smallImageNoise({ cutout: 16 }), { sample });
      const grey = count(data, 128);
      // 16x16 and less where it reaches over an edge; a few pixels are 128 by themselves.
      expect(grey).toBeLessThan(16 * 16 + 20);
      expect(grey).toBeGreaterThan(8 * 8 - 1);
      squares += grey;
      shifted += count(noised(smallImageNoise({ cutout: 16, pad: 4 }), { sample }).data, 128);
    }
    expect(shifted).not.toBe(squares);
  });

  it('moves by up to the pad each way and mirrors every other image', () => {
    const moved = new Set<string>();
    for (let sample = 0; sample < 600; sample++)
      moved.add(noised(smallImageNoise({ pad: 1 }), { sample }).data.join());
    expect(moved.size).toBe(9);
    const flips = Array.from({ length: 400 }, (_, sample) =>
      noised(largeImageNoise({ flip: true }), { sample }).data.join(),
    ).filter((data) => data !== image.data.join());
    expect(new Set(flips).size).toBe(1);
    expect(Math.abs(flips.length - 200)).toBeLessThan(50);
  });

  it('is repeatable with all parts', () => {
    const all = { randAugment: { n: 2, m: 5 }, cutout: 16, pad: 4, flip: true };
    for (let sample = 0; sample < 10; sample++)
      expect(noised(smallImageNoise(all), { sample })).toEqual(
        noised(smallImageNoise(all), { sample }),
      );
  });
});

/** Pixels of which all three channels have the level. */
function count(data: Uint8Array, level: number): number {
  let found = 0;
  for (let i = 0; i < data.length; i += 3)
    if (data[i] === level && data[i + 1] === level && data[i + 2] === level) found++;
  return found;
}
