import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/contract/manifest.js';
import { compile, type CompileOptions } from '../../../src/compiler/compile/compile.js';
import { probeBlock } from '../../../src/runtime/machine/probe.js';
import { SeveralStepsRunner } from '../../../src/runtime/engine/severalSteps.js';
import { cpuTarget } from '../../../src/compiler/targets/cpu/index.js';
import { cudaTarget } from '../../../src/compiler/targets/cuda/index.js';
import { portable, type Target } from '../../../src/compiler/targets/target.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { batchOfStep, sessionOf, stateOf, trainRunner } from '../../support/tinySteps.js';
import { nodesOutside } from '../targets/cuda/kernels.js';
import { artifactOf, opTypes } from './artifacts.js';

/** Channels of a block on this processor. */
const block = await probeBlock();

const options: CompileOptions = {
  artifacts: ['train'],
  batch: 4,
  emaDecay: 0.9,
  maxNorm: 1,
  imageFormat: 'uint8-nhwc',
  optimizer: { kind: 'adamw' },
};

async function severalRunner(compiled: ReturnType<typeof compile>): Promise<SeveralStepsRunner> {
  const session = await sessionOf(compiled, 'train');
  const runner = new SeveralStepsRunner(compiled.manifest, session, 1);
  runner.buffers.initialize(compiled.initial.held());
  return runner;
}

/** Losses and state after five steps, whose learning rates differ. */
async function fiveSteps(compiled: ReturnType<typeof compile>, cuts: readonly number[] = []) {
  const runner = await severalRunner(compiled);
  const losses: number[] = [];
  const take = async (): Promise<void> => {
    for (const { loss, metrics } of await runner.results())
      losses.push(loss, metrics['accuracy'] ?? NaN);
  };
  for (let step = 0; step < 5; step++) {
    const hypers = { learning_rate: 0.01 * (step + 1) };
    await runner.queue(batchOfStep(compiled, step), { step, hypers });
    if (cuts.includes(step + 1)) await take();
  }
  await take();
  return { losses, state: await stateOf(runner) };
}

async function oneByOne(compiled: ReturnType<typeof compile>) {
  const runner = await trainRunner(compiled);
  const losses: number[] = [];
  for (let step = 0; step < 5; step++) {
    const hypers = { learning_rate: 0.01 * (step + 1) };
    const { loss, metrics } = await runner.run(batchOfStep(compiled, step), { step, hypers });
    losses.push(loss, metrics['accuracy'] ?? NaN);
  }
  return { losses, state: await stateOf(runner) };
}

const variants: readonly (readonly [string, Target, CompileOptions])[] = [
  ['portable', portable, {}],
  ['portable in float16', portable, { precision: 'float16' }],
  ['portable with blocks computed again', portable, { checkpointing: true }],
  ['cpu', cpuTarget({ block }), {}],
  ['cuda', cudaTarget, {}],
  ['cuda in float16', cudaTarget, { precision: 'float16' }],
  ['portable with a frozen stem', portable, { freeze: ['stem', 'bn'] }],
];

describe('several steps in one run', () => {
  it.each(variants)('give what single steps give, bit for bit: %s', async (_, target, more) => {
    const request = { ...options, target, ...more };
    const single = await oneByOne(compile(tinyNet(), request));
    const looped = compile(tinyNet(), { ...request, stepsPerRun: 3 });
    // A run of three steps, and one of two.
    expect(await fiveSteps(looped)).toEqual(single);
  });

  it('may be cut anywhere, as for a checkpoint', async () => {
    const looped = compile(tinyNet(), { ...options, stepsPerRun: 4 });
    expect(await fiveSteps(looped, [1, 3])).toEqual(await fiveSteps(looped));
  });

  it('may be unrolled, for exactly so many', async () => {
    const unrolled = compile(tinyNet(), { ...options, stepsPerRun: 5, unrollSteps: true });
    expect(opTypes(artifactOf(unrolled, 'train').graph)).not.toContain('Loop');
    expect(await fiveSteps(unrolled)).toEqual(await oneByOne(compile(tinyNet(), options)));
    await expect(fiveSteps(unrolled, [2])).rejects.toThrow('train.onnx runs 5 steps at once');
  });

  it('are told by the manifest as they are in the file', () => {
    const { manifest, artifacts, initial } = compile(tinyNet(), { ...options, stepsPerRun: 3 });
    expect(parseManifest(JSON.stringify(manifest), 'manifest.json')).toEqual(manifest);
    const { graph } = artifactOf({ manifest, artifacts, initial }, 'train');
    const told = manifest.artifacts.train;
    expect(told?.steps).toBe(3);
    const shapes = (values: readonly { name: string; shape?: unknown }[] = []) =>
      values.map(({ name, shape }) => [
        name,
        JSON.stringify(shape).replace('{"symbol":"K","factor":1}', '"K"'),
      ]);
    expect(shapes(graph.inputs)).toEqual(shapes(told?.inputs));
    expect(shapes(graph.outputs)).toEqual(shapes(told?.outputs));
    const image = told?.inputs.find(({ role }) => role === 'image');
    expect(image).toMatchObject({ dtype: 'uint8', shape: ['K', 4, 8, 8, 1] });
  });

  it('keep what they carry, and their constants, inside the loop', () => {
    const compiled = compile(tinyNet(), { ...options, target: cudaTarget, stepsPerRun: 3 });
    const model = artifactOf(compiled, 'train');
    expect(opTypes(model.graph)).toEqual(['Shape', 'Gather', 'Loop']);
    expect(model.graph.initializers).toHaveLength(1);
    expect(nodesOutside(model)).toEqual([]);
  });

  it.each([0, 1.5])('are no number such as %s', (stepsPerRun) => {
    expect(() => compile(tinyNet(), { ...options, stepsPerRun })).toThrow('stepsPerRun is ');
  });
});
