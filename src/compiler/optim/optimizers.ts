/** Every optimizer by its name: a file each, which defines it whole. */
export { adamw } from './adamw.js';
export { lion } from './lion.js';
export { rmspropTf } from './rmspropTf.js';
export { sgd } from './sgd.js';
