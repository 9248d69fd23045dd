import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../../src/data/augment/image/image.js';
import type { Canvas } from '../../../../src/data/augment/perturbations/frames.js';
import {
  flipProbability,
  meanFlipRate,
  plainFlipProbability,
} from '../../../../src/data/augment/perturbations/meanFlipRate.js';
import {
  framesOf,
  marginFor,
  perturb,
  perturbationsFor,
  type PerturbationName,
} from '../../../../src/data/augment/perturbations/perturb.js';
import { wetted } from '../../../../src/data/augment/perturbations/spatter.js';
import { drawImage } from '../images.js';

const small = { width: 32, height: 32 };
const large = { width: 128, height: 128 };

function alone(whole: RgbImage): Canvas {
  return { whole, width: whole.width, height: whole.height };
}

function framesFor(canvas: Canvas, name: PerturbationName, sample = 0): RgbImage[] {
  return [...perturb(canvas, { name, seed: 1, sample })];
}

function plain(size: number, level: number): RgbImage {
  return { width: size, height: size, data: new Uint8Array(3 * size * size).fill(level) };
}

/** A canvas of 160 px of which 128 are seen. */
const withMargin: Canvas = { whole: drawImage('ramp', 160, 160), ...large };

describe('the perturbations', () => {
  it('are ten for each size, with spatter for snow in small images', () => {
    expect(perturbationsFor(large)).toEqual([
      ...['gaussianNoise', 'shotNoise', 'motionBlur', 'zoomBlur', 'snow'],
      ...['brightness', 'translate', 'rotate', 'tilt', 'scale'],
    ]);
    expect(perturbationsFor(small)).toEqual(
      perturbationsFor(large).map((name) => (name === 'snow' ? 'spatter' : name)),
    );
    expect(marginFor(small)).toBe(0);
    expect(marginFor({ width: 224, height: 224 })).toBe(16);
  });

  it.each(perturbationsFor(small))('%s has as many frames of small images as it says', (name) => {
    const image = drawImage('ramp', 32, 32);
    const frames = framesFor(alone(image), name);
    expect(frames).toHaveLength(framesOf(name, small));
    for (const { width, height, data } of frames)
      expect([width, height, data.length]).toEqual([32, 32, 3 * 32 * 32]);
    expect(framesFor(alone(image), name)).toEqual(frames);
    // Frames are images of their own, and no two that follow each other are equal while there is water.
    for (const [i, { data }] of frames.entries())
      if (i > 0 && i < 12) expect(Buffer.compare(data, frames[i - 1]?.data ?? data)).not.toBe(0);
  });

  it.each(['gaussianNoise', 'shotNoise', 'spatter'] as const)('%s differs by image', (name) => {
    const image = alone(drawImage('ramp', 32, 32));
    expect(framesFor(image, name, 1)).not.toEqual(framesFor(image, name, 2));
  });

  it.each(['gaussianNoise', 'shotNoise', 'zoomBlur'] as const)(
    '%s begins with the clean image, the middle of its canvas',
    (name) => {
      const [first] = perturb(withMargin, { name, seed: 1, sample: 0 });
      const { whole } = withMargin;
      expect(first?.data.subarray(0, 3)).toEqual(
        whole.data.subarray(3 * (16 * 160 + 16), 3 * (16 * 160 + 17)),
      );
      expect(first?.data.subarray(-3)).toEqual(
        whole.data.subarray(3 * (143 * 160 + 143), 3 * (143 * 160 + 144)),
      );
    },
  );
});

describe('translation', () => {
  it('moves by a pixel a frame, with black behind', () => {
    const image = drawImage('ramp', 32, 32);
    const frames = framesFor(alone(image), 'translate');
    expect(frames[7]?.data).toEqual(image.data);
    const row = (frame: number): number[] => [...(frames[frame]?.data.subarray(0, 96) ?? [])];
    const own = [...image.data.subarray(0, 96)];
    expect(row(9)).toEqual([...Array<number>(6).fill(0), ...own.slice(0, 90)]);
    expect(row(4)).toEqual([...own.slice(9), ...Array<number>(9).fill(0)]);
  });

  it('shows what lies beside the middle, and black beyond the canvas', () => {
    const frames = framesFor(withMargin, 'translate');
    const { whole } = withMargin;
    // Frame 30 is moved by 10 to the right: its left column is column 6 of the canvas.
    expect(frames[30]?.data.subarray(0, 3)).toEqual(
      whole.data.subarray(3 * (16 * 160 + 6), 3 * (16 * 160 + 7)),
    );
    // Frame 40 is moved by 20, of which 16 are there.
    expect([...(frames[40]?.data.subarray(0, 12) ?? [])]).toEqual(Array<number>(12).fill(0));
    expect(frames[40]?.data.subarray(12, 15)).toEqual(
      whole.data.subarray(3 * 16 * 160, 3 * (16 * 160 + 1)),
    );
  });
});

describe('the warps', () => {
  it.each(['rotate', 'tilt', 'scale'] as const)(
    '%s of one level stays that level inside',
    (name) => {
      for (const { data } of framesFor(alone(plain(33, 90)), name))
        expect(data[3 * (16 * 33 + 16)]).toBe(90);
    },
  );

  it('leave the image as it is in the middle of a rotation', () => {
    const image = drawImage('noise', 32, 32);
    expect(framesFor(alone(image), 'rotate')[15]?.data).toEqual(image.data);
  });

  it('shrink at first: 70 % of the width is seen, the rest is black', () => {
    const [first] = framesFor(alone(plain(100, 200)), 'scale');
    const row = first?.data.subarray(3 * 50 * 100, 3 * 51 * 100) ?? new Uint8Array();
    const lit = [...row].filter((level) => level > 0).length / 3;
    expect(lit).toBe(70);
  });
});

describe('brightness', () => {
  it('grows by 1.5 % of the range a frame about the image itself', () => {
    const frames = framesFor(alone(plain(4, 102)), 'brightness');
    const levels = frames.map(({ data }) => data[0]);
    // 0.4 + 0.015 i, cut to levels.
    expect(levels[0]).toBe(Math.floor(255 * (0.4 - 0.225)));
    expect(levels[25]).toBe(Math.floor(255 * (0.4 + 0.15)));
    expect(levels[30]).toBe(Math.floor(255 * (0.4 + 0.225)));
  });
});

describe('zoom blur', () => {
  it('is the mean of ever more copies', () => {
    const frames = framesFor(alone(plain(32, 77)), 'zoomBlur');
    for (const { data } of frames) expect(new Set(data)).toEqual(new Set([77]));
  });
});

describe('spatter', () => {
  it('leaves an image without water as it is', () => {
    const image = plain(16, 50);
    const dry = { width: 16, height: 16, channels: 1, data: new Float64Array(256) };
    expect(wetted(image, dry)).toBe(image);
  });

  it('only lightens', () => {
    const image = drawImage('ramp', 32, 32);
    for (const { data } of framesFor(alone(image), 'spatter'))
      expect(data.every((level, i) => level >= (image.data[i] ?? 0) - 1)).toBe(true);
  });
});

describe('flips', () => {
  it('are counted from frame to frame, but for noise from the clean one', () => {
    // 0 0 1 1 0: two changes from frame to frame, two frames that are not the first one's class.
    expect(flipProbability([0, 0, 1, 1, 0], 'rotate')).toBe(2 / 4);
    expect(flipProbability([0, 0, 1, 1, 0], 'gaussianNoise')).toBe(2 / 4);
    expect(flipProbability([0, 1, 1, 1, 1], 'tilt')).toBe(1 / 4);
    expect(flipProbability([0, 1, 1, 1, 1], 'shotNoise')).toBe(1);
    expect(flipProbability([3, 3, 3], 'scale')).toBe(0);
  });

  it('give AlexNet a mean flip rate of 100 %', () => {
    const alexNet = {
      ...{ gaussianNoise: 0.2365, shotNoise: 0.3006, motionBlur: 0.093, zoomBlur: 0.0594 },
      ...{ snow: 0.1193, brightness: 0.0489, translate: 0.1101, rotate: 0.131, tilt: 0.0705 },
      scale: 0.2353,
    };
    expect(meanFlipRate(alexNet)).toBeCloseTo(100, 10);
    const half = { ...alexNet, snow: 0.1193 / 2 };
    expect(meanFlipRate(half)).toBeCloseTo(95, 10);
    expect(plainFlipProbability({ rotate: 0.1, tilt: 0.3 })).toBeCloseTo(0.2, 12);
  });
});
