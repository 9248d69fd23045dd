import { beforeAll, describe, expect, it, vi } from 'vitest';
import { grad } from '../../../src/compiler/autodiff/grad.js';
import { compile } from '../../../src/compiler/compile/compile.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import { isModel, traceModel, type Model } from '../../../src/language/nn/index.js';
import { reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { mul } from '../../../src/compiler/ops/elementwise.js';
import { invariant } from '../../../src/support/errors.js';
import { staticSize } from '../../../src/support/shape.js';
import { namedValue } from '../../support/namedValue.js';

// The example imports the installed package; here that is the source.
vi.mock('gradus', () => import('../../../src/language/nn/index.js'));

let mixer: Model;
beforeAll(async () => {
  const loaded: unknown = (await import('../../../examples/mlp-mixer/mixer.model.js')).default;
  invariant(isModel(loaded), 'the default export is no model');
  mixer = loaded;
});

describe('the MLP-Mixer of the examples', () => {
  it('has the layers that its file names', () => {
    const traced = traceModel(mixer, { mode: 'train', batch: 'dynamic' });
    verifyGraph(traced.graph);
    const names = traced.params.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('blocks.3.'))).toMatchInlineSnapshot(`
      [
        "blocks.3.tokens.norm.weight",
        "blocks.3.tokens.norm.bias",
        "blocks.3.tokens.mlp.fc1.weight",
        "blocks.3.tokens.mlp.fc1.bias",
        "blocks.3.tokens.mlp.fc2.weight",
        "blocks.3.tokens.mlp.fc2.bias",
        "blocks.3.channels.norm.weight",
        "blocks.3.channels.norm.bias",
        "blocks.3.channels.mlp.fc1.weight",
        "blocks.3.channels.mlp.fc1.bias",
        "blocks.3.channels.mlp.fc2.weight",
        "blocks.3.channels.mlp.fc2.bias",
      ]
    `);
    expect(traced.noise.map(({ name }) => name)).toMatchInlineSnapshot(`
      [
        "noise.blocks.1.tokens.drop_path",
        "noise.blocks.1.channels.drop_path",
        "noise.blocks.2.tokens.drop_path",
        "noise.blocks.2.channels.drop_path",
        "noise.blocks.3.tokens.drop_path",
        "noise.blocks.3.channels.drop_path",
        "noise.head.dropout",
      ]
    `);
    expect(
      traced.params.reduce((sum, { shape }) => sum + staticSize(shape), 0),
    ).toMatchInlineSnapshot(`148110`);
  });

  it('has a gradient for each parameter', () => {
    const { graph, params } = traceModel(mixer, { mode: 'train', batch: 3 });
    const logits = namedValue(graph, 'logits');
    const loss = reduceSum(mul(logits, logits), { axes: [0, 1], keepDims: false });
    const grads = grad(
      graph,
      loss,
      params.map(({ name }) => namedValue(graph, name)),
    );
    expect(grads.filter((g) => g === undefined)).toEqual([]);
    expect(grads.map((g) => g?.shape)).toEqual(params.map(({ shape }) => shape));
  });

  it('compiles to a training step', () => {
    const { manifest } = compile(mixer, { artifacts: ['train'] });
    const masks = manifest.artifacts.train?.inputs.filter(({ role }) => role === 'noise');
    expect(masks).toHaveLength(7);
  });
});
