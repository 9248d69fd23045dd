import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile/compile.js';
import {
  compileInference,
  type InferenceRequest,
} from '../../../src/compiler/compile/inference.js';
import { findShippedModel } from '../../../src/language/models/index.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { invariant } from '../../../src/support/errors.js';
import { cudaTarget } from '../../../src/compiler/targets/cuda/index.js';
import { relativeNorm, tolerances } from '../../support/tolerances.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { nodesOutside } from '../targets/cuda/kernels.js';
import { opTypes, runBytes, someWeights } from './artifacts.js';

const initialOf = (model: Parameters<typeof compile>[0]) =>
  compile(model, { artifacts: ['init'] }).initial.held();

describe('a network that labels on CUDA', () => {
  it.each([
    ['efficientnet_b0', 'float32'],
    ['efficientnet_b0', 'float16'],
    ['wrn_28_2', 'float16'],
    ['resnet18', 'float16'],
  ] as const)('is written at the opset whose kernels there are: %s in %s', (name, precision) => {
    const model = findShippedModel(name)?.model;
    invariant(model, `${name} is shipped`);
    const { onnx } = compileInference(model, {
      weights: initialOf(model),
      file: 'infer.onnx',
      target: cudaTarget,
      precision,
      trace: { batch: 4, imageFormat: 'uint8-nhwc' },
    });
    const written = readModel(onnx.bytes);
    expect(written.opsets.find(({ domain }) => domain === '')?.version).toBe(18);
    expect(nodesOutside(written)).toEqual([]);
  });
});

describe('a network that labels in float16', () => {
  const model = tinyNet();
  const weights = someWeights(compile(model, { artifacts: ['init'] }));
  const compiledIn = (more: Partial<InferenceRequest>) =>
    compileInference(model, {
      weights,
      file: 'infer.onnx',
      trace: { batch: 4, imageFormat: 'uint8-nhwc' },
      ...more,
    });
  const half = compiledIn({ precision: 'float16' });

  it('gives the scores of float32 but for rounding, as float32', async () => {
    const exact = compiledIn({});
    const [wanted, found] = [
      await runBytes(exact.onnx.bytes, exact.inputs),
      await runBytes(half.onnx.bytes, half.inputs),
    ].map((results) => results.get('logits')?.data ?? []);
    const difference = relativeNorm([...(found ?? [])], [...(wanted ?? [])]);
    expect(difference).toBeLessThan(tolerances.float16);
    expect(difference).toBeGreaterThan(0);
    expect(half.outputs).toEqual(exact.outputs);
  });

  it('holds its kernels in 16 bits, and casts none while it runs', () => {
    const { graph } = readModel(half.onnx.bytes);
    const kernels = graph.initializers.filter(
      ({ name, tensor }) => name.endsWith('weight') && tensor.shape.length > 1,
    );
    expect(kernels.length).toBeGreaterThan(3);
    expect(new Set(kernels.map(({ tensor }) => tensor.dtype))).toEqual(new Set(['float16']));
    const names = new Set(graph.initializers.map(({ name }) => name));
    const casts = graph.nodes.filter(({ opType }) => opType === 'Cast');
    expect(opTypes({ nodes: casts }).length).toBeGreaterThan(0);
    for (const { inputs } of casts) expect(names).not.toContain(inputs[0]);
  });
});
