import { expect, it } from 'vitest';
import { compile, type CompileOptions } from '../../../src/compiler/compile/compile.js';
import { classifier, conv2d, defineModel, dropout, image } from '../../../src/language/nn/index.js';
import { cpuTarget } from '../../../src/compiler/targets/cpu/index.js';
import { portable } from '../../../src/compiler/targets/target.js';
import { webgpuTarget } from '../../../src/compiler/targets/webgpu/index.js';

function net({ width = 4, slope = 1 } = {}) {
  return defineModel({
    name: 'net',
    input: image(3, 8, 8, { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }),
    classes: 3,
    drop: 0.1,
    build(x, { classes, drop }) {
      const y = conv2d(x, { name: 'conv', out: width, kernel: 3, stride: slope });
      return classifier(dropout(y, { name: 'drop', rate: drop }), { classes });
    },
  });
}

const usual: CompileOptions = { artifacts: ['train', 'infer'], batch: 4, weightInputs: true };

/** The text by which a compilation is known; undefined if it was not asked for. */
function identityOf(options: CompileOptions = {}, model = net()): string | undefined {
  const asked: string[] = [];
  compile(model, {
    ...usual,
    ...options,
    reuse: (identity, make) => {
      asked.push(identity);
      return make();
    },
  });
  return asked[0];
}

/** All options that change what is compiled, each with another value than it has by default. */
const others: Readonly<
  Record<
    Exclude<
      keyof CompileOptions,
      'seed' | 'weights' | 'weightInputs' | 'onPass' | 'onChoice' | 'onDecline' | 'reuse'
    >,
    CompileOptions
  >
> = {
  artifacts: { artifacts: ['train'] },
  target: { target: webgpuTarget },
  batch: { batch: 5 },
  opset: { opset: 20 },
  optimizer: { optimizer: { kind: 'sgd', momentum: 0.8 } },
  maxNorm: { maxNorm: 1 },
  emaDecay: { emaDecay: 0.9 },
  labelSmoothing: { labelSmoothing: 0.1 },
  criterion: { criterion: 'focal' },
  checkpointing: { checkpointing: true },
  precision: { precision: 'bfloat16' },
  stepsPerRun: { stepsPerRun: 2 },
  unrollSteps: { stepsPerRun: 2, unrollSteps: true },
  overrides: { overrides: { drop: 0.2 } },
  freeze: { freeze: ['conv'] },
  foldBatchNorm: { foldBatchNorm: true },
  imageFormat: { imageFormat: 'uint8-nhwc' },
  modelPath: { modelPath: 'other.model.ts' },
};

it('the identity of a compilation is another with each other option, network and target', () => {
  const variants: (readonly [CompileOptions, ReturnType<typeof net>?])[] = [
    [{}],
    ...Object.values(others).map((options) => [options] as const),
    ...[{ classes: 4 }, { image: [3, 9, 9] as const }].map((overrides) => [{ overrides }] as const),
    [{ target: cpuTarget({ block: 8 }) }],
    [{ target: cpuTarget({ block: 16 }) }],
    [{ target: { ...portable, costs: 'of another table' } }],
    [{}, net({ width: 5 })],
    [{}, net({ slope: 2 })],
    [{}, { ...net(), name: 'other' }],
  ];
  const identities = variants.map(([options, model]) => identityOf(options, model));
  expect(identities).not.toContain(undefined);
  expect(new Set(identities).size).toBe(variants.length);
});

it('the identity of a compilation is the same for the same network and for another seed', () => {
  expect(identityOf()).toBe(identityOf());
  expect(identityOf({ seed: 3 })).toBe(identityOf());
});

it('a compilation that writes weights into a graph is not asked for', () => {
  expect(identityOf({ weightInputs: false })).toBeUndefined();
  expect(identityOf({ artifacts: ['forward'] })).toBeUndefined();
  expect(identityOf({ artifacts: ['training-info'] })).toBeUndefined();
  expect(identityOf({ artifacts: ['train', 'init'], weightInputs: false })).toBeDefined();
});
