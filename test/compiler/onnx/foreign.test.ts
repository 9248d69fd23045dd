import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OnnxModel } from '../../../src/compiler/onnx/model.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { repositoryRoot } from '../../support/paths.js';
import { hasPython, requirePython, runPython } from '../../support/python.js';

const modules = ['onnx', 'numpy'];

describe("a model of another tool's", () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-foreign-'));
  let model: OnnxModel;
  beforeAll(() => {
    if (!hasPython(modules)) return;
    const path = join(folder, 'foreign.onnx');
    runPython(`${repositoryRoot}/test/compiler/onnx/foreign.py`, [path]);
    model = readModel(readFileSync(path), { file: path });
  });
  beforeEach((context) => requirePython(context, modules));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives its weights, whatever field they lie in', () => {
    const weights = model.graph.initializers.map(({ name, tensor }) => [
      name,
      'strings' in tensor ? tensor.strings : Array.from<number | bigint>(tensor.data),
    ]);
    expect(Object.fromEntries(weights)).toEqual({
      float: [0.5, -1.5],
      double: [0.1],
      half: [0x3c00, 0xc000],
      int64: [-1n, 2n ** 40n],
      int32: [-7],
      uint8: [7, 255],
      bool: [1, 0, 1],
      int8: [255, 5],
      string: ['a', 'é'],
      empty: [],
    });
  });

  it('keeps types that the IR has not, and plain names of domains', () => {
    expect(model.graph.inputs[0]).toEqual({
      name: 'x',
      dtype: { foreign: 'int8' },
      shape: [{ symbol: 'batch', factor: 1 }, { symbol: '?', factor: 1 }, 3],
    });
    expect(model.graph.outputs[0]?.otherType?.sequenceType).toBeTruthy();
    expect(model.opsets).toEqual([{ domain: '', version: 17 }]);
    expect(model.graph.nodes.map(({ domain }) => domain)).toEqual(['', '']);
  });

  it('survives being written and read again', () => {
    expect(readModel(writeModel(model).bytes)).toEqual(model);
  });
});
