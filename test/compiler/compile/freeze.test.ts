import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile/compile.js';
import { Programs } from '../../../src/compiler/compile/programs.js';
import type { Program } from '../../../src/compiler/compile/program.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import type { Graph } from '../../../src/compiler/ir/graph.js';
import { ndarray, type NdArray } from '../../../src/compiler/ir/ndarray.js';
import { createOptimizer } from '../../../src/compiler/optim/index.js';
import { optimize } from '../../../src/compiler/passes/pipeline.js';
import type { Model } from '../../../src/language/nn/index.js';
import { normFreeNet, tinyNet } from '../../support/tinyDigits.js';
import { relativeError, tolerances } from '../../support/tolerances.js';
import { runArtifact, valueOf } from './artifacts.js';
import { mbConvNet } from './trajectory/nets.js';

const everything = { emaDecay: 0.99, optimizer: { kind: 'rmspropTf', weightDecay: 1e-4 } } as const;
const shallow = ['conv_stem', 'bn1', 'blocks.0', 'blocks.1'];

function options(freeze: readonly string[], batch = 4) {
  return {
    trace: { batch, dtype: 'float64', freeze } as const,
    update: { optimizer: createOptimizer({ kind: 'sgd', weightDecay: 0.1 }), ema: true },
    labelSmoothing: 0.1,
  };
}

/** Outermost names of the layers whose nodes of the backward pass a graph has. */
function differentiated(graph: Graph): Set<string> {
  const backward = graph.nodes.filter(({ origin }) => origin.phase === 'backward');
  return new Set(backward.map(({ origin }) => origin.scope.split('.').slice(0, 2).join('.')));
}

/** Results of a program in float64 on numbers of their own for each input, or on what is `given`. */
function run(program: Program, given: ReadonlyMap<string, NdArray> = new Map()) {
  const feeds = program.graph.inputs.map(({ name, value }) => {
    const value64 = given.get(name) ?? valueOf(program.inputInfo(name, value), 4);
    return [name, value64] as const;
  });
  return evaluate(program.graph, new Map(feeds));
}

function gradientsOf(model: Model, freeze: readonly string[], given?: Map<string, NdArray>) {
  const results = run(new Programs(model, options(freeze)).grad(), given);
  return new Map([...results].filter(([name]) => name.startsWith('grad.')));
}

describe('frozen parameters', () => {
  it('have no gradient, optimizer state or average, and are the artifact\u2019s inputs still', () => {
    const { manifest } = compile(mbConvNet, { ...everything, batch: 4, freeze: shallow });
    const names = (side: 'inputs' | 'outputs') =>
      manifest.artifacts.train?.[side].map(({ name }) => name) ?? [];
    const frozen = manifest.params.filter((param) => param.frozen).map(({ name }) => name);
    expect(frozen).toContain('blocks.1.se.conv_reduce.bias');
    expect(frozen).toContain('bn1.running_mean');
    expect(frozen.every((name) => shallow.some((prefix) => name.startsWith(`${prefix}.`)))).toBe(
      true,
    );
    for (const { name, kind } of manifest.params) {
      const trained = !frozen.includes(name);
      expect(names('inputs')).toContain(name);
      expect(names('outputs').includes(`new.${name}`), name).toBe(trained);
      expect(names('inputs').includes(`ema.${name}`), name).toBe(trained);
      expect(names('inputs').includes(`optim.momentum.${name}`)).toBe(trained && kind === 'param');
    }
  });

  it('are left out of what grad gives and update takes', () => {
    const artifacts = ['grad', 'update'] as const;
    const { manifest } = compile(mbConvNet, {
      ...everything,
      batch: 4,
      freeze: shallow,
      artifacts,
    });
    const { grad, update } = manifest.artifacts;
    const named = [...(grad?.outputs ?? []), ...(update?.inputs ?? []), ...(update?.outputs ?? [])];
    const touched = named.filter(({ param = '' }) => param.startsWith('blocks.0.'));
    expect(touched).toEqual([]);
    expect(grad?.inputs.some(({ name }) => name === 'blocks.0.bn1.running_var')).toBe(true);
  });

  it('end the backward pass: below the lowest layer that is trained it has no node', () => {
    const graphOf = (freeze: readonly string[]) =>
      optimize(new Programs(mbConvNet, options(freeze)).train().graph, { verify: true });
    const [all, some] = [graphOf([]), graphOf(shallow)];
    expect(differentiated(all)).toContain('blocks.0');
    const layers = differentiated(some);
    expect([...shallow, 'conv_stem'].filter((name) => layers.has(name))).toEqual([]);
    expect(layers).toContain('blocks.2');
    // The input of blocks.2 needs no gradient either, so its expansion has that of its kernel alone.
    const lowest = some.nodes.filter(({ origin }) => origin.scope === 'blocks.2.conv_pw');
    expect(lowest.map(({ op }) => op.name)).toContain('convKernelGrad');
    expect(lowest.map(({ op }) => op.name)).not.toContain('convInputGrad');
  });

  it('let gradients through to what lies below them, and have none of their own', () => {
    const graph = optimize(new Programs(mbConvNet, options(['blocks.1'])).train().graph);
    const kinds = graph.nodes
      .filter(({ origin }) => origin.phase === 'backward' && origin.scope.startsWith('blocks.1.'))
      .map(({ op }) => op.name);
    expect(kinds).toContain('convInputGrad');
    expect(kinds).not.toContain('convKernelGrad');
    expect(kinds).not.toContain('batchNormGrad');
  });

  it('change no gradient of the others', () => {
    const all = gradientsOf(normFreeNet(), []);
    const some = gradientsOf(normFreeNet(), ['stem', 'conv.bias']);
    expect([...some.keys()]).toEqual([
      'grad.conv.weight',
      'grad.classifier.weight',
      'grad.classifier.bias',
    ]);
    for (const [name, { data }] of some) expect(data, name).toEqual(all.get(name)?.data);
  });

  it('change no gradient of the others where running statistics are those of the batch', () => {
    const given = new Map([
      ['bn.running_mean', ndarray([4])],
      ['bn.running_var', ndarray([4])],
    ]);
    const unfrozen = run(new Programs(tinyNet(), options([])).grad(), given);
    // From 0 the new running statistics are a tenth of the batch's; the variance's is unbiased.
    const count = 4 * 3 * 3;
    const statistics = { 'bn.running_mean': 10, 'bn.running_var': (10 * (count - 1)) / count };
    for (const [name, factor] of Object.entries(statistics)) {
      const data = unfrozen.get(`new.${name}`)?.data.map((v) => v * factor);
      given.set(name, ndarray([4], data));
    }
    const frozen = gradientsOf(tinyNet(), ['stem', 'bn'], given);
    expect(frozen.size).toBe([...unfrozen.keys()].filter((n) => n.startsWith('grad.')).length - 3);
    for (const [name, { data }] of frozen)
      expect(relativeError(data, unfrozen.get(name)?.data ?? []), name).toBeLessThan(
        tolerances.float64Network,
      );
  });

  it('draw no noise in their blocks, as in evaluation', () => {
    const masks = (freeze: readonly string[]) =>
      compile(tinyNet(), { freeze })
        .manifest.artifacts.train?.inputs.filter(({ role }) => role === 'noise')
        .map(({ siteName }) => siteName);
    expect(masks([])).toEqual(['block.drop_path', 'classifier.dropout']);
    expect(masks(['stem', 'bn', 'block'])).toEqual(['classifier.dropout']);
  });

  it('leave a batch norm in training of which one parameter alone is frozen', () => {
    const { manifest } = compile(tinyNet(), { freeze: ['bn.weight'], artifacts: ['grad'] });
    const outputs = manifest.artifacts.grad?.outputs.map(({ name }) => name);
    expect(outputs).toContain('new.bn.running_mean');
    expect(outputs).toContain('grad.bn.bias');
    expect(outputs).not.toContain('grad.bn.weight');
  });

  it.each(['forward', 'training-info'] as const)('are spelled in %s, too', async (kind) => {
    const artifacts = [kind, 'infer'] as const;
    const compiled = compile(mbConvNet, { ...everything, batch: 4, freeze: shallow, artifacts });
    const results = await runArtifact(compiled, kind === 'forward' ? kind : 'infer');
    expect(results.get('logits')?.data.every(Number.isFinite)).toBe(true);
  });

  it('change neither the architecture nor any other graph than those of training', () => {
    const artifacts = ['infer'] as const;
    const [all, some] = [[], shallow].map((freeze) => compile(mbConvNet, { artifacts, freeze }));
    expect(some?.manifest.architectureHash).toBe(all?.manifest.architectureHash);
    expect(some?.artifacts.infer?.onnx.bytes).toEqual(all?.artifacts.infer?.onnx.bytes);
  });
});

describe('a name to freeze', () => {
  const freezing =
    (...freeze: string[]) =>
    () =>
      compile(mbConvNet, { freeze });

  it('that no parameter has is refused with the nearest one', () => {
    expect(freezing('conv_stern')).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: freeze: mb-conv-net has no parameters below "conv_stern"]`,
    );
    expect(freezing('conv_stern')).toThrow(
      expect.objectContaining({ code: 'freeze-unknown', hint: 'did you mean conv_stem?' }),
    );
    expect(freezing('block.1')).toThrow(
      expect.objectContaining({ hint: 'did you mean blocks.1?' }),
    );
    expect(freezing('encoder')).toThrow(
      expect.objectContaining({
        hint: 'use dotted names of layers, as `gradus inspect MODEL` lists them',
      }),
    );
  });

  it('covers whole parts of names: blocks.1 is not blocks.10, and conv is no part of conv_stem', () => {
    expect(freezing('conv')).toThrow(/no parameters below "conv"/);
    expect(freezing('blocks.')).toThrow(/no parameters below "blocks\."/);
  });

  it('is refused where nothing would be left to train', () => {
    expect(
      freezing('conv_stem', 'bn1', 'blocks', 'conv_head', 'bn2', 'classifier'),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: freeze: no parameter of mb-conv-net is left to train]`,
    );
  });
});
