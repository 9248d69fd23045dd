import { describe, expect, it } from 'vitest';
import { compile, type CompileOptions } from '../../../src/compiler/compile/compile.js';
import { ConfigError } from '../../../src/support/errors.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';
import { cpuTarget } from '../../../src/compiler/targets/cpu/index.js';
import { webgpuTarget } from '../../../src/compiler/targets/webgpu/index.js';
import { expectStepsOfFloat16 } from '../../support/nearSteps.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { accumulateRunner, batchOfStep, stateOf, trainRunner } from '../../support/tinySteps.js';
import { artifactOf, opTypes } from './artifacts.js';

const options: CompileOptions = {
  artifacts: ['train', 'grad', 'update', 'infer'],
  batch: 8,
  emaDecay: 0.9,
  maxNorm: 1,
};
const exact = compile(tinyNet(), options);
const half = compile(tinyNet(), { ...options, precision: 'float16' });

const scaling = ['optim.lossScale', 'optim.goodSteps', 'optim.skippedSteps'];

const scalar = (value: number): TensorData => tensorData('float32', [], [value]);

describe('precision', () => {
  it.each([
    [cpuTarget({ block: 0 }), 'float16'],
    [cpuTarget({ block: 0 }), 'bfloat16'],
    [webgpuTarget, 'bfloat16'],
  ] as const)('is refused by target $0.name in %s, with the reason', (target, precision) => {
    const compiled = (): unknown =>
      compile(tinyNet(), { target, batch: 4, precision, artifacts: ['train'] });
    expect(compiled).toThrow(ConfigError);
    expect(compiled).toThrow(`target ${target.name} does not train in ${precision}`);
  });

  it('of bfloat16 needs an opset whose convolution takes it', () => {
    const compiled = compile(tinyNet(), { ...options, precision: 'bfloat16' });
    expect(compiled.manifest.opset).toBe(22);
    expect(() => compile(tinyNet(), { precision: 'bfloat16', opset: 21 })).toThrow(
      'opset 21 has no bfloat16 convolution',
    );
  });

  it('keeps parameters, state and losses in float32', () => {
    for (const info of Object.values(half.manifest.artifacts))
      for (const { dtype } of [...info.inputs, ...info.outputs]) expect(dtype).toBe('float32');
    expect(opTypes(artifactOf(half, 'infer').graph)).not.toContain('Cast');
  });

  it('of bfloat16 scales no loss', () => {
    const { manifest } = compile(tinyNet(), { ...options, precision: 'bfloat16' });
    const names = manifest.artifacts.train?.inputs.map(({ name }) => name);
    for (const name of scaling) expect(names).not.toContain(name);
  });
});

describe('training in float16', () => {
  it('goes as in float32 but for rounding', async () => {
    await expectStepsOfFloat16(half, exact);
  });

  it('names the state of its loss scale as checkpoints do', async () => {
    const runner = await trainRunner(half);
    const state = await stateOf(runner);
    expect(scaling.map((key) => state.get(key)?.data[0])).toEqual([1024, 0, 0]);
    const inputs = half.manifest.artifacts.train?.inputs ?? [];
    expect(inputs.filter(({ name }) => scaling.includes(name))).toMatchObject([
      { role: 'state', slot: 'lossScale', initial: 1024, shape: [] },
      { role: 'state', slot: 'goodSteps', initial: 0 },
      { role: 'state', slot: 'skippedSteps', initial: 0 },
    ]);
  });

  it('changes nothing in a step that overflows but the scale, and counts it', async () => {
    const runner = await trainRunner(half);
    await runner.run(batchOfStep(half, 0), { step: 0 });
    const before = (await stateOf(runner)).set('optim.lossScale', scalar(2 ** 127));
    await runner.buffers.load(before);
    const { metrics } = await runner.run(batchOfStep(half, 1), { step: 1 });
    expect(metrics['skipped']).toBe(1);
    const after = await stateOf(runner);
    expect(scaling.map((key) => after.get(key)?.data[0])).toEqual([2 ** 126, 0, 1]);
    for (const [key, tensor] of before)
      if (!scaling.includes(key)) expect(after.get(key), key).toEqual(tensor);
  });

  it('doubles the scale after so many good steps in a row', async () => {
    const runner = await trainRunner(half);
    const scales: unknown[] = [];
    for (let step = 0; step < 5; step++) {
      const hypers = { loss_scale_growth: 2 };
      await runner.run(batchOfStep(half, step), { step, hypers });
      scales.push((await stateOf(runner)).get('optim.lossScale')?.data[0]);
    }
    expect(scales).toEqual([1024, 2048, 2048, 4096, 4096]);
  });

  it('accumulates gradients of the loss itself, and skips the step when one overflows', async () => {
    const [whole, runner] = [await trainRunner(half), await accumulateRunner(half, 2)];
    expect([...(await stateOf(runner)).keys()].sort()).toEqual(
      [...(await stateOf(whole)).keys()].sort(),
    );
    await runner.run(batchOfStep(half, 0, 16), { step: 0 });
    const before = (await stateOf(runner)).set('optim.lossScale', scalar(2 ** 127));
    expect(before.get('optim.goodSteps')?.data[0]).toBe(1);
    await runner.buffers.load(before);
    const { metrics } = await runner.run(batchOfStep(half, 1, 16), { step: 1 });
    expect(metrics['skipped']).toBe(1);
    const after = await stateOf(runner);
    for (const [key, tensor] of before)
      if (!scaling.includes(key)) expect(after.get(key), key).toEqual(tensor);
  });
});
