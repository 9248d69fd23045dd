import { matmul } from '../../../src/compiler/ops/matmul.js';
import { batchDim as N, type Shape } from '../../../src/support/shape.js';
import type { OpTable } from '../../support/opCase.js';

const sizes: readonly (readonly [Shape, Shape])[] = [
  [
    [5, 3],
    [3, 4],
  ],
  [
    [1, 1],
    [1, 1],
  ],
  [
    [1, 17],
    [17, 1],
  ],
  [
    [N, 5, 3],
    [N, 3, 4],
  ],
  [
    [N, 2, 1, 7],
    [N, 2, 7, 3],
  ],
  // Leading axes that broadcast: a matrix against many, on either side; an axis of one; several missing.
  [
    [N, 5, 3],
    [3, 4],
  ],
  [
    [5, 3],
    [N, 2, 3, 4],
  ],
  [
    [N, 1, 5, 3],
    [1, 2, 3, 4],
  ],
  [
    [N, 4, 2, 3],
    [4, 3, 2],
  ],
];

const swapped = (shape: Shape): Shape => {
  const [k = 1, m = 1] = shape.toReversed();
  return [...shape.slice(0, -2), k, m];
};

/** Every size under every pair of transpositions, and products whose M or K is the batch. */
export const products: readonly OpTable[] = [
  {
    op: matmul,
    cases: [
      ...[false, true].flatMap((transA) =>
        [false, true].flatMap((transB) =>
          sizes.map(([a, b]) => ({
            in: { a: transA ? swapped(a) : a, b: transB ? swapped(b) : b },
            attrs: { transA, transB },
          })),
        ),
      ),
      { in: { a: [N, 3], b: [3, 4] } },
      { in: { a: [N, 3], b: [4, 3] }, attrs: { transB: true } },
      { in: { a: [N, 3], b: [N, 4] }, attrs: { transA: true } },
    ],
  },
];
