import type { OpTable } from '../../support/opCase.js';
import { convs } from './conv.js';
import { elementwise } from './elementwise.js';
import { losses, noise } from './loss.js';
import { products } from './matmul.js';
import { norms } from './norm.js';
import { pools } from './pool.js';
import { shapes } from './shape.js';

/** Every primitive with its cases: what each target's spelling must reproduce. */
export const conformance: readonly OpTable[] = [
  ...elementwise,
  ...shapes,
  ...products,
  ...convs,
  ...pools,
  ...norms,
  ...losses,
  ...noise,
];
