import { describe, expect, it } from 'vitest';
import { onnx } from '../../../generated/proto/onnx.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { tensorData } from '../../../src/support/tensor.js';
import { exampleModel } from './exampleModel.js';

/** More nodes than are encoded at a time, and a tensor that is a part of its own. */
function bigModel() {
  const builder = new GraphBuilder({ opset: 21, name: 'big' });
  const weight = tensorData('float32', [256, 256], new Float64Array(65_536).fill(0.5));
  let x = builder.initializer('weight', weight);
  builder.initializer('small', tensorData('float32', [3], [1, 2, 3]));
  for (let i = 0; i < 3000; i++) x = builder.at({ name: `layer${i}` }, () => builder.b.Neg(x));
  builder.output(x, 'y', 'float32', [256, 256]);
  return { model: builder.build({ docString: 'big' }), weight };
}

describe('an encoded model', () => {
  const { model, weight } = bigModel();

  it.each([
    ['small', exampleModel(21)],
    ['with functions and training', { ...exampleModel(17), trainingInfo: [trainingInfo()] }],
    ['of many nodes and a big tensor', model],
  ])('%s is what the encoder of the whole message writes', (_, it) => {
    const { bytes } = writeModel(it);
    const whole = onnx.ModelProto.encode(onnx.ModelProto.decode(bytes)).finish();
    expect(Buffer.from(bytes).equals(whole)).toBe(true);
  });

  it('holds a big tensor as it is, and everything else in few parts', () => {
    const { parts, bytes } = writeModel(model);
    expect(parts.filter(({ buffer }) => buffer === weight.data.buffer)).toHaveLength(1);
    expect(parts.length).toBeLessThan(10);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });
});

function trainingInfo() {
  const builder = new GraphBuilder({ opset: 17, name: 'initialization' });
  const big = tensorData('float32', [20_000], new Float64Array(20_000).fill(2));
  builder.output(builder.b.ownConstant(big), 'start', 'float32', [20_000]);
  const initialization = builder.buildGraph();
  return { initialization, initializationBinding: { w: 'start' }, updateBinding: {} };
}
