import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { repositoryRoot } from '../../support/paths.js';
import { requirePython, runPython } from '../../support/python.js';
import { exampleModel } from './exampleModel.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-checker-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe("onnx's own checker", () => {
  beforeEach((context) => requirePython(context, ['onnx']));

  const check = (bytes: Uint8Array): string => {
    const path = join(folder, 'model.onnx');
    writeFileSync(path, bytes);
    return runPython(`${repositoryRoot}/test/compiler/onnx/check.py`, [path]);
  };

  it('accepts the example at opset 17, with function and training info', () => {
    const model = exampleModel(17);
    const said = check(writeModel(model).bytes).trim();
    expect(said).toMatch(/^\d+ \['StochasticDepth'\] \[\['classifier.weight'\]\]$/);
    // Every intermediate value but that of the function got a type.
    expect(Number.parseInt(said, 10)).toBeGreaterThanOrEqual(2);
  });

  it('refuses the example with an attribute of a wrong type, so that the check above can fail', () => {
    const model = exampleModel(17);
    const nodes = model.graph.nodes.map((node) => {
      if (node.opType !== 'Conv') return node;
      const attributes = new Map([['pads', { type: 'float', value: 1 } as const]]);
      return { ...node, attributes };
    });
    const wrong = { ...model, graph: { ...model.graph, nodes } };
    expect(() => check(writeModel(wrong).bytes)).toThrow('pads');
  });
});
