import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile/compile.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import type { OnnxGraph, OnnxModel } from '../../../src/compiler/onnx/model.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { invariant } from '../../../src/support/errors.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { relativeError, tolerances } from '../../support/tolerances.js';
import { artifactOf, runArtifact, runBytes } from './artifacts.js';

const initializerNames = ({ initializers }: OnnxGraph): string[] =>
  initializers.map(({ name }) => name);

const outputNames = ({ outputs }: OnnxGraph): string[] => outputs.map(({ name }) => name);

/** One graph of a model as a model of its own. */
function alone(model: OnnxModel, graph: OnnxGraph): Uint8Array {
  return writeModel({ ...model, graph, trainingInfo: [] }).bytes;
}

describe('training info', () => {
  const artifacts = ['training-info', 'train', 'infer'] as const;
  const optimizer = { kind: 'rmspropTf' } as const;
  const compiled = compile(tinyNet(), {
    artifacts,
    optimizer,
    emaDecay: 0.9,
    maxNorm: 1,
    batch: 4,
  });
  const model = artifactOf(compiled, 'training-info');
  const [info] = model.trainingInfo;
  invariant(info?.algorithm && info.initialization, 'the model has training info');
  const { algorithm, initialization, initializationBinding, updateBinding } = info;
  const inputs = compiled.manifest.artifacts.train?.inputs ?? [];
  const carried = inputs.filter(({ role }) => ['param', 'buffer', 'state', 'ema'].includes(role));
  const [main, own] = [initializerNames(model.graph), initializerNames(algorithm)];

  it('binds everything that a step replaces to an initializer and an output of the algorithm', () => {
    const names = carried.map(({ name }) => name).toSorted();
    expect(names).toHaveLength(26 + 26 + 2 * 18);
    expect(Object.keys(updateBinding).toSorted()).toEqual(names);
    expect(Object.keys(initializationBinding).toSorted()).toEqual(names);
    for (const { name, role } of carried)
      expect(role === 'param' || role === 'buffer' ? main : own, role).toContain(name);
    expect(outputNames(algorithm)).toEqual(expect.arrayContaining(Object.values(updateBinding)));
    expect(outputNames(initialization).toSorted()).toEqual(
      Object.values(initializationBinding).toSorted(),
    );
  });

  it('shares no name between the graphs but those that the algorithm reads', () => {
    const made = new Set(model.graph.nodes.flatMap(({ outputs }) => outputs));
    expect(own.filter((name) => main.includes(name) || made.has(name))).toEqual([]);
    expect(new Set(own).size).toBe(own.length);
  });

  it('infers as the inference artifact does', async () => {
    const images = compiled.manifest.artifacts.infer?.inputs ?? [];
    const found = await runBytes(compiled.artifacts['training-info']?.onnx.bytes, images);
    expect(found).toEqual(await runArtifact(compiled, 'infer'));
  });

  it('has an algorithm that is the training step from the initial state', async () => {
    const initializers = [
      ...algorithm.initializers,
      ...model.graph.initializers.filter(({ name }) => name in updateBinding),
    ];
    const step = alone(model, { ...algorithm, initializers });
    const fed = inputs.filter((input) => !carried.includes(input));
    expect(algorithm.inputs.map(({ name }) => name).toSorted()).toEqual(
      fed.map(({ name }) => name).toSorted(),
    );
    const found = await runBytes(step, fed);
    const state = await runBytes(alone(model, initialization), []);
    const given = new Map(
      Object.entries(initializationBinding).map(([name, output]) => [
        name,
        state.get(output) ?? ndarray([0]),
      ]),
    );
    for (const [name, { data, shape }] of compiled.initial)
      expect(given.get(name)).toEqual(ndarray(shape, Float64Array.from(data, Number)));
    const wanted = await runArtifact(compiled, 'train', given);
    expect(found.size).toBe(wanted.size);
    for (const [name, { data }] of wanted)
      expect(relativeError(found.get(name)?.data ?? [], data), name).toBeLessThan(
        tolerances.float32,
      );
    expect(found.get('new.stem.weight')).not.toEqual(given.get('stem.weight'));
  });
});
