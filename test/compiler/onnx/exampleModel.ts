import type { OpsetVersion } from '../../../generated/onnx/index.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import type { OnnxGraph, OnnxModel } from '../../../src/compiler/onnx/model.js';
import type { OnnxValue } from '../../../src/support/onnxValue.js';
import { batchDim } from '../../../src/support/shape.js';
import { tensorData } from '../../../src/support/tensor.js';

const filled = (shape: number[], value: number) =>
  tensorData('float32', shape, Array<number>(shape.reduce((a, b) => a * b, 1)).fill(value));

/** Conv, batch norm in training mode, a model-local function, dropout and a linear layer. */
export function exampleBuilder(opset: OpsetVersion): GraphBuilder {
  const builder = new GraphBuilder({ opset, name: 'example' });
  const { b } = builder;
  const at = (name: string, line: number, emit: () => OnnxValue): OnnxValue =>
    builder.at({ name, source: { file: 'my.model.ts', line, column: 9 } }, emit);
  const x = builder.input('image', 'float32', [batchDim, 3, 8, 8]);
  const mask = builder.input('mask', 'float32', [batchDim, 1, 1, 1]);
  let y = at('blocks.0.conv', 31, () =>
    b.Conv(x, builder.initializer('blocks.0.conv.weight', filled([4, 3, 3, 3], 0.1)), null, {
      kernel_shape: [3, 3],
      pads: [1, 1, 1, 1],
    }),
  );
  y = at('blocks.0.bn', 32, () => {
    const scale = builder.initializer('blocks.0.bn.weight', filled([4], 1));
    const bias = builder.initializer('blocks.0.bn.bias', filled([4], 0));
    const mean = builder.initializer('blocks.0.bn.running_mean', filled([4], 0));
    const variance = builder.initializer('blocks.0.bn.running_var', filled([4], 1));
    const attributes = { training_mode: 1, momentum: 0.9 };
    const [out, newMean, newVar] = b.BatchNormalization(
      y,
      scale,
      bias,
      mean,
      variance,
      attributes,
      3,
    );
    builder.output(newMean, 'new_mean', 'float32', [4]);
    builder.output(newVar, 'new_var', 'float32', [4]);
    return out;
  });
  const stochasticDepth = builder.defineFunction(
    {
      name: 'StochasticDepth',
      domain: 'ai.gradus',
      inputs: ['x', 'mask'],
      outputs: ['y'],
      attributes: ['survival'],
    },
    ([value, keep], attribute) => {
      if (!value || !keep) return [];
      return [b.Div(b.Mul(value, keep), attribute('survival'))];
    },
  );
  y = at('blocks.0.drop_path', 33, () => {
    const [out = y] = builder.call(stochasticDepth, [y, mask], { survival: 0.5 });
    return out;
  });
  y = at('classifier.dropout', 34, () =>
    b.Dropout(y, b.scalar(0), b.constant(tensorData('bool', [], [1])), { seed: 7 }),
  );
  y = at('classifier', 35, () => {
    const flat = b.Flatten(b.GlobalAveragePool(y), { axis: 1 });
    return b.Gemm(flat, builder.initializer('classifier.weight', filled([10, 4], 0.5)), null, {
      transB: 1,
    });
  });
  builder.output(y, 'logits', 'float32', [batchDim, 10]);
  return builder;
}

export function exampleModel(opset: OpsetVersion): OnnxModel {
  const model = exampleBuilder(opset).build({ metadata: { 'gradus.kind': 'forward' } });
  return { ...model, trainingInfo: [trainingInfo(opset)] };
}

function trainingInfo(opset: OpsetVersion): OnnxModel['trainingInfo'][number] {
  return {
    initialization: initialization(opset),
    algorithm: algorithm(opset),
    initializationBinding: { 'classifier.weight': 'initial.weight' },
    updateBinding: { 'classifier.weight': 'next.weight' },
  };
}

function initialization(opset: OpsetVersion): OnnxGraph {
  const builder = new GraphBuilder({ opset, name: 'initialization' });
  const shape = [10, 4];
  const value = builder.b.RandomNormal({ shape, scale: 0.01, dtype: 1 });
  builder.output(value, 'initial.weight', 'float32', shape);
  return builder.buildGraph();
}

function algorithm(opset: OpsetVersion): OnnxGraph {
  const builder = new GraphBuilder({ opset, name: 'algorithm' });
  const { b } = builder;
  const rate = builder.input('lr', 'float32', []);
  const weight = builder.outer('classifier.weight');
  builder.output(b.Sub(weight, b.Mul(rate, weight)), 'next.weight', 'float32', [10, 4]);
  return builder.buildGraph();
}
