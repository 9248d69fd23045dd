import { fillOptions, type GivenOptions, type Options } from '../../support/options.js';
import { defineNoise } from './defineNoise.js';

const options = {
  p: {
    ...{ type: 'number', least: 0, most: 1 },
    ...{ meaning: 'Probability that an image has a rectangle erased.', default: 0.5 },
  },
  scale: {
    ...{ type: 'pair', least: 0, most: 1 },
    ...{ meaning: 'Smallest and largest fraction of the area.', default: [0.02, 0.33] },
  },
  ratio: {
    ...{ type: 'pair', least: 0, most: 100, open: 'least' },
    ...{ meaning: 'Smallest and largest ratio of height to width.', default: [0.3, 3.3] },
  },
  value: {
    ...{ type: 'number', whole: true, least: 0, most: 255 },
    ...{ meaning: 'Grey level of the rectangle, from black to white.', default: 0 },
  },
} as const satisfies Options;

/** Rectangles that are drawn before the image is left as it is, since none fits into it. */
const tries = 10;

/** Erases a rectangle at a random place (arXiv 1708.04896), as torchvision's RandomErasing of bytes. */
export const randomErasing = defineNoise({
  option: {
    type: 'group',
    meaning: 'Erase a rectangle at a random place, after all other noise (default: none).',
    options,
  },
  turn: { whole: 60, cropped: 60 },
  ablated: true,
  make: (given: GivenOptions<typeof options>) => {
    const { p, scale, ratio, value } = fillOptions('randomErasing', options, given);
    const [flattest, tallest] = ratio.map(Math.log);
    return (image, random, out) => {
      const { width, height, data } = image;
      out.data.set(data);
      if (random.uniform() >= p) return;
      for (let i = 0; i < tries; i++) {
        const area = width * height * random.uniform(...scale);
        const aspect = Math.exp(random.uniform(flattest, tallest));
        const [h, w] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
        if (h >= height || w >= width) continue;
        const top = random.integer(height - h + 1);
        const left = random.integer(width - w + 1);
        for (let row = top; row < top + h; row++)
          out.data.fill(value, 3 * (row * width + left), 3 * (row * width + left + w));
        return;
      }
    };
  },
});
