import { describe, expect, it } from 'vitest';
import type { OnnxOptions } from '../../../src/training/labelling/classifier/reading.js';
import { readOnnxClassifier } from '../../../src/training/labelling/onnxTeacher.js';
import { ConfigError } from '../../../src/support/errors.js';
import {
  base,
  error,
  long,
  meanOf,
  measure,
  refused,
  right,
  side,
  weight,
  wide,
  write,
} from '../../support/foreignColours.js';
import type { ForeignNode, ForeignOnnx } from '../../support/foreignOnnx.js';

describe('scores of another program', () => {
  const axis = { ax: { dtype: 'int64', shape: [1], data: [1] } } as const;
  const shape = { to: { dtype: 'int64', shape: [2], data: [-1, 3] } } as const;
  const constants = { W: weight(), ...axis, ...shape };
  const soft: ForeignNode = ['Softmax', ['z'], ['s'], { axis: 1 }];

  it.each<[string, string, readonly ForeignNode[]]>([
    ['logits', 'logits', [['Identity', ['z'], ['y']]]],
    ['Softmax', 'probabilities', [['Softmax', ['z'], ['y'], { axis: 1 }]]],
    ['Softmax, Identity', 'probabilities', [soft, ['Identity', ['s'], ['y']]]],
    ['Softmax, Cast', 'probabilities', [soft, ['Cast', ['s'], ['y'], { to: 1 }]]],
    ['Softmax, Reshape', 'probabilities', [soft, ['Reshape', ['s', 'to'], ['y']]]],
    ['Softmax, Dropout', 'probabilities', [soft, ['Dropout', ['s'], ['y']]]],
    [
      'Exp, ReduceSum, Div',
      'probabilities',
      [
        ['Exp', ['z'], ['e']],
        ['ReduceSum', ['e', 'ax'], ['t'], { keepdims: 1 }],
        ['Div', ['e', 't'], ['y']],
      ],
    ],
    [
      'the mean of two Softmax',
      'probabilities',
      [soft, ['Softmax', ['z'], ['u'], { axis: 1 }], ['Mean', ['s', 'u'], ['y']]],
    ],
    ['LogSoftmax', 'log-probabilities', [['LogSoftmax', ['z'], ['y'], { axis: 1 }]]],
    ['Softmax, Log', 'log-probabilities', [soft, ['Log', ['s'], ['y']]]],
    [
      'ReduceLogSumExp, Sub',
      'log-probabilities',
      [
        ['ReduceLogSumExp', ['z'], ['t'], { axes: [1], keepdims: 1 }],
        ['Sub', ['z', 't'], ['y']],
      ],
    ],
    ['Sigmoid', 'sigmoid', [['Sigmoid', ['z'], ['y']]]],
  ])('that end in %s are taken as what they are', async (_, kind, end) => {
    const { reading, ...found } = await measure({ ...base(wide, end), constants });
    expect(reading?.settings.output).toBe(kind);
    expect(found).toMatchObject(right);
    expect(found.calibrationError).toBeCloseTo(0.0106, 3);
  });

  it('are measured on images where the graph does not tell', async () => {
    const end: ForeignNode[] = [soft, ['Clip', ['s'], ['y']]];
    const { reading } = await measure({ ...base(wide, end), constants });
    expect(reading?.by.output).toBe('measurement of 12 images');
    expect(reading?.settings.output).toBe('probabilities');
  });

  it('stay logits where a linear layer gives numbers that happen to sum to 1, which is told', async () => {
    // z = [g, 1 - g, 0]
    const model = base(wide, [['Add', ['z', 'B'], ['y']]]);
    const chance = { shape: [3, 3], data: [0, 0, 0, 1, -1, 0, 0, 0, 0] };
    const bias = { shape: [3], data: [0, 1, 0] };
    const { reading } = await measure({ ...model, constants: { W: chance, B: bias } });
    expect(reading?.settings.output).toBe('logits');
    expect(reading?.notes.join('\n')).toMatch(/look like probabilities; used as logits/);
  });

  it('are what the caller says, unless a number cannot be', async () => {
    const end: ForeignNode[] = [soft, ['Identity', ['s'], ['y']]];
    const told = await measure({ ...base(wide, end), constants }, { output: 'logits' });
    expect(told.loss).toBeCloseTo(0.5582, 2);
    const model = base(wide, [['Identity', ['z'], ['y']]]);
    await expect(measure(model, { output: 'probabilities' })).rejects.toThrow(
      error('scores-differ', /cannot be one of probabilities/),
    );
  });

  it('may have axes of 1 behind them, and an output that is named among several', async () => {
    const squeezed: ForeignOnnx = {
      ...base(),
      outputs: [{ name: 'y', shape: ['N', 3, 1, 1] }],
      constants,
      nodes: [...meanOf([2, 3]), ['Unsqueeze', ['z', 'tail'], ['y']]],
    };
    const tail = { dtype: 'int64', shape: [2], data: [2, 3] } as const;
    expect(await measure({ ...squeezed, constants: { ...constants, tail } })).toMatchObject(right);
    const two: ForeignOnnx = {
      ...base(),
      outputs: [
        { name: 'p', shape: ['N', 3] },
        { name: 'z', shape: ['N', 3] },
      ],
    };
    refused(two).toThrow(
      expect.objectContaining({
        hint: "choose the output with the scores: onnx.outputName: 'p', or z",
      }),
    );
    expect(await measure(two, { outputName: 'z' })).toMatchObject(right);
    refused(two, { outputName: 'Z' }).toThrow(error('onnx-option', /no output Z/));
  });

  it('are refused as one score an image, as float16, and without a number of classes', () => {
    const outputs = (shape: (number | string)[], dtype: 'float32' | 'float16' = 'float32') => ({
      ...base(),
      outputs: [{ name: 'q', dtype, shape }],
    });
    refused(outputs(['N', 1])).toThrow(error('not-a-classifier', /one score per image/));
    refused(outputs(['N', 3], 'float16')).toThrow(
      error('not-a-classifier', /unsupported type float16/),
    );
    refused(outputs(['N', 'C'])).toThrow(error('not-a-classifier', /\[N,classes\]/));
    refused(outputs(['N', 5, 7])).toThrow(error('not-a-classifier', /\[N,classes\]/));
    refused(outputs(['N', 4e8])).toThrow(error('not-a-classifier', /more than 65536 classes/));
  });
});

describe('the image of another program', () => {
  const at = (
    shape: readonly (number | string)[],
    axes: number[],
    dtype?: 'uint8',
  ): ForeignOnnx => ({
    ...base(shape),
    inputs: [{ name: 'x', shape, ...(dtype && { dtype }) }],
    constants: { W: weight(dtype ? 1 / 255 : 1) },
    nodes: dtype ? [['Cast', ['x'], ['f'], { to: 1 }], ...meanOf(axes, 'f')] : meanOf(axes),
  });

  it.each([
    ['floats, channels first', at(wide, [2, 3]), 'nchw', '0..1'],
    ['floats, channels last', at(long, [1, 2]), 'nhwc', '0..1'],
    ['bytes, channels first', at(wide, [2, 3], 'uint8'), 'nchw', '0..255'],
    ['bytes, channels last', at(long, [1, 2], 'uint8'), 'nhwc', '0..255'],
    ['one image a run', at([1, side, side, 3], [1, 2]), 'nhwc', '0..1'],
  ] as const)('is fed as %s', async (_, model, layout, range) => {
    const found = await measure(model);
    expect(found).toMatchObject(right);
    expect(found.reading).toMatchObject({ settings: { layout, range }, by: { layout: 'shape' } });
  });

  it('is refused where no axis holds 3 or 1, and by type where it is not fed', () => {
    refused(base(['N', 4, side, side])).toThrow(
      expect.objectContaining({
        code: 'image-channels',
        notes: ['it takes x [N,4,8,8] of float32'],
      }),
    );
    refused(base(['N', side, side, 2])).toThrow(error('image-channels', /no axis/));
    refused(base(['N', 'c', side, side])).toThrow(error('image-channels', /no axis/));
    refused(base([3, side, side])).toThrow(error('not-a-classifier', /not an image/));
    refused(base([1, 1, 3, side, side])).toThrow(error('not-a-classifier', /not an image/));
    refused(base(['N', 3, 5e5, 5e5])).toThrow(error('image-size', /too large/));
    refused(base([1e9, 3, side, side])).toThrow(error('image-size', /too large/));
    const half = { ...base(), inputs: [{ name: 'x', dtype: 'float16' as const, shape: wide }] };
    refused(half).toThrow(error('image-type', /float16/));
    const pair = { ...base(), inputs: [...base().inputs, { name: 'm', shape: ['N', 1] }] };
    refused(pair).toThrow(error('not-a-classifier', /one input/));
  });

  it('that may be either is asked for, unless its first layer tells', () => {
    const both = base(['N', 3, 3, 3]);
    refused(both).toThrow(error('image-layout', /either of two axes/));
    expect(readOnnxClassifier(write(both), { layout: 'nhwc' }).image).toMatchObject({
      layout: 'nhwc',
      layoutBy: 'told',
    });
    const kernel = { shape: [2, 3, 1, 1], data: [1, 0, 0, 0, 1, 0] };
    const conv = (shape: readonly (number | string)[], before: readonly ForeignNode[] = []) => ({
      ...base(shape),
      constants: { W: { shape: [2, 3], data: [1, 0, 0, 0, 1, 0] }, K: kernel },
      nodes: [
        ...before,
        ['Conv', [before.length > 0 ? 't' : 'x', 'K'], ['c']] as ForeignNode,
        ...meanOf([2, 3], 'c'),
      ],
    });
    const imageOf = (model: ForeignOnnx, onnx?: OnnxOptions) =>
      readOnnxClassifier(write(model), onnx).image;
    expect(imageOf(conv(['N', 3, 3, 3]))).toMatchObject({ layout: 'nchw', layoutBy: 'graph' });
    const turned: ForeignNode[] = [['Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }]];
    expect(imageOf(conv(['N', 3, 3, 3], turned))).toMatchObject({ layout: 'nhwc' });
    // As exporters write networks of any size: each axis has a name only.
    const free = conv(['batch', 'channels', 'height', 'width']);
    refused(free).toThrow(error('image-size', /not fixed/));
    expect(imageOf(free, { size: [8, 6] })).toMatchObject({ layout: 'nchw', image: [3, 8, 6] });
    expect(imageOf(base([-1, -1, -1, 3]), { size: [8, 8] }).image).toEqual([3, 8, 8]);
    // The shape says channels last, the first layer 32 channels first.
    const wrong = { shape: [2, 32, 1, 1], data: new Array<number>(64).fill(1) };
    const many = conv(['N', 32, 32, 3]);
    refused({ ...many, constants: { ...many.constants, K: wrong } }).toThrow(
      error('image-channels', /first layer takes 32/),
    );
    refused(base(), { size: [9, 9] }).toThrow(error('image-size', /8x8, not 9x9/));
    refused(base(), { layout: 'nhwc' }).toThrow(error('image-channels', /8 channels/));
  });
});

describe('pixels of another program', () => {
  const mean = [0.485, 0.456, 0.406];
  const std = [0.229, 0.224, 0.225];
  /** Needs (pixel - mean) / std, and undoes it. */
  const normalised: ForeignOnnx = {
    ...base(),
    constants: { W: weight(), M: { shape: [3], data: mean }, S: { shape: [3], data: std } },
    nodes: [
      ['ReduceMean', ['x'], ['q'], { axes: [2, 3], keepdims: 0 }],
      ['Mul', ['q', 'S'], ['r']],
      ['Add', ['r', 'M'], ['p']],
      ['MatMul', ['p', 'W'], ['z']],
    ],
  };

  it('are normalised as told, in pixels of their range, and said to be assumed where nothing tells', async () => {
    const assumed = await measure(normalised);
    expect(assumed.reading?.by).toMatchObject({ range: 'assumed', normalisation: 'assumed' });
    const told = await measure(normalised, { mean, std });
    expect(told).toMatchObject(right);
    expect(told.reading).toMatchObject({
      by: { range: 'assumed', normalisation: 'told' },
      settings: { mean, std },
    });
    const bytes = (values: number[]) => values.map((value) => value * 255);
    const scaled = { range: '0..255', mean: bytes(mean), std: bytes(std) } as const;
    expect(await measure(normalised, scaled)).toMatchObject(right);
  });

  it('are given as 0 to 255 where that is told, byte by byte', async () => {
    const model = { ...base(), constants: { W: weight(1 / 255) } };
    expect(await measure(model, { range: '0..255' })).toMatchObject(right);
  });

  it.each<[string, readonly (readonly [string, number | number[]])[], string | undefined]>([
    ['Div by 255', [['Div', 255]], '0..255'],
    ['Mul by 1/255', [['Mul', 1 / 255]], '0..255'],
    [
      'to -1..1',
      [
        ['Div', 127.5],
        ['Sub', 1],
      ],
      '0..255',
    ],
    ['means of bytes', [['Sub', [123.68, 116.78, 103.94]]], '0..255'],
    [
      'Div by 255, mean and std',
      [
        ['Div', 255],
        ['Sub', mean],
        ['Div', std],
      ],
      '0..255',
    ],
    [
      'mean and std',
      [
        ['Sub', mean],
        ['Div', std],
      ],
      '0..1',
    ],
    [
      'twice less one',
      [
        ['Mul', 2],
        ['Sub', 1],
      ],
      '0..1',
    ],
    ['to bytes', [['Mul', 255]], '0..1'],
    ['a factor that tells nothing', [['Mul', 2]], undefined],
  ])('are known by the first nodes: %s', (_, steps, range) => {
    const constants = Object.fromEntries(
      steps.map(([, value], i) => [
        `c${i}`,
        typeof value === 'number'
          ? { shape: [], data: [value] }
          : { shape: [3, 1, 1], data: value },
      ]),
    );
    const nodes = steps.map(([op], i): ForeignNode => [
      op,
      [i === 0 ? 'x' : `v${i - 1}`, `c${i}`],
      [`v${i}`],
    ]);
    const model: ForeignOnnx = {
      ...base(),
      constants: { W: weight(), ...constants },
      nodes: [...nodes, ...meanOf([2, 3], `v${steps.length - 1}`)],
    };
    const { pixels } = readOnnxClassifier(write(model));
    expect(pixels).toMatchObject(
      range === undefined
        ? { range: '0..1', rangeBy: 'assumed' }
        : { range, rangeBy: 'graph', normalisationBy: 'graph' },
    );
  });

  it('have a mean and a std that fit', () => {
    const option = (onnx: OnnxOptions, message: RegExp) => {
      refused(base(), onnx).toThrow(error('onnx-option', message));
    };
    option({ mean: [0.5, 0.5] }, /3 channels/);
    option({ std: [0.5, 0, 0.5] }, /a std of/);
    option({ mean: [123.68, 116.78, 103.94] }, /not one of pixels from 0 to 1/);
    const bytes = { ...base(), inputs: [{ name: 'x', dtype: 'uint8' as const, shape: wide }] };
    refused(bytes, { range: '0..1' }).toThrow(ConfigError);
    refused(bytes, { mean: [0.5] }).toThrow(ConfigError);
  });

  it('are as our metadata says, and its loss is told', () => {
    const metadata = { 'gradus.mean': '0.5,0.5,0.5', 'gradus.std': '0.25,0.25,0.25' };
    const own = readOnnxClassifier(write({ ...base(), producer: 'gradus', metadata }));
    expect(own.pixels).toMatchObject({ normalisationBy: 'file', std: [0.25, 0.25, 0.25] });
    expect(own.pixels.notes).toEqual([]);
    const stripped = readOnnxClassifier(write({ ...base(), producer: 'gradus' }));
    expect(stripped.pixels.notes).toEqual([
      expect.stringMatching(/which quantisers drop, is missing/),
    ]);
    refused({ ...base(), metadata: { 'gradus.mean': '1,x,1', 'gradus.std': '1,1,1' } }).toThrow(
      error('onnx-metadata', /do not fit/),
    );
    const last = { ...metadata, 'gradus.layout': 'nhwc', 'gradus.range': '0..255' };
    expect(readOnnxClassifier(write({ ...base(['N', 3, 3, 3]), metadata: last }))).toMatchObject({
      image: { layout: 'nhwc', layoutBy: 'file' },
      pixels: { range: '0..255' },
    });
    for (const share of ['7', '0', '-0.5', 'abc', ''])
      refused({ ...base(), metadata: { 'gradus.crop_pct': share } }).toThrow(
        error('onnx-metadata', /gradus.crop_pct/),
      );
    const told = readOnnxClassifier(write(base()), {
      ...{ crop: 'centre', cropPct: 0.9, interpolation: 'bilinear' },
    });
    expect(told).toMatchObject({
      view: { crop: 'centre', cropPct: 0.9, interpolation: 'bilinear' },
      viewBy: { crop: 'told', interpolation: 'told', pixels: 'assumed' },
    });
    refused(base(), { cropPct: 1.5 }).toThrow(error('onnx-option', /1.5/));
    for (const crop of ['squash', 'pad'] as const)
      refused(base(), { crop, cropPct: 0.9 }).toThrow(
        error('onnx-option', /which has no fraction/),
      );
    const padded = { 'gradus.crop': 'pad', 'gradus.mean': '0.5,0.25,1', 'gradus.std': '1,1,1' };
    expect(readOnnxClassifier(write({ ...base(), metadata: padded })).view).toMatchObject({
      ...{ crop: 'pad', fill: [128, 64, 255] },
    });
    const part = { 'gradus.crop': 'centre', 'gradus.crop_pct': '0.95' };
    expect(readOnnxClassifier(write({ ...base(), metadata: part })).view.cropPct).toBe(0.95);
    refused({ ...base(), metadata: { 'gradus.range': '0..7' } }).toThrow(
      error('onnx-metadata', /gradus.range/),
    );
  });
});

describe('names of classes', () => {
  const namesOf = (metadata: Record<string, string>) => {
    const { names, namesKey, notes } = readOnnxClassifier(write({ ...base(), metadata }));
    return { names, namesKey, notes };
  };

  it.each([
    ['ours', { 'gradus.classes': '["a","b","c"]' }, 'gradus.classes'],
    ["Ultralytics'", { names: "{0: 'a', 1: \"b\", 2: 'c'}" }, 'names'],
    ['a list of Python', { classes: "['a', 'b', 'c']" }, 'classes'],
    ['JSON by number', { id2label: '{"0":"a","2":"c","1":"b"}' }, 'id2label'],
    ['a name a line', { labels: 'a\nb\r\nc\n' }, 'labels'],
  ])('are read as %s', (_, metadata, namesKey) => {
    expect(namesOf(metadata)).toEqual({ names: ['a', 'b', 'c'], namesKey, notes: [] });
  });

  it.each([
    ['too many', { names: "['a', 'b', 'c', 'd']" }, /4 names for 3 classes/],
    ['twice', { names: "['a', 'b', 'a']" }, /twice/],
    ['numbers that leave one out', { names: "{0: 'a', 1: 'b', 3: 'c'}" }, /not a list/],
    ['a program', { names: 'open("x")' }, /not a list/],
    ['two that differ', { names: "['a','b','c']", labels: '["a","b","d"]' }, /differ/],
  ])('are not taken, and said so: %s', (_, metadata, note) => {
    const { names, notes } = namesOf(metadata);
    expect(names).toBeUndefined();
    expect(notes.join()).toMatch(note);
  });

  it('of ours have to be as many as the scores', () => {
    expect(() => namesOf({ 'gradus.classes': '["a","b"]' })).toThrow(
      error('class-names', /2 names for its 3 classes/),
    );
  });
});
