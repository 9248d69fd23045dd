import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generate, staleFiles } from '../../../src/tools/codegen/main.js';
import { operatorsAt, readOperators } from '../../../src/tools/codegen/operatorSchemas.js';
import { opsetVersions } from '../../../generated/onnx/index.js';
import { operatorsOf } from '../../../src/compiler/onnx/schema.js';
import { repositoryRoot } from '../../support/paths.js';

const root = pathToFileURL(`${repositoryRoot}/`);

describe('generated/', () => {
  let files = new Map<string, string>();
  const folder = mkdtempSync(join(tmpdir(), 'gradus-generated-'));
  const copy = pathToFileURL(`${folder}/`);

  beforeAll(async () => {
    files = await generate(root);
    cpSync(join(repositoryRoot, 'generated'), join(folder, 'generated'), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is what schemas/ give', () => {
    expect(staleFiles(root, files)).toEqual([]);
  });

  it('is found stale where a file is edited, missing or left over', () => {
    writeFileSync(join(folder, 'generated/onnx/opset21.ts'), '// edited\n');
    writeFileSync(join(folder, 'generated/onnx/opset25.ts'), '');
    rmSync(join(folder, 'generated/proto/onnx.d.ts'));
    expect(staleFiles(copy, files)).toEqual([
      'generated/onnx/opset21.ts',
      'generated/onnx/opset25.ts',
      'generated/proto/onnx.d.ts',
    ]);
  });

  it('is made the same a second time', async () => {
    expect(await generate(root)).toEqual(files);
  });

  it('repeats no operator that a newer opset leaves as it was', () => {
    const conv = [...files].filter(([, text]) => /^ {4}Conv\(/m.test(text));
    expect(conv.map(([path]) => path)).toEqual([
      'generated/onnx/contrib.ts',
      'generated/onnx/opset17.ts',
    ]);
  });
});

it.each(opsetVersions)(
  'interfaces and run-time table agree on the operators of opset %i',
  (opset) => {
    const typed = [...operatorsAt(readOperators(root), '', opset).values()];
    const listed = (operators: readonly { name: string; since: number }[]) =>
      operators.map(({ name, since }) => `${name}-${since}`).sort();
    expect(listed(operatorsOf('', opset))).toEqual(listed(typed));
    expect(typed.length).toBeGreaterThan(170);
  },
);
