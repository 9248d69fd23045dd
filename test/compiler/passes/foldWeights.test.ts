import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { printGraph } from '../../../src/compiler/ir/print.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import { expandLike } from '../../../src/compiler/ops/broadcast.js';
import { scalarLike } from '../../../src/compiler/ops/constant.js';
import { conv } from '../../../src/compiler/ops/conv.js';
import { add, div, mul, sqrt } from '../../../src/compiler/ops/elementwise.js';
import { batchNormInference } from '../../../src/compiler/ops/norm.js';
import { eliminateDeadCode } from '../../../src/compiler/passes/dce.js';
import { foldBatchNorm } from '../../../src/compiler/passes/foldBatchNorm.js';
import { foldWeights } from '../../../src/compiler/passes/foldWeights.js';
import { batchDim, type Shape } from '../../../src/support/shape.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';
import { relativeError, tolerances } from '../../support/tolerances.js';
import { feedsOf, graphOf, opsOf, reasonsOf } from './equivalence.js';

const window = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;

const shapes: Readonly<Record<string, Shape>> = {
  image: [batchDim, 2, 5, 4],
  'conv.weight': [3, 2, 3, 3],
  'bn.weight': [3],
  'bn.bias': [3],
  'bn.running_mean': [3],
  'bn.running_var': [3],
};

/** Feeds as weights: all inputs but the image. */
function weightsOf(feeds: ReturnType<typeof feedsOf>): Map<string, TensorData> {
  return new Map(
    [...feeds]
      .filter(([name]) => name !== 'image')
      .map(([name, { shape, data }]) => [name, tensorData('float32', shape, data)]),
  );
}

function convBn(also: 'nothing' | 'the weight itself' = 'nothing') {
  return graphOf(
    shapes,
    (values) => {
      const get = (name: string) => {
        const value = values[name];
        if (!value) throw new TypeError(`no ${name}`);
        return value;
      };
      const [x, w] = [get('image'), get('conv.weight')];
      const [scale, bias] = [get('bn.weight'), get('bn.bias')];
      const y = conv(x, w, undefined, window);
      const statistics = [get('bn.running_mean'), get('bn.running_var')] as const;
      const z = batchNormInference(y, scale, bias, ...statistics, { epsilon: 1e-3 });
      return also === 'nothing' ? [z] : [z, conv(x, w, undefined, window)];
    },
    'float32',
  );
}

describe('folding weights', () => {
  it('leaves one convolution of a normalised one, with the same results', () => {
    const graph = convBn();
    const feeds = feedsOf(graph);
    const weights = weightsOf(feeds);
    const folded = foldWeights({ graph: eliminateDeadCode(foldBatchNorm(graph)), weights });
    const after = folded.graph;
    verifyGraph(after);
    expect(printGraph(after)).toMatchInlineSnapshot(`
      "graph test
      inputs
        image: float32[N,2,5,4]
        conv.weight: float32[3,2,3,3]
        bn.bias: float32[3]
      nodes
        %0 = constant() {tensor: [0.0010000000474974513]}: float32[]
        %1 = conv(image, conv.weight, bn.bias) {dilations: [1,1], groups: 1, pads: [1,1,1,1], strides: [1,1]}: float32[N,3,5,4]
      outputs
        y0 = %1"
    `);
    const image = feeds.get('image');
    if (!image) throw new TypeError('there is an image');
    const given = [...folded.weights].map(
      ([name, { shape, data }]) =>
        [name, { shape, data: Float64Array.from(data, Number) }] as const,
    );
    const made = evaluate(after, new Map([['image', image], ...given])).get('y0');
    const wanted = evaluate(graph, feeds).get('y0');
    expect(relativeError(made?.data ?? [], wanted?.data ?? [])).toBeLessThan(tolerances.float32);
    expect(wanted?.data.length).toBeGreaterThan(0);
  });

  it('gives a changed weight another name where the weight itself stays, too', () => {
    const graph = convBn('the weight itself');
    const weights = weightsOf(feedsOf(graph));
    const folded = foldWeights({ graph: eliminateDeadCode(foldBatchNorm(graph)), weights });
    expect([...folded.weights.keys()]).toEqual(['conv.weight_1', 'bn.bias', 'conv.weight']);
    expect(folded.weights.get('conv.weight')).toBe(weights.get('conv.weight'));
  });

  it('leaves a broadcast to the run, and takes its operand', () => {
    const graph = graphOf(
      { image: [batchDim, 4], scale: [4], wide: [3, 4] },
      ({ image, scale, wide }) => {
        if (!image || !scale || !wide) return [];
        const root = sqrt(scale);
        return [add(image, mul(root, scalarLike(root, 2))), expandLike(root, wide)];
      },
      'float32',
    );
    const weights = new Map([
      ['scale', tensorData('float32', [4], [1, 4, 9, 16])],
      ['wide', tensorData('float32', [3, 4], new Float32Array(12))],
    ]);
    const folded = foldWeights({ graph, weights });
    expect(opsOf(eliminateDeadCode(folded.graph))).toEqual(['add']);
    // As large as `wide`, which it is made like, so this one is computed.
    expect(Object.fromEntries([...folded.weights].map(([k, v]) => [k, [...v.data]]))).toEqual({
      scale: [2, 4, 6, 8],
      wide: [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4],
    });
  });

  it('says which results would be larger than their operands', () => {
    const graph = graphOf(
      { row: [4], column: [3, 1] },
      ({ row, column }) => (row && column ? [mul(row, column)] : []),
      'float32',
    );
    const weights = new Map([
      ['row', tensorData('float32', [4], [1, 2, 3, 4])],
      ['column', tensorData('float32', [3, 1], [1, 2, 3])],
    ]);
    const reasons = reasonsOf(
      (own, onDecline) => foldWeights({ graph: own, weights, onDecline }),
      graph,
    );
    expect(reasons).toEqual(['mul: its result would be larger than its operands']);
  });

  it('touches nothing that depends on an input', () => {
    const graph = graphOf(
      { image: [batchDim, 4], scale: [4] },
      ({ image, scale }) => (image && scale ? [div(mul(image, scale), scale)] : []),
      'float32',
    );
    const scale = tensorData('float32', [4], [1, 2, 3, 4]);
    const folded = foldWeights({ graph, weights: new Map([['scale', scale]]) });
    expect(printGraph(folded.graph)).toBe(printGraph(graph));
    expect(folded.weights.get('scale')).toBe(scale);
  });
});
