import { describe, expect, it } from 'vitest';
import type { Graph, Value } from '../../../src/compiler/ir/graph.js';
import { constant } from '../../../src/compiler/ops/constant.js';
import { conv } from '../../../src/compiler/ops/conv.js';
import { add, relu } from '../../../src/compiler/ops/elementwise.js';
import { batchNormInference } from '../../../src/compiler/ops/norm.js';
import { eliminateDeadCode } from '../../../src/compiler/passes/dce.js';
import { foldBatchNorm } from '../../../src/compiler/passes/foldBatchNorm.js';
import { optimize } from '../../../src/compiler/passes/pipeline.js';
import { batchDim, staticSize, type Shape } from '../../../src/support/shape.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { uniform } from '../../../src/support/random.js';
import { tensorData } from '../../../src/support/tensor.js';
import { checkPass, graphOf, opsOf, reasonsOf } from './equivalence.js';

const window = { strides: [2, 1], pads: [1, 0, 1, 1], dilations: [1, 2] } as const;

const shapes: Readonly<Record<string, Shape>> = {
  x: [batchDim, 4, 5, 7],
  w: [6, 2, 3, 3],
  b: [6],
  scale: [6],
  bias: [6],
  mean: [6],
  variance: [6],
};

interface Parts {
  readonly withBias: boolean;
  readonly after?: (y: Value, normalised: Value) => readonly Value[];
}

/** Grouped convolution and normalisation of x; the other values are inputs, or constants instead. */
function network(constants: boolean, { withBias, after = (_, z) => [relu(z)] }: Parts): Graph {
  const inputs = constants ? { x: shapes['x'] ?? [] } : shapes;
  return graphOf(inputs, (values, graph) => {
    const get = (name: string): Value => {
      const shape = shapes[name] ?? [];
      const random = (): Float64Array =>
        uniform(staticSize(shape), 3, { site: fnv1a32(name), step: 0, sample: 0 });
      return values[name] ?? constant(graph, tensorData('float64', shape as number[], random()));
    };
    const bias = withBias ? get('b') : undefined;
    const y = conv(get('x'), get('w'), bias, { ...window, groups: 2 });
    const [scale, shift, mean, variance] = ['scale', 'bias', 'mean', 'variance'].map(get);
    if (!scale || !shift || !mean || !variance) return [];
    return after(y, batchNormInference(y, scale, shift, mean, variance, { epsilon: 1e-3 }));
  });
}

const fold = (graph: Graph): Graph => eliminateDeadCode(foldBatchNorm(graph));

describe('folding batch normalisation', () => {
  for (const withBias of [false, true]) {
    const what = withBias ? 'a convolution with a bias' : 'a convolution without a bias';
    it(`puts constant parameters into ${what} and nothing else stays`, () => {
      const folded = checkPass(network(true, { withBias }), (graph) =>
        optimize(foldBatchNorm(graph), { verify: true }),
      );
      expect(opsOf(folded)).toEqual(['conv', 'relu']);
    });

    it(`computes the parameters of ${what} from inputs`, () => {
      const folded = checkPass(network(false, { withBias }), fold);
      expect(opsOf(folded)).not.toContain('batchNormInference');
      expect(opsOf(folded).filter((name) => name === 'conv')).toHaveLength(1);
    });
  }

  it('leaves a convolution that something else reads', () => {
    const shared = network(true, { withBias: true, after: (y, z) => [add(y, z)] });
    expect(opsOf(checkPass(shared, fold))).toContain('batchNormInference');
    const reason = 'batchNormInference: its convolution has another reader';
    expect(reasonsOf(foldBatchNorm, shared)).toEqual([reason]);
    const shown = network(true, { withBias: true, after: (y, z) => [y, z] });
    expect(opsOf(checkPass(shown, fold))).toContain('batchNormInference');
  });

  it('leaves parameters that are computed', () => {
    const graph = graphOf(shapes, ({ x, w, scale, bias, mean, variance }) => {
      if (!x || !w || !scale || !bias || !mean || !variance) return [];
      const y = conv(x, relu(w), undefined, { ...window, groups: 2 });
      return [batchNormInference(y, scale, bias, mean, variance, { epsilon: 1e-3 })];
    });
    expect(opsOf(checkPass(graph, fold))).toContain('batchNormInference');
    const reason = 'batchNormInference: a parameter is computed in the graph';
    expect(reasonsOf(foldBatchNorm, graph)).toEqual([reason]);
  });
});
