import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  cutOf,
  Mixer,
  mixRows,
  type MixedRows,
  type MixOptions,
} from '../../../src/data/loader/mixing.js';
import { drawBeta } from '../../../src/support/beta.js';
import { RandomStream } from '../../../src/support/random.js';
import { repositoryRoot } from '../../support/paths.js';

interface Case {
  readonly draws: readonly { readonly lam: number; readonly place: [number, number] | null }[];
  readonly boxes: readonly (readonly number[] | null)[];
  readonly lam: readonly number[];
  readonly image: readonly number[];
  readonly target: readonly number[];
  readonly weight: readonly number[];
}

const golden = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/mixing/mixing.json'), 'utf8'),
) as {
  readonly shape: [number, number, number];
  readonly count: number;
  readonly cases: Readonly<Record<string, Case>>;
};
const { shape, count } = golden;
const [channels, height, width] = shape;
const classes = 3;

/** The batch of test/goldens/mixing/make.py, as bytes or as floats [N,C,H,W]. */
function batch(bytes = true): MixedRows {
  const size = channels * height * width;
  const image = bytes ? new Uint8Array(count * size) : new Float32Array(count * size);
  for (let i = 0; i < count; i++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++) {
          const value = ((13 * i + 7 * y + 5 * x + 3 * c + ((i * y * x) % 11)) * 3) % 256;
          const at = bytes
            ? ((i * height + y) * width + x) * channels + c
            : ((i * channels + c) * height + y) * width + x;
          image[at] = value;
        }
  return {
    shape,
    image,
    target: Float32Array.from({ length: count * classes }, (_, at) =>
      Number(at % classes === Math.floor(at / classes) % classes),
    ),
    weight: Float32Array.from({ length: count }, (_, i) => 1 + (i % 2) / 2),
  };
}

/** Floats [N,C,H,W] as [N,H,W,C]. */
function channelsLast(image: ArrayLike<number>): number[] {
  const size = channels * height * width;
  return Array.from({ length: count * size }, (_, at) => {
    const [i, inside] = [Math.floor(at / size), at % size];
    const [place, c] = [Math.floor(inside / channels), inside % channels];
    return image[i * size + c * height * width + place] ?? NaN;
  });
}

const mixturesOf = ({ draws }: Case) =>
  draws.map(({ lam, place }) =>
    place === null ? { lam } : cutOf(shape, lam, { x: place[0], y: place[1] }),
  );

describe.each(Object.entries(golden.cases))("%s is timm's", (_, wanted) => {
  it('for bytes, targets and weights', () => {
    const rows = batch();
    mixRows(rows, mixturesOf(wanted));
    expect([...rows.image]).toEqual(wanted.image);
    for (const key of ['target', 'weight'] as const)
      for (const [i, value] of wanted[key].entries()) expect(rows[key][i]).toBeCloseTo(value, 6);
  });

  it('for floats, which are not rounded', () => {
    const rows = batch(false);
    mixRows(rows, mixturesOf(wanted));
    for (const [i, value] of channelsLast(rows.image).entries())
      expect(Math.abs(value - (wanted.image[i] ?? NaN))).toBeLessThanOrEqual(0.5 + 1e-4);
    expect(channelsLast(rows.image).some((value) => !Number.isInteger(value))).toBe(
      mixturesOf(wanted).some((mixture) => !('box' in mixture) && mixture.lam < 1),
    );
  });

  it('in its boxes and what they leave', () => {
    const found = mixturesOf(wanted);
    for (const [i, { lam }] of found.entries()) expect(lam).toBeCloseTo(wanted.lam[i] ?? NaN, 12);
    const boxes = found.map((mixture) => ('box' in mixture ? mixture.box : undefined));
    expect(boxes.map((box) => (box ? [box.top, box.bottom, box.left, box.right] : null))).toEqual(
      wanted.boxes,
    );
  });
});

const usual: MixOptions = {
  ...{ mixup: 0.8, cutmix: 1, prob: 1, switchProb: 0.5, mode: 'batch', offEpoch: 0 },
};

function mixed(options: Partial<MixOptions>, step: number, seed = 1, until = Infinity): MixedRows {
  const rows = batch();
  new Mixer({ ...usual, ...options }, { seed, name: 'train', until }).mix(rows, step);
  return rows;
}

describe('a mixer', () => {
  it('is a function of the seed and the step', () => {
    expect(mixed({}, 7)).toEqual(mixed({}, 7));
    expect(mixed({}, 7)).not.toEqual(mixed({}, 8));
    expect(mixed({}, 7)).not.toEqual(mixed({}, 7, 2));
  });

  it('mixes nothing from its last step on, nor at a probability of 0', () => {
    expect(mixed({}, 7, 1, 7)).toEqual(batch());
    expect(mixed({}, 6, 1, 7)).not.toEqual(batch());
    expect(mixed({ prob: 0 }, 3)).toEqual(batch());
  });

  it('draws once for a batch, or for each image', () => {
    const sharesOf = ({ target }: MixedRows) => [0, 1].map((row) => target[row * classes + row]);
    for (let step = 0; step < 5; step++) {
      const [one, two] = sharesOf(mixed({ cutmix: 0 }, step));
      expect(one).toBe(two);
    }
    const [one, two] = sharesOf(mixed({ cutmix: 0, mode: 'elem' }, 0));
    expect(one).not.toBe(two);
  });

  it('keeps the probabilities of a row at a sum of 1, and shares of both kinds as told', () => {
    let cut = 0;
    const steps = 400;
    for (let step = 0; step < steps; step++) {
      const { target, image } = mixed({ switchProb: 0.25 }, step);
      expect((target[0] ?? 0) + (target[1] ?? 0) + (target[2] ?? 0)).toBeCloseTo(1, 6);
      const before = batch().image;
      // Of a box the pixels outside stay; Mixup changes nearly all.
      const same = image.filter((value, i) => value === before[i]).length;
      if (same > image.length / 3) cut += 1;
    }
    // A beta of 0.8 leaves nearly all of an image as it is now and then.
    expect(cut / steps).toBeGreaterThan(0.2);
    expect(cut / steps).toBeLessThan(0.5);
  });
});

describe('a number of the beta distribution', () => {
  it.each([0.05, 0.2, 0.8, 1, 4])('has the mean and the variance of alpha %s', (alpha) => {
    const n = 20_000;
    const drawn = Array.from({ length: n }, (_, sample) =>
      drawBeta(new RandomStream(3, { site: 5, step: 1, sample }), alpha),
    );
    expect(drawn.every((v) => v >= 0 && v <= 1)).toBe(true);
    const mean = drawn.reduce((a, b) => a + b, 0) / n;
    const variance = drawn.reduce((sum, v) => sum + (v - 0.5) ** 2, 0) / n;
    const wanted = 1 / (4 * (2 * alpha + 1));
    // Four standard errors of the mean; of the variance, which has a smaller relative one, 5 %.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(wanted / n));
    expect(Math.abs(variance / wanted - 1)).toBeLessThan(0.05);
  });
});
