import { describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../../src/contract/manifest.js';
import { compile } from '../../../../src/compiler/compile/compile.js';
import { compileInference, type Inference } from '../../../../src/compiler/compile/inference.js';
import { Graph, type Value } from '../../../../src/compiler/ir/graph.js';
import { findShippedModel } from '../../../../src/language/models/index.js';
import type { OnnxAttribute, OnnxModel, OnnxTensor } from '../../../../src/compiler/onnx/model.js';
import {
  batchNorm,
  classifier,
  conv2d,
  defineModel,
  image,
  silu,
} from '../../../../src/language/nn/index.js';
import { readModel } from '../../../../src/compiler/onnx/reader.js';
import { writeModel } from '../../../../src/compiler/onnx/writer.js';
import { conv, convInputGrad, convKernelGrad } from '../../../../src/compiler/ops/conv.js';
import { matmul } from '../../../../src/compiler/ops/matmul.js';
import { padAxis } from '../../../../src/compiler/ops/shape.js';
import type { StepRunner } from '../../../../src/runtime/engine/step.js';
import {
  createAccumulateRunner,
  createTrainRunner,
} from '../../../../src/runtime/engine/stepLoop.js';
import type { Session } from '../../../../src/runtime/engine/executor.js';
import { onnxruntimeNode } from '../../../../src/runtime/executors/onnxruntimeNode.js';
import { dtypes } from '../../../../src/support/dtype.js';
import { invariant } from '../../../../src/support/errors.js';
import { fromFloat16 } from '../../../../src/support/halfFloats.js';
import { tensorData, zeroTensor, type TensorData } from '../../../../src/support/tensor.js';
import { webgpuTarget } from '../../../../src/compiler/targets/webgpu/index.js';
import { artifactOf, opTypes, runBytes, someWeights, valueOf } from '../../compile/artifacts.js';
import { holdDevice } from '../../../support/heldDevice.js';
import { spell } from '../../../support/spell.js';
import { noWebgpu, onWebgpu } from '../../../support/swiftshader.js';
import { expectNear, expectStepsOfFloat16 } from '../../../support/nearSteps.js';
import { tinyNet } from '../../../support/tinyDigits.js';
import { accumulateRunner, batchOfStep, stateOf, trainRunner } from '../../../support/tinySteps.js';
import { relativeNorm, tolerances } from '../../../support/tolerances.js';

const options = {
  artifacts: ['train', 'grad', 'update'],
  batch: 8,
  emaDecay: 0.9,
  maxNorm: 1,
  imageFormat: 'uint8-nhwc',
} as const;
const target = webgpuTarget;
const half = compile(tinyNet(), { ...options, target, precision: 'float16', checkpointing: true });

/** Without the block, whose shaders would take most of the time. */
const plain = defineModel({
  name: 'plain',
  input: image(1, 8, 8),
  classes: 4,
  build(x, { classes }) {
    x = conv2d(x, { name: 'stem', out: 4, kernel: 3, stride: 2, bias: false });
    return classifier(silu(batchNorm(x, { name: 'bn' })), { classes, dropout: 0.2 });
  },
});
const exactPlain = compile(plain, options);
const halfPlain = compile(plain, { ...options, target, precision: 'float16', checkpointing: true });

const scaling = ['optim.lossScale', 'optim.goodSteps', 'optim.skippedSteps'];

const scalar = (value: number): TensorData => tensorData('float32', [], [value]);

describe('float16 on the WebGPU target', () => {
  it('gives the losses and weights of the portable graph, run on the CPU', async () => {
    const portable = compile(tinyNet(), { ...options, precision: 'float16' });
    await expectStepsOfFloat16(half, portable);
  });

  const x = [2, 4, 5, 5];
  const window = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1] } as const;
  const depthwise = { ...window, groups: 4 };

  it.each<[string, readonly number[], (a: Value, b: Value) => Value, string[]]>([
    [
      'a convolution of 36 taps',
      [3, 4, 3, 3],
      (a, w) => conv(a, w, undefined, { ...window, groups: 1 }),
      ['Cast', 'Cast', 'Conv', 'Cast'],
    ],
    ['a depthwise one', [4, 1, 3, 3], (a, w) => conv(a, w, undefined, depthwise), ['Conv']],
    [
      "its input's gradient",
      [4, 1, 3, 3],
      (dy, w) => convInputGrad(dy, w, { ...depthwise, input: [5, 5] }),
      ['Slice', 'Conv'],
    ],
    [
      "its kernel's gradient",
      x,
      (a, dy) => convKernelGrad(a, dy, { ...depthwise, kernel: [3, 3] }),
      ['Cast', 'Cast', 'Reshape', 'Transpose', 'Reshape', 'Transpose', 'Conv', 'Transpose', 'Cast'],
    ],
    [
      'a product over 33 columns',
      [2, 4, 33, 2],
      (a, b) => matmul(padAxis(a, { axis: 3, before: 0, after: 28 }), b, {}),
      ['Pad', 'Cast', 'Cast', 'MatMul', 'Cast'],
    ],
    ['a product over 5 columns', [2, 4, 5, 2], (a, b) => matmul(a, b, {}), ['MatMul']],
  ])('adds up in float32 what is long: %s', (_, shape, build, wanted) => {
    const graph = new Graph('sums');
    const [a, b] = [graph.input('a', 'float16', x), graph.input('b', 'float16', [...shape])];
    graph.output('y', build(a, b));
    const types = opTypes(spell('sums', 21, [graph], target).graph);
    expect(types.filter((type) => type !== 'Constant')).toEqual(wanted);
  });
});

// SwiftShader has no 16-bit floats: the provider looks for kernels when it loads, and for the device's
// 16-bit floats when it runs.
describe.skipIf(noWebgpu)(onWebgpu('float16 and the WebGPU provider'), { timeout: 120_000 }, () => {
  holdDevice();

  it('has a kernel for every node of a step of an MBConv net, and of a ResNet with its max pooling', async () => {
    const model = findShippedModel('resnet18')?.model;
    invariant(model, 'resnet18 is shipped');
    const request = {
      ...options,
      target,
      precision: 'float16',
      optimizer: { kind: 'adamw' },
    } as const;
    const resnet = compile(model, { ...request, artifacts: ['train'], batch: 2 });
    for (const { artifacts } of [half, resnet])
      for (const { onnx } of Object.values(artifacts)) {
        const session = await webgpu.create(onnx.bytes, { training: true });
        await session.release();
      }
  });

  it('labels there as float32 does on the CPU', async () => {
    const weights = someWeights(exactPlain);
    const request = { weights, file: 'infer.onnx', trace: { batch: 4 } } as const;
    const exact = compileInference(plain, request);
    const half = compileInference(plain, { ...request, target, precision: 'float16' });
    const wanted = await runBytes(exact.onnx.bytes, exact.inputs);
    const image = tensorData('float32', [4, 1, 8, 8], valueOf(imageOf(exact), 4).data);
    const logits = zeroTensor('float32', [4, 4]);
    const session = await webgpu.create(widened(readModel(half.onnx.bytes)));
    await session.run({ image }, { logits });
    await session.release();
    const found = Array.from(logits.data, Number);
    // Its weights are rounded to 16 bits.
    const rounded = relativeNorm(found, [...(wanted.get('logits')?.data ?? [])]);
    expect(rounded).toBeLessThan(tolerances.float16);
  });

  it('finds what the provider lacks', async () => {
    const graph = new Graph('doubles');
    const [a, b] = ['a', 'b'].map((name) => graph.input(name, 'float64', [2, 3]));
    if (a && b) graph.output('y', matmul(a, b, { transB: true }));
    const model = writeModel(spell('doubles', 21, [graph], target)).bytes;
    await expect(webgpu.create(model)).rejects.toThrow('cannot run');
  });

  it('keeps the loss scale and its counts on the device', async () => {
    const [wanted, runner] = [await trainRunner(exactPlain), await deviceRunner()];
    for (let step = 0; step < 3; step++) {
      const { loss } = await wanted.run(batchOfStep(exactPlain, step), { step });
      const request = { step, hypers: { loss_scale_growth: 2 } };
      const result = await runner.run(batchOfStep(halfPlain, step), request);
      expect(relativeNorm([result.loss], [loss])).toBeLessThan(tolerances.devices);
      expect(result.metrics['skipped']).toBe(0);
    }
    const state = await stateOf(runner);
    expect(scaling.map((key) => state.get(key)?.data[0])).toEqual([2048, 1, 0]);
    expectNear(state, await stateOf(wanted), tolerances.devices);
    await runner.release();
  });

  it('skips a step that overflows there, and counts it', async () => {
    const runner = await deviceRunner();
    await runner.run(batchOfStep(halfPlain, 0), { step: 0 });
    const before = (await stateOf(runner)).set('optim.lossScale', scalar(2 ** 127));
    await runner.buffers.load(before);
    const { metrics } = await runner.run(batchOfStep(halfPlain, 1), { step: 1 });
    expect(metrics['skipped']).toBe(1);
    const after = await stateOf(runner);
    expect(scaling.map((key) => after.get(key)?.data[0])).toEqual([2 ** 126, 0, 1]);
    for (const [key, tensor] of before)
      if (!scaling.includes(key)) expect(after.get(key), key).toEqual(tensor);
    await runner.release();
  });

  it('scales the loss of micro-batches there', async () => {
    const [wanted, runner] = [await accumulateRunner(exactPlain, 2), await deviceRunner(2)];
    for (let step = 0; step < 2; step++) {
      const { loss } = await wanted.run(batchOfStep(exactPlain, step, 16), { step });
      const result = await runner.run(batchOfStep(halfPlain, step, 16), { step });
      expect(relativeNorm([result.loss], [loss])).toBeLessThan(tolerances.devices);
      expect(result.metrics['skipped']).toBe(0);
    }
    expectNear(await stateOf(runner), await stateOf(wanted), tolerances.devices);
    await runner.release();
  });
});

function imageOf({ inputs: [image] }: Inference): TensorInfo {
  invariant(image, 'a network takes an image');
  return image;
}

const webgpu = onnxruntimeNode({ providers: ['webgpu'], strict: true });

/** Steps of the float16 graphs on the device, in float32: all but the rounding is as it would be. */
async function deviceRunner(count?: number): Promise<StepRunner> {
  const open = (kind: 'train' | 'grad' | 'update'): Promise<Session> =>
    webgpu.create(widened(artifactOf(halfPlain, kind)), { training: true, results: 'device' });
  const settings = { seed: 1, executor: webgpu };
  const runner =
    count === undefined
      ? await createTrainRunner(halfPlain.manifest, await open('train'), settings)
      : await createAccumulateRunner(
          halfPlain.manifest,
          { grad: await open('grad'), update: await open('update') },
          count,
          settings,
        );
  await runner.buffers.initialize(halfPlain.initial.held());
  return runner;
}

/** A model whose float16 values are float32 ones. */
function widened(model: OnnxModel): Uint8Array {
  const nodes = model.graph.nodes.map((node) => ({
    ...node,
    attributes: new Map(
      Array.from(node.attributes, ([name, value]) => [name, wideAttribute(name, value)] as const),
    ),
  }));
  const initializers = model.graph.initializers.map(({ name, tensor }) => ({
    name,
    tensor: wideTensor(tensor),
  }));
  const graph: OnnxModel['graph'] = { ...model.graph, nodes, initializers, valueInfo: [] };
  return writeModel({ ...model, graph }).bytes;
}

function wideAttribute(name: string, attribute: OnnxAttribute): OnnxAttribute {
  if (attribute.type === 'tensor') return { ...attribute, value: wideTensor(attribute.value) };
  const isHalf =
    name === 'to' && attribute.type === 'int' && attribute.value === dtypes.float16.onnx;
  return isHalf ? { type: 'int', value: dtypes.float32.onnx } : attribute;
}

function wideTensor(tensor: OnnxTensor): OnnxTensor {
  return tensor.dtype === 'float16' && tensor.data instanceof Uint16Array
    ? { dtype: 'float32', shape: tensor.shape, data: fromFloat16(tensor.data) }
    : tensor;
}
