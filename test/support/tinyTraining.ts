import type { ArtifactInfo, Manifest, TensorInfo } from '../../src/contract/manifest.js';
import { GraphBuilder } from '../../src/compiler/onnx/builder.js';
import { writeModel } from '../../src/compiler/onnx/writer.js';
import { fnv1a32 } from '../../src/support/hash.js';
import type { OnnxValue } from '../../src/support/onnxValue.js';
import { batchDim, type Dim } from '../../src/support/shape.js';
import { tensorData, type TensorData } from '../../src/support/tensor.js';

/**
 * A linear least-squares model, written out by hand with momentum, a moving average, a running
 * statistic and a stochastic-depth mask: small enough to be followed in plain numbers.
 *   x = flatten(image) * mask / survival, logits = x w, loss = sum weight |logits - target|^2
 *   v' = 0.9 v + grad / sum weight, w' = w - learning_rate v', ema' = 0.5 ema + 0.5 w'
 *   mean' = 0.5 mean + 0.5 (sum of x over the rows)
 */
export const tiny = { pixels: 4, classes: 2, survival: 0.75, site: fnv1a32('drop') } as const;

interface Tiny {
  readonly manifest: Manifest;
  readonly artifacts: Readonly<Record<'train' | 'grad' | 'update' | 'infer', Uint8Array>>;
  readonly initial: Map<string, TensorData>;
}

const shapes = { w: [4, 2], mean: [4] };

const carried = {
  w: { name: 'w', role: 'param', dtype: 'float32', shape: shapes.w, param: 'w' },
  mean: { name: 'mean', role: 'buffer', dtype: 'float32', shape: shapes.mean, param: 'mean' },
  v: {
    name: 'optim.momentum.w',
    role: 'state',
    dtype: 'float32',
    shape: shapes.w,
    param: 'w',
    slot: 'momentum',
    initial: 'zeros',
  },
  ema: {
    name: 'ema.w',
    role: 'ema',
    dtype: 'float32',
    shape: shapes.w,
    param: 'w',
    initial: 'param',
  },
} as const satisfies Record<string, TensorInfo>;

const learningRate: TensorInfo = {
  name: 'learning_rate',
  role: 'hyper',
  dtype: 'float32',
  shape: [],
  default: 0.1,
};

function imageInfo(batch: number | string): TensorInfo {
  return { name: 'image', role: 'image', dtype: 'float32', shape: [batch, 1, 2, 2] };
}

function dataInfos(batch: number | string): TensorInfo[] {
  return [
    imageInfo(batch),
    { name: 'target', role: 'target', dtype: 'float32', shape: [batch, 2] },
    { name: 'weight', role: 'weight', dtype: 'float32', shape: [batch] },
    {
      name: 'mask',
      role: 'noise',
      dtype: 'float32',
      shape: [batch, 1, 1, 1],
      kind: 'stochasticDepth',
      site: tiny.site,
      siteName: 'drop',
      survival: tiny.survival,
    },
  ];
}

function next(info: TensorInfo): TensorInfo {
  const { initial: _, ...rest } = info;
  return { ...rest, name: `new.${info.name}`, replaces: info.name };
}

const scalar = (name: string, role: 'loss' | 'metric'): TensorInfo => {
  return { name, role, dtype: 'float32', shape: [] };
};

const gradInfo: TensorInfo = {
  name: 'grad.w',
  role: 'grad',
  dtype: 'float32',
  shape: shapes.w,
  param: 'w',
};

/** A graph under construction that reads its inputs by name. */
class Writer {
  readonly graph = new GraphBuilder({ opset: 17, name: 'tiny' });
  readonly b = this.graph.b;
  readonly #inputs = new Map<string, OnnxValue>();

  constructor(infos: readonly TensorInfo[]) {
    for (const { name, dtype, shape } of infos)
      this.#inputs.set(name, this.graph.input(name, dtype, dims(shape)));
  }

  get(name: string): OnnxValue {
    const value = this.#inputs.get(name);
    if (!value) throw new TypeError(`no input ${name}`);
    return value;
  }

  number(value: number): OnnxValue {
    return this.b.scalar(value);
  }

  finish(values: Readonly<Record<string, OnnxValue>>, infos: readonly TensorInfo[]): Uint8Array {
    for (const { name, dtype, shape } of infos) {
      const value = values[name];
      if (!value) throw new TypeError(`no output ${name}`);
      this.graph.output(value, name, dtype, dims(shape));
    }
    return writeModel(this.graph.build()).bytes;
  }
}

function dims(shape: TensorInfo['shape']): Dim[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : batchDim));
}

function gradients(w: Writer) {
  const { b } = w;
  const kept = b.Div(b.Mul(w.get('image'), w.get('mask')), w.number(tiny.survival));
  const x = b.Reshape(kept, b.ints(-1, 4));
  const difference = b.Sub(b.MatMul(x, w.get('w')), w.get('target'));
  const column = b.Unsqueeze(w.get('weight'), b.ints(1));
  const scaled = b.Mul(difference, column);
  const grad = b.Mul(b.MatMul(b.Transpose(x), scaled), w.number(2));
  const lossSum = b.ReduceSum(b.Mul(scaled, difference), null, { keepdims: 0 });
  const weightSum = b.ReduceSum(w.get('weight'), null, { keepdims: 0 });
  const half = w.number(0.5);
  const total = b.ReduceSum(x, b.ints(0), { keepdims: 0 });
  const mean = b.Add(b.Mul(w.get('mean'), half), b.Mul(total, half));
  return { grad, lossSum, weightSum, mean };
}

function updated(w: Writer, grad: OnnxValue, weightSum: OnnxValue) {
  const { b } = w;
  const v = b.Add(b.Mul(w.get('optim.momentum.w'), w.number(0.9)), b.Div(grad, weightSum));
  const param = b.Sub(w.get('w'), b.Mul(v, w.get('learning_rate')));
  const half = w.number(0.5);
  const ema = b.Add(b.Mul(w.get('ema.w'), half), b.Mul(param, half));
  return { 'new.w': param, 'new.optim.momentum.w': v, 'new.ema.w': ema };
}

function trainArtifact(batch: number | string): [ArtifactInfo, Uint8Array] {
  const { w, mean, v, ema } = carried;
  const inputs = [...dataInfos(batch), w, mean, v, ema, learningRate];
  const outputs = [
    ...[w, v, ema, mean].map(next),
    scalar('loss', 'loss'),
    scalar('scale', 'metric'),
  ];
  const writer = new Writer(inputs);
  const { grad, lossSum, weightSum, mean: newMean } = gradients(writer);
  const bytes = writer.finish(
    {
      ...updated(writer, grad, weightSum),
      'new.mean': newMean,
      loss: writer.b.Div(lossSum, weightSum),
      scale: weightSum,
    },
    outputs,
  );
  return [{ file: 'train.onnx', inputs, outputs }, bytes];
}

function gradArtifact(batch: number | string): [ArtifactInfo, Uint8Array] {
  const { w, mean } = carried;
  const inputs = [...dataInfos(batch), w, mean];
  const outputs = [
    scalar('loss_sum', 'loss'),
    scalar('weight_sum', 'metric'),
    gradInfo,
    next(mean),
  ];
  const writer = new Writer(inputs);
  const { grad, lossSum, weightSum, mean: newMean } = gradients(writer);
  const values = { loss_sum: lossSum, weight_sum: weightSum, 'grad.w': grad, 'new.mean': newMean };
  return [{ file: 'grad.onnx', inputs, outputs }, writer.finish(values, outputs)];
}

function updateArtifact(): [ArtifactInfo, Uint8Array] {
  const { w, v, ema } = carried;
  const inputs = [w, v, ema, gradInfo, scalar('weight_sum', 'metric'), learningRate];
  const outputs = [w, v, ema].map(next);
  const writer = new Writer(inputs);
  const values = updated(writer, writer.get('grad.w'), writer.get('weight_sum'));
  return [{ file: 'update.onnx', inputs, outputs }, writer.finish(values, outputs)];
}

function inferArtifact(batch: number | string): [ArtifactInfo, Uint8Array] {
  const inputs = [imageInfo(batch), carried.w];
  const outputs: TensorInfo[] = [
    { name: 'logits', role: 'logits', dtype: 'float32', shape: [batch, 2] },
  ];
  const writer = new Writer(inputs);
  const { b } = writer;
  const logits = b.MatMul(b.Reshape(writer.get('image'), b.ints(-1, 4)), writer.get('w'));
  return [{ file: 'infer.onnx', inputs, outputs }, writer.finish({ logits }, outputs)];
}

/** The model with its artifacts for a batch, and initial weights. */
export function tinyTraining(batch: number | 'dynamic'): Tiny {
  const dim = batch === 'dynamic' ? 'N' : batch;
  const [train, trainBytes] = trainArtifact(dim);
  const [grad, gradBytes] = gradArtifact(dim);
  const [update, updateBytes] = updateArtifact();
  const [infer, inferBytes] = inferArtifact(dim);
  return {
    manifest: {
      format: 'gradus-manifest',
      version: 1,
      name: 'tiny',
      model: 'tiny.model.ts',
      architectureHash: 'tiny-1',
      target: 'portable',
      opset: 17,
      batch,
      classes: 2,
      image: [1, 2, 2],
      imageFormat: 'float32-nchw',
      optimizer: 'sgd',
      params: [
        { name: 'w', kind: 'param', shape: shapes.w, decay: true },
        { name: 'mean', kind: 'buffer', shape: shapes.mean, decay: false },
      ],
      artifacts: { train, grad, update, infer },
    },
    artifacts: { train: trainBytes, grad: gradBytes, update: updateBytes, infer: inferBytes },
    initial: new Map([
      ['w', tensorData('float32', shapes.w, [0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, -0.8])],
      ['mean', tensorData('float32', shapes.mean, [0, 0, 0, 0])],
    ]),
  };
}
