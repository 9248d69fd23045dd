import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { checkpointJsonSchema, parseCheckpointState } from '../../src/contract/checkpointSchema.js';
import type { Manifest } from '../../src/contract/manifest.js';
import { manifestJsonSchema, parseManifest } from '../../src/contract/manifest.js';
import { repositoryRoot } from '../support/paths.js';

const manifest: Manifest = {
  format: 'gradus-manifest',
  version: 1,
  name: 'tiny',
  model: 'tiny.model.ts',
  architectureHash: 'aa',
  target: 'portable',
  opset: 21,
  batch: 'dynamic',
  classes: 2,
  image: [1, 2, 2],
  imageFormat: 'float32-nchw',
  optimizer: 'sgd',
  params: [{ name: 'w', kind: 'param', shape: [2, 4], decay: true }],
  artifacts: {
    infer: {
      file: 'infer.onnx',
      inputs: [{ name: 'image', role: 'image', dtype: 'float32', shape: ['N', 1, 2, 2] }],
      outputs: [{ name: 'logits', role: 'logits', dtype: 'float32', shape: ['49N', 2] }],
    },
  },
};

function committed(name: string, schema: unknown): void {
  const path = join(repositoryRoot, 'schemas', `${name}.schema.json`);
  if (process.env['UPDATE_SCHEMAS'] === '1')
    writeFileSync(path, `${JSON.stringify(schema, undefined, 2)}\n`);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
}

describe('the schemas', () => {
  it('are committed as they are in the source (UPDATE_SCHEMAS=1 writes them, prettier formats them)', () => {
    committed('manifest', manifestJsonSchema());
    committed('checkpoint', checkpointJsonSchema());
  });

  it('accept a manifest and give it its type', () => {
    const read = parseManifest(JSON.stringify(manifest), 'manifest.json');
    expectTypeOf(read).toEqualTypeOf<Manifest>();
    expect(read).toEqual(manifest);
  });

  it('name the keys that are wrong', () => {
    const wrong = JSON.stringify({ ...manifest, batch: 0, opset: 'x' });
    expect(() => parseManifest(wrong, 'm/manifest.json')).toThrow(
      /m\/manifest\.json is not a valid manifest:\n(.|\n)*opset(.|\n)*batch/,
    );
    expect(() => parseManifest('{', 'manifest.json')).toThrow(/not JSON/);
    expect(() => parseCheckpointState('{"format":"other"}', 'state.json')).toThrow(
      /state\.json is not a valid checkpoint:\n {2}format/,
    );
  });
});
