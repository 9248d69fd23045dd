/** Every input noise by its key in a config's `noise`: a file each, which defines it whole. */
export { affineNoise as augment } from './affineNoise.js';
export { cutoutNoise as cutout } from './cutoutNoise.js';
export { flipNoise as flip } from './flipNoise.js';
export { padNoise as pad } from './padNoise.js';
export { randAugmentNoise as randAugment } from './randAugment.js';
export { randomErasing } from './randomErasing.js';
