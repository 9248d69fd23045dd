import { join } from 'node:path';
import { expect } from 'vitest';
import type { OnnxOptions, OnnxReading } from '../../src/training/labelling/classifier/reading.js';
import { evaluateClean } from '../../src/training/evaluation/evaluateNetwork.js';
import { Labeller } from '../../src/training/labelling/labeller.js';
import { readOnnxClassifier } from '../../src/training/labelling/onnxTeacher.js';
import { ArrayDataset } from '../../src/data/loader/dataset.js';
import { arraySource } from '../../src/data/loader/imageSource.js';
import { temporaryFolder } from './folder.js';
import { writeForeign, type ForeignNode, type ForeignOnnx } from './foreignOnnx.js';

export const side = 8;
const colours = [
  [40, 60, 200],
  [40, 200, 60],
  [200, 60, 40],
];

/** Twelve plain images, blue, green and red in turn, with a little noise. */
export const source = (() => {
  const [count, plane] = [12, side * side];
  const images = Uint8Array.from({ length: count * 3 * plane }, (_, at) => {
    const [i, c] = [Math.floor(at / (3 * plane)), Math.floor(at / plane) % 3];
    return (colours[i % 3]?.[c] ?? 0) + ((7 * i + 5 * c + at) % 5) - 2;
  });
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  const dataset = new ArrayDataset({ shape: [3, side, side], classes: 3, images, labels });
  return arraySource(dataset, { name: 'colours', classNames: ['blue', 'green', 'red'] });
})();

/** Blue, green and red are channels 2, 1 and 0; strong enough to be nearly sure. */
export const weight = (scale = 1) => ({
  shape: [3, 3],
  data: [0, 0, 9, 0, 9, 0, 9, 0, 0].map((w) => w * scale),
});

export const meanOf = (axes: readonly number[], input = 'x'): ForeignNode[] => [
  ['ReduceMean', [input], ['p'], { axes, keepdims: 0 }],
  ['MatMul', ['p', 'W'], ['z']],
];

export const wide = ['N', 3, side, side];
export const long = ['N', side, side, 3];

export const base = (
  shape: readonly (number | string)[] = wide,
  end: readonly ForeignNode[] = [],
) =>
  ({
    inputs: [{ name: 'x', shape }],
    outputs: [{ name: end.length === 0 ? 'z' : 'y', shape: ['N', 3] }],
    constants: { W: weight() },
    nodes: [...meanOf([2, 3]), ...end],
  }) satisfies ForeignOnnx;

export function write(model: ForeignOnnx): string {
  return writeForeign(join(temporaryFolder(), 'other.onnx'), model);
}

export async function measure(model: ForeignOnnx, onnx?: OnnxOptions) {
  const readings: OnnxReading[] = [];
  const labeller = await Labeller.create(write(model), {
    ...{ batch: 5, threads: 1, device: 'cpu', onnx },
    onReading: (reading) => readings.push(reading),
  });
  try {
    const { accuracy, loss, calibrationError } = await evaluateClean(labeller, source);
    expect(readings).toEqual([labeller.reading]);
    return { accuracy, loss, calibrationError, reading: readings[0] };
  } finally {
    await labeller.close();
  }
}

export const refused = (model: ForeignOnnx, onnx?: OnnxOptions) =>
  expect(() => readOnnxClassifier(write(model), onnx));
export const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

/** What every spelling of the same scores gives. */
export const right = { accuracy: 1, loss: expect.closeTo(0.0106, 3) as number };
