import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { writeModel } from '../../src/compiler/onnx/writer.js';
import { instancesOf } from '../support/checkOp.js';
import { repositoryRoot } from '../support/paths.js';
import { requirePython, runPython } from '../support/python.js';
import { spell } from '../support/spell.js';
import { conformance } from './tables/index.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-conformance-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("onnx's own checker at opset 17", () => {
  beforeEach((context) => {
    requirePython(context, ['onnx']);
  });

  it('accepts the portable spelling of every primitive and its gradient, shapes inferred', () => {
    const paths = conformance.map((table) => {
      const graphs = instancesOf(table, 'float32').map(({ graph }) => graph);
      const path = join(folder, `${table.op.name}.onnx`);
      writeFileSync(path, writeModel(spell(table.op.name, 17, graphs)).bytes);
      return path;
    });
    const said = runPython(`${repositoryRoot}/test/compiler/onnx/check.py`, paths)
      .trim()
      .split('\n');
    expect(said).toHaveLength(conformance.length);
  });
});
