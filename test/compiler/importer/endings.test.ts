import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/compiler/importer/importOnnx.js';
import { invariant } from '../../../src/support/errors.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { graphOf, noise, type GraphSpec } from './graphs.js';
import { temporaryFolder } from '../../support/folder.js';
import { classifierOf, differenceOf, importedTogether } from './imported.js';

const bytesOf = (spec: GraphSpec): Uint8Array => writeModel(graphOf(spec)).bytes;

const convolution: GraphSpec = {
  opset: 17,
  constants: { 'stem.weight': noise([4, 3, 1, 1]), w: noise([4, 7]) },
  nodes: [
    ['Conv', ['x', 'stem.weight'], ['c'], { kernel_shape: [1, 1] }],
    ['Relu', ['c'], ['r']],
    ['GlobalAveragePool', ['r'], ['p']],
    ['Flatten', ['p'], ['f']],
    ['MatMul', ['f', 'w'], ['l']],
    ['Softmax', ['l'], ['y']],
  ],
};

describe('the end of a foreign network', () => {
  it('has its softmax left out, which is said', () => {
    const { source, notes, output } = importOnnx(bytesOf(convolution), { name: 'soft' });
    expect(source).not.toContain('softmax');
    expect(notes).toEqual([
      'the softmax at the end (Softmax_5) was left out: training has it in its loss',
    ]);
    expect(output.name).toBe('l');
  });

  it('takes the number of classes from `build`, through pools and activations', async () => {
    const constants = { w: noise([6, 3, 1, 1]) };
    const model = graphOf({
      opset: 17,
      constants,
      nodes: [
        ['Conv', ['x', 'w'], ['c'], { kernel_shape: [1, 1] }],
        ['Relu', ['c'], ['r']],
        ['GlobalAveragePool', ['r'], ['p']],
        ['Flatten', ['p'], ['y']],
      ],
    });
    const [one] = await importedTogether([model], temporaryFolder());
    invariant(one, 'the model is imported');
    expect(one.imported.source).toContain('out: classes');
    expect(await differenceOf(one)).toBeLessThan(1e-5);
  });

  it('starts anew with another number of classes', () => {
    const { source, weights, notes } = importOnnx(bytesOf(convolution), { name: 'n', classes: 3 });
    expect(source).toContain('classes: 3,');
    expect([...weights.keys()]).toEqual(['stem.weight']);
    expect(notes.at(-1)).toBe('the layer of the 3 classes starts anew');
  });

  it('is a new classifier behind a cut', () => {
    const { source, weights } = importOnnx(bytesOf(convolution), {
      name: 'n',
      cut: 'r',
      classes: 3,
    });
    expect(source).toContain(
      "return classifier(x, { name: 'classifier', classes, dropout: drop });",
    );
    expect([...weights.keys()]).toEqual(['stem.weight']);
  });

  it('needs a number of classes if it is a map', () => {
    const model = bytesOf({ ...convolution, outputs: ['r'] });
    expect(() => importOnnx(model, { name: 'n', file: 'map.onnx' })).toThrow(
      'map.onnx ends in [N,4,6,5]: that has no number of classes',
    );
  });

  it('is the output of [N,classes] if there are several, which is said', () => {
    const model = bytesOf({ ...convolution, outputs: ['r', 'l'] });
    const { notes, weights } = importOnnx(model, { name: 'n' });
    expect(notes).toEqual(["of the file's outputs the model has l; it leaves out r"]);
    expect(weights.size).toBe(2);
  });
});

describe('a value that grows', () => {
  it('is joined to what is joined already', async () => {
    const model = classifierOf(
      [
        ['Relu', ['x'], ['a']],
        ['Concat', ['x', 'a'], ['p'], { axis: 1 }],
        ['Tanh', ['p'], ['b']],
        ['Concat', ['x', 'a', 'b'], ['v'], { axis: 1 }],
      ],
      4 * 90,
    );
    const [one] = await importedTogether([model], temporaryFolder());
    invariant(one, 'the model is imported');
    expect(one.imported.source).toContain('concat([x, tanh(x)])');
    expect(await differenceOf(one)).toBeLessThan(1e-5);
  });
});

describe('names of weights', () => {
  it('are those of the file if PyTorch gave them, else numbers by layer', () => {
    const constants = { 'a.0.weight': noise([4, 3, 1, 1]), onnx__Conv_12: noise([2, 4, 1, 1]) };
    const model = classifierOf(
      [
        ['Conv', ['x', 'a.0.weight'], ['c'], { kernel_shape: [1, 1] }],
        ['Conv', ['c', 'onnx__Conv_12'], ['v'], { kernel_shape: [1, 1] }],
      ],
      2 * 30,
      { constants },
    );
    const { weights } = importOnnx(writeModel(model).bytes, { name: 'n' });
    expect([...weights.keys()]).toEqual(['a.0.weight', 'conv2.weight', 'head.weight', 'head.bias']);
  });

  it('are different where layers share a weight', async () => {
    const model = classifierOf(
      [
        ['Conv', ['x', 'a.weight'], ['c'], { kernel_shape: [1, 1] }],
        ['Relu', ['c'], ['r']],
        ['Conv', ['r', 'a.weight'], ['v'], { kernel_shape: [1, 1] }],
      ],
      3 * 30,
      { constants: { 'a.weight': noise([3, 3, 1, 1]) } },
    );
    const [one] = await importedTogether([model], temporaryFolder());
    invariant(one, 'the model is imported');
    expect([...one.imported.weights.keys()].slice(0, 2)).toEqual(['a.weight', 'conv2.weight']);
    expect(await differenceOf(one)).toBeLessThan(1e-5);
  });
});
