import { describe, expect, it } from 'vitest';
import { brighten } from '../../../../src/data/augment/corruptions/brighten.js';
import {
  convolve,
  defocusBlur,
  diskKernel,
} from '../../../../src/data/augment/corruptions/defocusBlur.js';
import { elastic } from '../../../../src/data/augment/corruptions/elastic.js';
import { toField, toImage } from '../../../../src/data/augment/corruptions/field.js';
import { fog } from '../../../../src/data/augment/corruptions/fog.js';
import { drawFrost, frost } from '../../../../src/data/augment/corruptions/frost.js';
import { gaussianNoise } from '../../../../src/data/augment/corruptions/gaussianNoise.js';
import { glassBlur } from '../../../../src/data/augment/corruptions/glassBlur.js';
import { impulseNoise } from '../../../../src/data/augment/corruptions/impulseNoise.js';
import { movedImage } from '../../../../src/data/augment/corruptions/motionBlur.js';
import { plasma } from '../../../../src/data/augment/corruptions/plasma.js';
import { cifarC, imageNetC } from '../../../../src/data/augment/corruptions/severities.js';
import { shotNoise } from '../../../../src/data/augment/corruptions/shotNoise.js';
import { drawFlakes, snow, snowed } from '../../../../src/data/augment/corruptions/snow.js';
import { zoomBlur } from '../../../../src/data/augment/corruptions/zoomBlur.js';
import type { RgbImage } from '../../../../src/data/augment/image/image.js';
import { RandomStream } from '../../../../src/support/random.js';
import { drawImage } from '../images.js';

const stream = (sample = 0): RandomStream => new RandomStream(3, { site: 4, step: 5, sample });

function plain(width: number, height: number, level: number): RgbImage {
  return { width, height, data: new Uint8Array(3 * width * height).fill(level) };
}

/** Black but for one white pixel. */
function dot(size: number, x: number, y: number): RgbImage {
  const image = plain(size, size, 0);
  image.data.fill(255, 3 * (y * size + x), 3 * (y * size + x) + 3);
  return image;
}

function moments(values: ArrayLike<number>): { mean: number; std: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i] ?? NaN;
    squares += (values[i] ?? NaN) ** 2;
  }
  const mean = sum / values.length;
  return { mean, std: Math.sqrt(squares / values.length - mean ** 2) };
}

describe('gaussian noise', () => {
  it.each([0.04, 0.08, 0.12])('has the deviation %f about the level', (sigma) => {
    const { mean, std } = moments(gaussianNoise(plain(100, 100, 128), sigma, stream()).data);
    // Levels are cut, half a level on average; 30,000 of them: the deviation is known to 0.4 %.
    expect(mean).toBeCloseTo(127.5, 0);
    expect(Math.abs(std / 255 / sigma - 1)).toBeLessThan(0.02);
  });

  it('is independent from channel to channel', () => {
    const { data } = gaussianNoise(plain(100, 100, 128), 0.1, stream());
    let [product, square] = [0, 0];
    for (let i = 0; i < data.length; i += 3) {
      product += ((data[i] ?? 0) - 127.5) * ((data[i + 1] ?? 0) - 127.5);
      square += ((data[i] ?? 0) - 127.5) ** 2;
    }
    expect(Math.abs(product / square)).toBeLessThan(0.05);
  });
});

describe('shot noise', () => {
  it.each([
    [500, 128],
    [60, 51],
    [12, 51],
    [3, 25],
  ])('of %d photons has the variance of a Poisson number at level %d', (photons, level) => {
    const { mean, std } = moments(shotNoise(plain(200, 200, level), photons, stream()).data);
    const x = level / 255;
    // Few photons make steps of 85 levels, so the cut of half a level shows less.
    expect(Math.abs(mean / 255 - x)).toBeLessThan(0.006);
    expect(Math.abs((std / 255) ** 2 / (x / photons) - 1)).toBeLessThan(0.04);
  });

  it('leaves black black', () => {
    expect(shotNoise(plain(10, 10, 0), 60, stream())).toEqual(plain(10, 10, 0));
  });
});

describe('impulse noise', () => {
  it('replaces the share of the levels, by black and white alike', () => {
    const { data } = impulseNoise(plain(200, 200, 100), 0.27, stream());
    const share = (level: number): number => data.filter((l) => l === level).length / data.length;
    expect(share(0)).toBeCloseTo(0.135, 2);
    expect(share(255)).toBeCloseTo(0.135, 2);
    expect(share(100)).toBeCloseTo(0.73, 2);
  });
});

describe('the disk of a defocused lens', () => {
  it.each([...imageNetC.defocusBlur, ...cifarC.defocusBlur])('sums to 1: %o', (defocus) => {
    const { side, weights } = diskKernel(defocus);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(weights).toHaveLength(side * side);
    for (const [i, weight] of weights.entries())
      expect(weights[side * side - 1 - i]).toBeCloseTo(weight, 15);
  });

  it('has the area of its radius', () => {
    const { weights } = diskKernel({ radius: 8, aliasSigma: 0.5 });
    expect(1 / Math.max(...weights)).toBeCloseTo(197, 6);
  });

  it('spreads a dot over the disk and keeps a plain image', () => {
    const { data } = convolve(toField(dot(25, 12, 12)), diskKernel({ radius: 3, aliasSigma: 0.1 }));
    const red = [...data].filter((_, i) => i % 3 === 0);
    expect(red.filter((level) => level > 1e-9)).toHaveLength(29);
    expect(red.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    const kept = defocusBlur(plain(9, 5, 120), { radius: 10, aliasSigma: 0.5 }).data;
    for (const level of kept) expect(Math.abs(level - 120)).toBeLessThanOrEqual(1);
  });
});

describe('glass blur', () => {
  it('takes every pixel from within its way, as the published code does', () => {
    // Levels tell rows from columns; a sigma this small blurs nothing.
    const image = plain(24, 24, 0);
    for (let i = 0; i < 24 * 24; i++) {
      image.data[3 * i] = 10 * (i % 24);
      image.data[3 * i + 1] = 10 * Math.floor(i / 24);
    }
    const { data } = glassBlur(image, { sigma: 0.05, shift: 2, rounds: 1 }, stream());
    let moved = 0;
    for (let y = 0; y < 24; y++)
      for (let x = 0; x < 24; x++) {
        const i = 3 * (24 * y + x);
        const [dx, dy] = [(data[i] ?? 0) / 10 - x, (data[i + 1] ?? 0) / 10 - y];
        if (dx !== 0 || dy !== 0) moved++;
        if (x <= 2 || y <= 2 || x === 23 || y === 23) expect([dx, dy]).toEqual([0, 0]);
        // Up and left by two at most at once, but a neighbour may have moved before.
        expect(Math.max(Math.abs(dx), Math.abs(dy))).toBeLessThan(8);
      }
    expect(moved).toBeGreaterThan(300);
  });
});

describe('motion blur', () => {
  it('draws a trace that fades along the direction', () => {
    const trace = movedImage(dot(41, 30, 20), { radius: 10, sigma: 3 }, 0);
    const row = Array.from({ length: 41 }, (_, x) => trace.data[3 * (20 * 41 + x)] ?? 0);
    const lit = row.map((level, x) => (level > 0 ? x : -1)).filter((x) => x >= 0);
    // A pixel takes from those to its right, so the dot's trace goes to the left.
    expect(Math.max(...lit)).toBe(30);
    const inOrder = row.slice(22, 31);
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
    expect(row.reduce((a, b) => a + b, 0)).toBeGreaterThan(240);
    expect(row.reduce((a, b) => a + b, 0)).toBeLessThan(270);
  });

  it('turns with the angle, by whole pixels', () => {
    const { data } = movedImage(dot(21, 10, 10), { radius: 2, sigma: 1 }, 90);
    const lit = Array.from({ length: 21 * 21 }, (_, i) => i).filter((i) => (data[3 * i] ?? 0) > 0);
    expect(lit.map((i) => i % 21)).toEqual(lit.map(() => 10));
    expect(lit.map((i) => Math.floor(i / 21))).toEqual([7, 8, 9, 10]);
  });

  it('keeps a plain image', () => {
    const image = plain(9, 7, 77);
    expect(movedImage(image, { radius: 20, sigma: 15 }, -30)).toEqual(image);
  });
});

describe('zoom blur', () => {
  it('keeps the middle sharper than the border', () => {
    const image = drawImage('noise', 65, 65);
    const { data } = zoomBlur(image, { last: 1.24, step: 0.02 });
    const spread = (from: number): number =>
      moments(
        Array.from({ length: 9 * 9 }, (_, i) => {
          const [x, y] = [from + (i % 9), from + Math.floor(i / 9)];
          return data[3 * (65 * y + x)] ?? 0;
        }),
      ).std;
    expect(spread(28)).toBeGreaterThan(1.5 * spread(1));
  });
});

describe('snow', () => {
  it('falls twice, the second time turned half round', () => {
    const flakes = { ...toField(plain(6, 4, 0)), channels: 1, data: new Float64Array(24) };
    flakes.data[1] = 0.5;
    const { data } = snowed(plain(6, 4, 0), flakes, 1);
    const lit = Array.from({ length: 24 }, (_, i) => data[3 * i]);
    expect(lit.map((level, i) => (level ? [i, level] : [])).filter(({ length }) => length)).toEqual(
      [
        [1, 127],
        [22, 127],
      ],
    );
  });

  it('whitens the image behind it', () => {
    const none = { ...toField(plain(6, 4, 0)), channels: 1, data: new Float64Array(24) };
    const { data } = snowed(plain(6, 4, 51), none, 0.8);
    // 0.8 * 0.2 + 0.2 * (1.5 * 0.2 + 0.5)
    expect(new Set(data)).toEqual(new Set([Math.floor(255 * 0.32)]));
  });

  it('has the share of flakes that its threshold leaves', () => {
    const settings = { mean: 0.1, std: 0.3, zoom: 1, threshold: 0.5 };
    const flakes = drawFlakes(plain(100, 100, 0), settings, stream());
    const share = flakes.data.filter((level) => level > 0).length / 10_000;
    // A normal number is 1.333 deviations above its mean with probability 0.0912.
    expect(Math.abs(share - 0.0912)).toBeLessThan(0.012);
    for (const level of flakes.data) if (level > 0) expect(level).toBeGreaterThan(0.495);
  });

  it('brightens', () => {
    const image = drawImage('ramp', 32, 32);
    const before = moments(image.data).mean;
    expect(moments(snow(image, cifarC.snow[2], stream()).data).mean).toBeGreaterThan(before + 5);
  });
});

describe('plasma', () => {
  it('fills 0..1 and is smoother the larger its decay', () => {
    const roughness = (decay: number): number => {
      const { data } = plasma(64, decay, stream());
      expect([Math.min(...data), Math.max(...data)]).toEqual([0, 1]);
      const steps = data.map((level, i) => (i % 64 ? level - (data[i - 1] ?? 0) : 0));
      return moments(steps).std;
    };
    expect(roughness(1.4)).toBeGreaterThan(2 * roughness(2));
    expect(roughness(2)).toBeGreaterThan(1.1 * roughness(3));
  });
});

describe('fog', () => {
  it('adds the same cloud to all channels and keeps the brightest level in range', () => {
    const image = plain(32, 32, 200);
    const { data } = fog(image, { amount: 1.5, decay: 2 }, stream());
    for (let i = 0; i < data.length; i += 3) expect(data[i + 1]).toBe(data[i]);
    const x = 200 / 255;
    expect(Math.max(...data)).toBe(Math.floor(255 * x + 1e-9));
    expect(Math.min(...data)).toBe(Math.floor((255 * x * x) / (x + 1.5)));
  });
});

describe('frost', () => {
  it('has the brightness of the photographs of the original', () => {
    const means = Array.from({ length: 8 }, (_, sample) => {
      const { data } = drawFrost(200, 200, stream(sample));
      const { mean, std } = moments(data.map((level) => Math.min(1, Math.max(0, level))));
      expect(std).toBeGreaterThan(0.07);
      expect(std).toBeLessThan(0.17);
      return mean;
    });
    expect(Math.min(...means)).toBeGreaterThan(0.4);
    expect(Math.max(...means)).toBeLessThan(0.85);
    expect(moments(means).std).toBeGreaterThan(0.05);
  });

  it('lies bluish over the image', () => {
    const { data } = frost(plain(32, 32, 0), { image: 1, frost: 0.4 }, stream());
    const of = (channel: number): number => moments(data.filter((_, i) => i % 3 === channel)).mean;
    expect(of(2) - of(0)).toBeCloseTo(0.4 * 0.13 * 255, 0);
    expect(of(0)).toBeGreaterThan(0.4 * 0.35 * 255);
  });
});

describe('brightness', () => {
  it('keeps hue and saturation, clips at white and lights black', () => {
    const image = { width: 3, height: 1, data: Uint8Array.of(100, 50, 0, 0, 0, 0, 255, 128, 255) };
    expect([...brighten(image, 0.5).data]).toEqual([227, 113, 0, 127, 127, 127, 255, 128, 255]);
  });
});

describe('an elastic transform', () => {
  it('without strength keeps the image', () => {
    const image = drawImage('noise', 20, 16);
    expect(elastic(image, { alpha: 0, sigma: 0, affine: 0 }, stream())).toEqual(
      toImage(toField(image)),
    );
  });

  it('moves a slope by no more than its way', () => {
    // Levels grow by 4 a pixel, so a displacement shows in the level.
    const image = plain(60, 60, 0);
    for (let i = 0; i < 3600; i++) image.data.fill(4 * (i % 60), 3 * i, 3 * i + 3);
    const { data } = elastic(image, { alpha: 0, sigma: 0, affine: 0.05 }, stream());
    const ways = Array.from({ length: 3600 }, (_, i) => i)
      .filter((i) => i % 60 > 15 && i % 60 < 45)
      .map((i) => (data[3 * i] ?? 0) / 4 - (i % 60));
    // Three corners a third of the side from the middle move by up to 3 px each; between and
    // beyond them the map goes on linearly.
    expect(Math.max(...ways.map(Math.abs))).toBeLessThan(3 * 3);
    expect(moments(ways).std).toBeGreaterThan(0.1);
  });
});

describe('every image', () => {
  it('is kept by a field of levels', () => {
    const image = drawImage('ramp', 7, 5);
    expect(toImage(toField(image))).toEqual(image);
  });
});
