import { describe, expect, it } from 'vitest';
import { compile } from '../../../../src/compiler/compile/compile.js';
import { Graph, type Value } from '../../../../src/compiler/ir/graph.js';
import { findShippedModel } from '../../../../src/language/models/index.js';
import { optimizers } from '../../../../src/compiler/optim/index.js';
import { convKernelGrad } from '../../../../src/compiler/ops/conv.js';
import { invariant } from '../../../../src/support/errors.js';
import { cudaTarget } from '../../../../src/compiler/targets/cuda/index.js';
import { portable } from '../../../../src/compiler/targets/target.js';
import { artifactOf } from '../../compile/artifacts.js';
import { mbConvNet } from '../../compile/trajectory/nets.js';
import { conformance } from '../../../conformance/tables/index.js';
import { checkSpelling, instancesOf } from '../../../support/checkOp.js';
import { batchOfStep, trainRunner } from '../../../support/tinySteps.js';
import { spell } from '../../../support/spell.js';
import { relativeNorm, tolerances } from '../../../support/tolerances.js';
import { nodesOutside } from './kernels.js';

const isStatic = (shape: Value['shape']): boolean => shape.every((dim) => typeof dim === 'number');

describe('the conformance table on the CUDA target, run on the CPU', () => {
  for (const table of conformance)
    describe(table.op.name, () => {
      checkSpelling(table, cudaTarget, [18]);

      it('uses operators that the CUDA provider has', () => {
        const graphs = instancesOf(table, 'float32')
          .map(({ graph }) => graph)
          .filter(({ inputs }) => inputs.every(({ value }) => isStatic(value.shape)));
        expect(nodesOutside(spell(table.op.name, 18, graphs, cudaTarget))).toEqual([]);
      });
    });
});

describe('the list of CUDA kernels', () => {
  it('finds what an opset takes away', () => {
    const graph = new Graph('pad');
    const x = graph.input('x', 'float32', [2, 3, 8, 8]);
    const dy = graph.input('dy', 'float32', [2, 4, 8, 8]);
    const window = {
      kernel: [3, 3],
      strides: [1, 1],
      pads: [1, 1, 1, 1],
      dilations: [1, 1],
    } as const;
    graph.output('dw', convKernelGrad(x, dy, { ...window, groups: 1 }));
    expect(nodesOutside(spell('pad', 18, [graph], cudaTarget))).toEqual([]);
    expect(nodesOutside(spell('pad', 21, [graph], cudaTarget))).toEqual([
      'Pad-21 of float, int64',
      'Flatten-21 of float',
    ]);
  });
});

describe('a training step for CUDA', () => {
  const training = { artifacts: ['train'], imageFormat: 'uint8-nhwc', emaDecay: 0.9 } as const;

  it.each([
    ['efficientnet_b0', 'rmspropTf', 'float16'],
    ['wrn_28_2', 'sgd', 'float16'],
    ['resnet18', 'adamw', 'float32'],
    ['resnet18', 'adamw', 'float16'],
  ] as const)('of %s by %s in %s has no node that the provider lacks', (name, kind, precision) => {
    const model = findShippedModel(name)?.model;
    invariant(model, `${name} is shipped`);
    const request = { ...training, target: cudaTarget, batch: 4, maxNorm: 1, precision };
    const compiled = compile(model, { ...request, optimizer: optimizers[kind]() });
    expect(compiled.manifest.opset).toBe(18);
    expect(nodesOutside(artifactOf(compiled, 'train'))).toEqual([]);
  });

  it('gives the losses of the portable one', async () => {
    const at = (target = portable) => compile(mbConvNet, { ...training, target, batch: 8 });
    const [wanted, spelled] = [at(), at(cudaTarget)];
    const [first, second] = [await trainRunner(wanted), await trainRunner(spelled)];
    for (let step = 0; step < 4; step++) {
      const { loss } = await first.run(batchOfStep(wanted, step), { step });
      const result = await second.run(batchOfStep(spelled, step), { step });
      expect(relativeNorm([result.loss], [loss])).toBeLessThan(tolerances.devices);
    }
  });

  it('refuses another opset and bfloat16, with the reason', () => {
    const build = (options: object): unknown =>
      compile(mbConvNet, { target: cudaTarget, batch: 4, ...options });
    expect(() => build({ opset: 21 })).toThrow('target cuda writes opset 18, not 21');
    expect(() => build({ precision: 'bfloat16' })).toThrow('does not train in bfloat16');
  });
});
