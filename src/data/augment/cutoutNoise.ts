import { limits } from '../../support/limits.js';
import { defineNoise } from './defineNoise.js';
import { cutout } from './operations/cutout.js';

/** A grey square at a random place, as Cutout. */
export const cutoutNoise = defineNoise({
  option: {
    ...{ type: 'number', whole: true, least: 1, most: limits.size },
    meaning: 'Side of a grey square, in pixels (default: none).',
  },
  turn: { whole: 30, cropped: 30 },
  ablated: true,
  make: (side: number) => {
    const half = Math.floor(side / 2);
    return (image, random, out) => {
      const x = random.integer(image.width);
      cutout(image, { half, x, y: random.integer(image.height) }, out);
    };
  },
});
