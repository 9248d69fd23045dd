import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  perturb,
  type PerturbationName,
} from '../../../../src/data/augment/perturbations/perturb.js';
import { repositoryRoot } from '../../../support/paths.js';
import { drawImage } from '../images.js';

interface Golden {
  readonly name: PerturbationName;
  readonly frame: number;
  readonly image: string;
  readonly size: readonly [number, number];
  readonly pixels: string;
}

function goldensOf(file: string): Golden[] {
  const path = join(repositoryRoot, 'test/goldens/perturbations', file);
  return JSON.parse(readFileSync(path, 'utf8')) as Golden[];
}

/** Levels by which a frame is off. */
function errorsOf({ name, frame, image, size, pixels }: Golden): number[] {
  const whole = drawImage(image, ...size);
  const { width, height } = whole;
  const frames = [...perturb({ whole, width, height }, { name, seed: 3, sample: 7 })];
  const expected = Buffer.from(pixels, 'base64');
  const found = frames[frame]?.data ?? [];
  expect(found.length).toBe(expected.length);
  return Array.from(expected, (level, i) => Math.abs(level - (found[i] ?? NaN)));
}

describe.each(['torchvision', 'opencv'])('a perturbation gives the pixels of %s:', (library) => {
  for (const golden of goldensOf(`${library}.json`))
    it(`${golden.name}, frame ${golden.frame} of ${golden.image}`, () => {
      const errors = errorsOf(golden);
      // A level that is whole but for the last digit may be cut to the one below.
      expect(Math.max(...errors)).toBeLessThanOrEqual(1);
      expect(errors.filter((error) => error > 0).length / errors.length).toBeLessThan(0.02);
    });
});
