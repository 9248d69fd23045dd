import { limits } from '../../support/limits.js';
import { defineNoise } from './defineNoise.js';
import { reflectCrop } from './image/reflectCrop.js';

/** A crop of the padded image: it shifts whole images. */
export const padNoise = defineNoise({
  option: {
    ...{ type: 'number', whole: true, least: 1, most: limits.size },
    meaning: 'Largest shift each way, in pixels, with mirrored borders (default: none).',
  },
  turn: { whole: 40 },
  ablated: false,
  make: (pad: number) => (image, random, out) => {
    const x = random.integer(2 * pad + 1) - pad;
    reflectCrop(image, x, random.integer(2 * pad + 1) - pad, out);
  },
});
