/** Every loss by its name: a file each, which defines it whole. */
export { binaryCrossEntropy } from './binaryCrossEntropy.js';
export { crossEntropy } from './crossEntropy.js';
export { focal } from './focal.js';
