import { describe, expect, it } from 'vitest';
import type { ArtifactKind } from '../../../src/contract/artifactKinds.js';
import { compile, type Compiled } from '../../../src/compiler/compile/compile.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { optimizers } from '../../../src/compiler/optim/index.js';
import {
  batchNorm,
  conv2d,
  defineModel,
  flatten,
  image,
  linear,
  relu,
} from '../../../src/language/nn/index.js';
import { BatchInputs } from '../../../src/runtime/engine/stepInputs.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { artifactOf, runArtifact, runBytes } from './artifacts.js';

const initializerNames = (compiled: Compiled, kind: ArtifactKind): string[] =>
  artifactOf(compiled, kind).graph.initializers.map(({ name }) => name);

describe('a parameter that the loss does not reach', () => {
  const model = defineModel({
    name: 'side-branch',
    input: image(1, 4, 4),
    classes: 3,
    build(x, { classes }) {
      relu(conv2d(x, { name: 'aside', out: 2, kernel: 3 }));
      return linear(flatten(x), { name: 'fc', out: classes });
    },
  });
  const compiled = compile(model, {
    artifacts: ['infer', 'grad', 'update', 'train', 'training-info'],
    optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 },
    emaDecay: 0.9,
    batch: 4,
  });
  const { artifacts } = compiled.manifest;

  // torch.optim skips a parameter whose grad is None; a gradient of zeros would let it decay.
  it('has no gradient, no state and no new value', async () => {
    const made = Object.values(artifacts).flatMap(({ outputs }) => outputs);
    const aside = made.filter(({ param }) => param?.startsWith('aside.'));
    expect([...new Set(aside.map(({ role }) => role))]).toEqual(['ema']);
    for (const kind of ['train', 'update'] as const) {
      const inputs = artifacts[kind]?.inputs.filter(({ param }) => param === 'aside.weight');
      expect(inputs?.map(({ role }) => role)).toEqual(['param', 'ema']);
      const results = await runArtifact(compiled, kind);
      expect(results.has('new.fc.weight')).toBe(true);
      expect(results.has('new.aside.weight')).toBe(false);
    }
    expect((await runArtifact(compiled, 'grad')).has('grad.fc.weight')).toBe(true);
  });

  it('lies in the inference model only where training info names it', async () => {
    expect(initializerNames(compiled, 'infer')).not.toContain('aside.weight');
    const [info] = artifactOf(compiled, 'training-info').trainingInfo;
    const names = Object.keys(info?.initializationBinding ?? {});
    expect(names).toEqual(expect.arrayContaining(['aside.weight', 'ema.aside.weight']));
    expect(Object.keys(info?.updateBinding ?? {})).not.toContain('aside.weight');
    const main = initializerNames(compiled, 'training-info');
    for (const name of names.filter((one) => !one.startsWith('ema.') && !one.startsWith('optim.')))
      expect(main).toContain(name);
    await runBytes(compiled.artifacts['training-info']?.onnx.bytes, artifacts.infer?.inputs);
  });
});

describe('samples without weight', () => {
  it.each(['sgd', 'rmspropTf', 'adamw'] as const)(
    'give a loss of 0 and a step of %s on gradients of 0',
    async (kind) => {
      const compiled = compile(tinyNet(), {
        artifacts: ['train', 'grad', 'update'],
        optimizer: optimizers[kind]({ weightDecay: 0 }),
        maxNorm: 1,
        emaDecay: 0.9,
        batch: 4,
      });
      const given = new Map([['weight', ndarray([4])]]);
      const found = await runArtifact(compiled, 'train', given);
      expect(found.get('loss')?.data[0]).toBe(0);
      expect(found.get('accuracy')?.data[0]).toBe(0);
      expect(found.get('grad_norm')?.data[0]).toBe(0);
      const sums = await runArtifact(compiled, 'grad', given);
      expect(sums.get('weight_sum')?.data[0]).toBe(0);
      // The same in parts; buffers come from the forward pass.
      const parts = await runArtifact(compiled, 'update', new Map([...given, ...sums]));
      for (const [name, { data }] of parts) {
        expect(data.every(Number.isFinite), name).toBe(true);
        if (!name.startsWith('new.ema.')) expect(data, name).toEqual(found.get(name)?.data);
      }
    },
  );
});

describe('a batch norm on a map that has shrunk to 1x1', () => {
  it('asks a dynamic batch for two images, and refuses a fixed batch of one', () => {
    const model = defineModel({
      name: 'shrunk',
      input: image(1, 4, 4),
      classes: 3,
      build: (x, { classes }) =>
        linear(batchNorm(flatten(x), { name: 'bn' }), { name: 'fc', out: classes }),
    });
    const { manifest } = compile(model, { artifacts: ['train', 'grad', 'infer'] });
    const { train, grad, infer } = manifest.artifacts;
    expect([train?.leastBatch, grad?.leastBatch, infer?.leastBatch]).toEqual([2, 2, undefined]);
    const other = compile(tinyNet(), { artifacts: ['train'] }).manifest.artifacts.train;
    expect(other?.leastBatch).toBeUndefined();
    expect(() => compile(model, { artifacts: ['train'], batch: 1 })).toThrow(
      /one value per channel/,
    );
    expect(() => new BatchInputs(train ?? { file: '', inputs: [], outputs: [] }, 1, {})).toThrow(
      'train.onnx needs a batch of at least 2 images, not 1',
    );
  });
});
