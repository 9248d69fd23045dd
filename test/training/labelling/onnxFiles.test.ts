import { describe, expect, it } from 'vitest';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onnx } from '../../../generated/proto/onnx.js';
import { inspectOnnxFile } from '../../../src/tools/inspect/inspectOnnx.js';
import { readOnnxClassifier } from '../../../src/training/labelling/onnxTeacher.js';
import { temporaryFolder } from '../../support/folder.js';

interface Side {
  readonly location: string;
  readonly offset?: string | undefined;
  readonly length?: string | undefined;
}

/** A model whose only weights, [256] floats (1024 bytes), lie in a side file. */
function modelWith(side: readonly Side[], shape = [256]): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'g',
      initializer: side.map((place, i) => ({
        name: `w${i}`,
        dims: shape,
        dataType: 1,
        dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
        externalData: Object.entries(place)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => ({ key, value: String(value) })),
      })),
    },
  }).finish();
}

/** A folder with `model.onnx`, and beside it `weights.bin` of 2048 bytes. */
function folderWith(side: readonly Side[], shape?: number[]): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'model.onnx'), modelWith(side, shape));
  writeFileSync(join(folder, 'weights.bin'), new Uint8Array(2048));
  return folder;
}

const at = (offset?: string, length?: string): Side => ({
  location: 'weights.bin',
  offset,
  length,
});
const named = (code: string, message: RegExp) =>
  expect.objectContaining({
    name: 'ArtifactError',
    code,
    message: expect.stringMatching(message) as string,
  }) as Error;

describe('external data', () => {
  it.each([
    ['behind the end', at('1500', '1024'), 'external-data', /weights.bin holds 2.0 kB/],
    ['at a huge offset', at('9007199254739000'), 'external-data', /holds 2.0 kB/],
    ['at a negative offset', at('-8', '1024'), 'onnx-tensor', /at the offset "-8"/],
    ['at no number', at('0x10'), 'onnx-tensor', /at the offset "0x10"/],
    ['of a length beyond all numbers', at('0', '99999999999999999999'), 'onnx-tensor', /length/],
    ['of another length than its shape', at('0', '1900000000'), 'onnx-tensor', /1900000000 bytes/],
    ['of a missing file', { location: 'no.bin' }, 'missing-file', /no\.bin does not exist$/],
    ['of a file in the folder above', { location: '../w.bin' }, 'external-data', /outside/],
    ['of any file of the machine', { location: '/etc/passwd' }, 'external-data', /outside/],
    ['of a name with a zero', { location: 'a\0b' }, 'external-data', /outside/],
    ['of no name', { location: '' }, 'external-data', /outside/],
    ['of the folder itself', { location: '.' }, 'external-data', /outside/],
  ])('%s is refused, whoever reads it', (_, side, code, message) => {
    const path = join(folderWith([side]), 'model.onnx');
    expect(() => inspectOnnxFile(path)).toThrow(named(code, message));
    expect(() => readOnnxClassifier(path)).toThrow(named(code, message));
  });

  it('is refused before memory is taken for it', () => {
    const gigabytes = folderWith([at('0')], [2 ** 28, 8]);
    expect(() => inspectOnnxFile(join(gigabytes, 'model.onnx'))).toThrow(
      named('external-data', /holds 2.0 kB, and tensor w0 .* 8.6 GB/),
    );
    const again = Array.from({ length: 100 }, (_, i) => at(String(i)));
    expect(() => inspectOnnxFile(join(folderWith(again), 'model.onnx'))).toThrow(
      named('external-data', /overlap/),
    );
  });

  it('is held once where tensors share it', () => {
    const found = inspectOnnxFile(join(folderWith(Array(9).fill(at('1024'))), 'model.onnx'));
    expect(found.onnx?.initializers).toEqual({ count: 9, bytes: 9 * 1024 });
  });

  it('is not waited for where it is a pipe, nor followed out of the folder', () => {
    const folder = folderWith([{ location: 'pipe' }]);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const path = join(folder, 'model.onnx');
    expect(() => inspectOnnxFile(path)).toThrow(named('not-a-file', /pipe is a pipe/));
    const other = folderWith([{ location: 'link.bin' }]);
    symlinkSync('/etc/passwd', join(other, 'link.bin'));
    expect(() => inspectOnnxFile(join(other, 'model.onnx'))).toThrow(
      named('external-data', /outside/),
    );
  });

  it('is found through the links of a cache of downloads, and in folders below', () => {
    const folder = folderWith([at('0')]);
    mkdirSync(join(folder, 'snapshot'));
    for (const name of ['model.onnx', 'weights.bin'])
      symlinkSync(join('..', name), join(folder, 'snapshot', name));
    expect(inspectOnnxFile(join(folder, 'snapshot', 'model.onnx')).parameters).toBe(256);
    const below = folderWith([{ location: 'data/w.bin' }]);
    mkdirSync(join(below, 'data'));
    writeFileSync(join(below, 'data', 'w.bin'), new Uint8Array(1024));
    expect(inspectOnnxFile(join(below, 'model.onnx')).parameters).toBe(256);
  });

  it('that was cut off names the tensor', () => {
    const folder = folderWith([at('0')]);
    truncateSync(join(folder, 'weights.bin'), 1000);
    expect(() => inspectOnnxFile(join(folder, 'model.onnx'))).toThrow(
      named('external-data', /holds 1.0 kB, and tensor w0/),
    );
  });
});

describe('a model file', () => {
  it('that is a pipe or a folder is refused', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'pipe.onnx');
    execFileSync('mkfifo', [path]);
    expect(() => readOnnxClassifier(path)).toThrow(named('not-a-file', /is a pipe/));
    mkdirSync(join(folder, 'folder.onnx'));
    expect(() => readOnnxClassifier(join(folder, 'folder.onnx'))).toThrow(
      named('not-a-file', /is a folder/),
    );
  });

  it('that claims more elements than it holds takes no memory for them', () => {
    const path = join(temporaryFolder(), 'model.onnx');
    const initializer = [{ name: 'w', dims: [2 ** 31, 8], dataType: 2, int32Data: [1] }];
    const graph = { name: 'g', initializer };
    writeFileSync(
      path,
      onnx.ModelProto.encode({ irVersion: 8, opsetImport: [{ version: 17 }], graph }).finish(),
    );
    expect(() => inspectOnnxFile(path)).toThrow(named('onnx-tensor', /holds 1 bytes/));
  });
});
