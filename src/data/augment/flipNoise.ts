import { defineNoise } from './defineNoise.js';
import { flip } from './image/flip.js';

/** Mirrors every other image. */
export const flipNoise = defineNoise({
  option: {
    type: 'flag',
    meaning: 'Mirror each image with probability one half (default: false).',
  },
  turn: { whole: 50, cropped: 10 },
  ablated: false,
  make: (_flip: boolean) => (image, random, out) => {
    if (random.uniform() < 0.5) flip(image, out);
    else out.data.set(image.data);
  },
});
