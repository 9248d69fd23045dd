import { describe, expect, it } from 'vitest';
import { describeReading } from '../../../../src/training/labelling/classifier/reading.js';
import { readOnnxClassifier } from '../../../../src/training/labelling/onnxTeacher.js';
import {
  base,
  error,
  measure,
  refused,
  right,
  weight,
  wide,
  write,
} from '../../../support/foreignColours.js';
import type { ForeignNode, ForeignOnnx } from '../../../support/foreignOnnx.js';

const whole = (...data: number[]) => ({ dtype: 'int64', shape: [data.length], data }) as const;
const constants = {
  W: weight(),
  four: whole(-1, 3, 1, 1),
  tail: whole(2, 3),
  depth: whole(3),
  pair: { shape: [2], data: [0, 1] },
  hundred: { shape: [], data: [100] },
  one: { shape: [], data: [1] },
  two: whole(2),
} as const;
const soft: ForeignNode = ['Softmax', ['z'], ['s'], { axis: 1 }];
/** Softmax of [N,3,1,1]. */
const soft4: ForeignNode[] = [
  ['Reshape', ['z', 'four'], ['r']],
  ['Softmax', ['r'], ['s'], { axis: 1 }],
];
const model = (end: readonly ForeignNode[], outputs?: ForeignOnnx['outputs']): ForeignOnnx => ({
  ...base(wide, end),
  ...(outputs && { outputs }),
  constants,
});
const output = (
  name: string,
  shape: (number | string)[],
  dtype: 'float32' | 'int64' = 'float32',
) => ({
  ...{ name, shape, dtype },
});

describe('the end of another program', () => {
  const chain = Array.from({ length: 6 }, (_, i): ForeignNode => [
    'Identity',
    [i === 0 ? 's' : `i${i}`],
    [i === 5 ? 'y' : `i${i + 1}`],
  ]);

  it.each<[string, readonly ForeignNode[]]>([
    ['Softmax [N,3,1,1], Squeeze', [...soft4, ['Squeeze', ['s', 'tail'], ['y']]]],
    ['Softmax [N,3,1,1], Flatten', [...soft4, ['Flatten', ['s'], ['y'], { axis: 1 }]]],
    ['Softmax and a chain of Identity', [soft, ...chain]],
    ['Softmax, times 1', [soft, ['Mul', ['s', 'one'], ['y']]]],
    [
      'LogSoftmax, Exp',
      [
        ['LogSoftmax', ['z'], ['l'], { axis: 1 }],
        ['Exp', ['l'], ['y']],
      ],
    ],
  ])('in %s gives probabilities', async (_, end) => {
    const { reading, ...found } = await measure(model(end));
    expect(reading?.settings.output).toBe('probabilities');
    expect(found).toMatchObject(right);
  });

  it('may keep axes of 1, or state its classes by a name', async () => {
    const kept: ForeignNode[] = [...soft4, ['Identity', ['s'], ['y']]];
    expect(await measure(model(kept, [output('y', ['N', 3, 1, 1])]))).toMatchObject(right);
    const named: ForeignNode[] = [soft, ['Identity', ['s'], ['y']]];
    expect(await measure(model(named, [output('y', ['N', 'C'])]))).toMatchObject(right);
  });

  it.each<[string, RegExp, readonly ForeignNode[]]>([
    [
      'decisions',
      /each is 0 or 1, a decision/,
      [
        ['ArgMax', ['z'], ['a'], { axis: 1, keepdims: 0 }],
        ['OneHot', ['a', 'depth', 'pair'], ['y']],
      ],
    ],
    ['percentages', /sum to 100, as percentages do/, [soft, ['Mul', ['s', 'hundred'], ['y']]]],
    [
      'a softmax along a wrong axis',
      /all equal, as after a softmax along an axis/,
      [
        ['Reshape', ['z', 'four'], ['r']],
        ['Softmax', ['r'], ['w'], { axis: 3 }],
        ['Squeeze', ['w', 'tail'], ['y']],
      ],
    ],
  ])('is told where it gives %s', async (_, note, end) => {
    const { reading } = await measure(model(end));
    expect(reading?.notes.join('\n')).toMatch(note);
  });

  it('is refused with what to do where it gives no scores', () => {
    const argMax: ForeignNode = ['ArgMax', ['z'], ['label'], { axis: 1, keepdims: 0 }];
    const kept: ForeignNode = ['ArgMax', ['z'], ['a'], { axis: 1, keepdims: 1 }];
    const labels = output('label', ['N'], 'int64');
    const hint = (text: string) => expect.objectContaining({ hint: text }) as Error;
    const before = 'export the network with the scores before its ArgMax';
    refused(model([argMax], [labels])).toThrow(error('not-a-classifier', /holds class numbers/));
    refused(model([argMax], [labels])).toThrow(hint(before));
    const asFloat: ForeignNode[] = [kept, ['Cast', ['a'], ['y'], { to: 1 }]];
    refused(model(asFloat, [output('y', ['N', 1])])).toThrow(hint(before));
    const sigmoid: ForeignNode = ['Sigmoid', ['z'], ['y']];
    for (const shape of [['N', 1], ['N']])
      refused(model([sigmoid], [output('y', shape)])).toThrow(
        error('not-a-classifier', /one score per image/),
      );
    refused(model([sigmoid], [output('y', [3])])).toThrow(
      hint('export the network with a batch axis, even if the batch is 1'),
    );
    // As sklearn's converter writes it: the label, and the probabilities.
    const both = [labels, output('s', ['N', 3])];
    refused(model([argMax, soft], both)).toThrow(
      hint("choose the output with the scores: onnx.outputName: 's'"),
    );
    const maps: ForeignNode = ['Identity', ['s'], ['maps']];
    const zipped = [labels, { name: 'maps' }];
    refused(model([argMax, soft, maps], zipped)).toThrow(
      hint(
        'export the scores as one tensor, without ZipMap: in skl2onnx, set the option zipmap: False',
      ),
    );
  });
});

describe('the order of colours', () => {
  /** Blue first: each class is the channel of its number. */
  const blueFirst = { shape: [3, 3], data: [9, 0, 0, 0, 9, 0, 0, 0, 9] };
  const bytes = [103.939, 116.779, 123.68];
  const lessMean = (mean: readonly number[]): ForeignOnnx => ({
    ...base(),
    constants: { W: weight(), M: { shape: [3, 1, 1], data: mean } },
    nodes: [
      ['Sub', ['x', 'M'], ['c']],
      ['ReduceMean', ['c'], ['p'], { axes: [2, 3], keepdims: 0 }],
      ['MatMul', ['p', 'W'], ['z']],
    ],
  });

  it('is red first, said to be assumed, unless it is told', async () => {
    const network: ForeignOnnx = { ...base(), constants: { W: blueFirst } };
    const assumed = await measure(network);
    expect(assumed.accuracy).toBeLessThan(0.5);
    expect(assumed.reading).toMatchObject({
      settings: { channels: 'rgb' },
      by: { channels: 'assumed' },
    });
    const told = await measure(network, { channels: 'bgr' });
    expect(told).toMatchObject(right);
    expect(told.reading && describeReading('m', told.reading)[0]).toContain('blue first (as told)');
    // As 0 to 255, channels last, and with a mean in the order of the channels.
    const last: ForeignOnnx = {
      ...base(['N', 8, 8, 3]),
      constants: { W: { ...blueFirst, data: blueFirst.data.map((w) => w / 255) } },
      nodes: [
        ['ReduceMean', ['x'], ['p'], { axes: [1, 2], keepdims: 0 }],
        ['MatMul', ['p', 'W'], ['z']],
      ],
    };
    const shifted = { channels: 'bgr', range: '0..255', mean: [40, 40, 40] } as const;
    expect(await measure(last, shifted)).toMatchObject(right);
  });

  it("is known by ImageNet's means", () => {
    const pixels = (mean: readonly number[]) => readOnnxClassifier(write(lessMean(mean))).pixels;
    expect(pixels(bytes)).toMatchObject({ channels: 'bgr', channelsBy: 'graph' });
    expect(pixels(bytes.toReversed())).toMatchObject({ channels: 'rgb', channelsBy: 'graph' });
    expect(pixels([120, 120, 120])).toMatchObject({ channels: 'rgb', channelsBy: 'assumed' });
    const told = readOnnxClassifier(write(base()), { range: '0..255', mean: bytes });
    expect(told.pixels.notes.join()).toMatch(/that of ImageNet with blue first/);
    const padded = readOnnxClassifier(write(base()), {
      ...{ crop: 'pad', channels: 'bgr', range: '0..255', mean: [0, 51, 255] },
    });
    expect(padded.view).toMatchObject({ fill: [255, 51, 0] });
  });

  it('is none of grey images', () => {
    const grey: ForeignOnnx = {
      ...base(['N', 1, 8, 8]),
      constants: { W: { shape: [1, 3], data: [1, 2, 3] } },
    };
    refused(grey, { channels: 'bgr' }).toThrow(error('onnx-option', /grey/));
    expect(readOnnxClassifier(write(grey)).pixels.channelsBy).toBe('shape');
  });
});

describe('the line on how a file is read', () => {
  it('says of each choice whether it was told, recorded or assumed', async () => {
    const metadata = { 'gradus.interpolation': 'bilinear' };
    const { reading } = await measure({ ...base(), metadata }, { crop: 'squash' });
    expect(reading?.by).toMatchObject({
      ...{ crop: 'told', interpolation: 'file', pixels: 'assumed', range: 'assumed' },
    });
    expect(reading && describeReading('m.onnx', reading)[0]).toBe(
      'm.onnx: image x [N,3,8,8] float32, channels first (by its shape), red first (assumed), ' +
        'pixels 0..1 (assumed), no mean or std (assumed), crop squash (as told), ' +
        'bilinear (by its metadata), files as seen (assumed); ' +
        'output z [N,3]: logits, by MatMul and measurement of 12 images',
    );
  });
});
