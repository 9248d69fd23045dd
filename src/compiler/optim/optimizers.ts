/** Every optimizer by its name: a file each, which defines it whole. */
export { adafactor } from './adafactor.js';
export { adamw } from './adamw.js';
export { lamb } from './lamb.js';
export { lion } from './lion.js';
export { nadam } from './nadam.js';
export { rmspropTf } from './rmspropTf.js';
export { sgd } from './sgd.js';
