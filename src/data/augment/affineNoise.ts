import { affineImage, affineOf, affineOptions, type AffineRange } from './affine.js';
import { defineNoise } from './defineNoise.js';

/** A random affine map of an image, bilinear; outside the image is black. */
export const affineNoise = defineNoise({
  option: {
    type: 'group',
    meaning: 'Random affine maps of the images, before all other noise (default: none).',
    options: affineOptions,
  },
  turn: { whole: 0, cropped: 0 },
  ablated: true,
  make: (range: AffineRange) => {
    let [planes, changed] = [new Float32Array(), new Float32Array()];
    return ({ data, width, height }, random, out) => {
      if (planes.length !== data.length) {
        planes = new Float32Array(data.length);
        changed = new Float32Array(data.length);
      }
      const plane = width * height;
      for (let p = 0; p < plane; p++)
        for (let c = 0; c < 3; c++) planes[c * plane + p] = data[3 * p + c] ?? 0;
      const draws = Array.from({ length: 5 }, () => random.uniform());
      affineImage(planes, [height, width], affineOf(range, draws), changed);
      for (let p = 0; p < plane; p++)
        for (let c = 0; c < 3; c++) out.data[3 * p + c] = Math.round(changed[c * plane + p] ?? 0);
    };
  },
});
