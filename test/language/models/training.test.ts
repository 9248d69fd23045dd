import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../src/contract/manifest.js';
import { grad } from '../../../src/compiler/autodiff/grad.js';
import { compile, type Compiled } from '../../../src/compiler/compile/compile.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import { shippedModels } from '../../../src/language/models/index.js';
import { reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { mul } from '../../../src/compiler/ops/elementwise.js';
import { invariant } from '../../../src/support/errors.js';
import { valueOf } from '../../compiler/compile/artifacts.js';
import { shippedModel, traced } from './measure.js';
import { namedValue } from '../../support/namedValue.js';

describe('every shipped model', () => {
  it.each(shippedModels)('$name has a gradient for each parameter', ({ model }) => {
    const { graph, params } = traced(model, { mode: 'train', batch: 2 });
    const logits = namedValue(graph, 'logits');
    const loss = reduceSum(mul(logits, logits), { axes: [0, 1], keepDims: false });
    const values = params.map(({ name }) => namedValue(graph, name));
    const grads = grad(graph, loss, values);
    expect(grads.map((dy) => dy?.shape)).toEqual(params.map(({ shape }) => shape));
    verifyGraph(graph);
  });
});

describe('a training step of a model for small images', () => {
  it.each(['tf_efficientnet_b0_32', 'resnet20_cifar', 'wrn_28_2'])(
    '%s starts near the loss of guessing and moves every parameter',
    async (name) => {
      const compiled = compile(shippedModel(name).model, { artifacts: ['train'], batch: 4 });
      const { train } = compiled.manifest.artifacts;
      invariant(train, 'train was asked for');
      const results = await step(compiled, train.inputs);
      const loss = Number(results['loss']?.data[0]);
      // Log 10 is 2.3.
      expect(loss).toBeGreaterThan(1);
      expect(loss).toBeLessThan(5);
      const moved = train.outputs.flatMap(({ name, role, param = '' }) => {
        if (role !== 'param') return [];
        const before = compiled.initial.get(param)?.data;
        const after = results[name]?.data as Float32Array;
        return after.some((v, i) => v !== before?.[i]) ? [param] : [];
      });
      const params = compiled.manifest.params.filter(({ kind }) => kind === 'param');
      expect(moved.toSorted()).toEqual(params.map(({ name }) => name).toSorted());
    },
  );
});

describe('a larger model', () => {
  it.each(['efficientnet_b0', 'resnet18'])('%s compiles at 64 px', (name) => {
    const overrides = { image: [3, 64, 64], classes: 10 } as const;
    const { model } = shippedModel(name);
    const { manifest } = compile(model, { artifacts: ['infer', 'grad'], batch: 2, overrides });
    expect(manifest.artifacts.grad?.inputs.find(({ role }) => role === 'image')?.shape).toEqual([
      2, 3, 64, 64,
    ]);
  });
});

/** Runs the step once, from the initial weights. */
async function step(
  { artifacts, initial }: Compiled,
  inputs: readonly TensorInfo[],
): Promise<InferenceSession.OnnxValueMapType> {
  invariant(artifacts.train, 'train was asked for');
  const session = await InferenceSession.create(artifacts.train.onnx.bytes, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const feeds = inputs.map((info): [string, Tensor] => {
    const start = info.param === undefined ? undefined : initial.get(info.param)?.data;
    const drawn = info.role === 'state' ? undefined : (start ?? valueOf(info, 4).data);
    const shape = info.shape as number[];
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    data.set((drawn ?? []) as ArrayLike<number>);
    return [info.name, new Tensor('float32', data, shape)];
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return results;
}
