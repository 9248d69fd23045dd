import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  encodeSafetensors,
  readSafetensors,
  SafetensorsFile,
  streamSafetensors,
  writeSafetensors,
} from '../../../src/runtime/storage/safetensors.js';
import { ArtifactError } from '../../../src/support/errors.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';
import { temporaryFolder } from '../../support/folder.js';

const tensors = new Map<string, TensorData>([
  ['z', tensorData('float32', [2, 3], [1, 2, 3, 4, 5, 6])],
  ['b.bias', tensorData('uint8', [3], [7, 8, 9])],
  ['a', tensorData('int64', [2], [-1, 2 ** 40])],
  ['10', tensorData('float64', [], [Math.PI])],
  ['half', tensorData('float16', [1], [0x3c00])],
  ['empty', tensorData('bool', [0], [])],
]);

/** A file of a header and data bytes, as they are. */
function raw(header: string | object, data: number, claimed?: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(claimed ?? json.length));
  return Buffer.concat([length, json, Buffer.alloc(data)]);
}

const f32 = (begin: number, end: number, shape = [1]) => {
  return { dtype: 'F32', shape, data_offsets: [begin, end] };
};

describe('safetensors', () => {
  it('come back as they were, types, shapes and all', () => {
    const path = join(temporaryFolder(), 'x.safetensors');
    writeSafetensors(path, tensors, { made: 'here' });
    const read = readSafetensors(path);
    expect(new Map([...read].sort())).toEqual(new Map([...tensors].sort()));
    const file = SafetensorsFile.open(path);
    expect(file.metadata).toEqual({ made: 'here' });
    expect(file.info('z')).toMatchObject({ dtype: 'float32', shape: [2, 3] });
    expect([...file.read('a').data]).toEqual([-1n, 2n ** 40n]);
    file.close();
  });

  it('are the same bytes in whatever order they were given, keys sorted, data aligned', () => {
    const bytes = Buffer.concat(encodeSafetensors(tensors));
    const reversed = Buffer.concat(encodeSafetensors(new Map([...tensors].reverse())));
    expect(reversed.equals(bytes)).toBe(true);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    const header = bytes.subarray(8, 8 + length).toString();
    const places = [...tensors.keys()].sort().map((name) => header.indexOf(`"${name}":`));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('are the same bytes where tensors are asked for one by one', () => {
    const folder = temporaryFolder();
    const [whole, streamed] = [join(folder, 'whole'), join(folder, 'streamed')];
    writeSafetensors(whole, tensors);
    const asked: string[] = [];
    streamSafetensors(streamed, {
      keys: () => tensors.keys(),
      info: (name) => tensors.get(name),
      get: (name) => {
        asked.push(name);
        return tensors.get(name);
      },
    });
    expect(readFileSync(streamed).equals(readFileSync(whole))).toBe(true);
    expect(asked).toEqual([...tensors.keys()].sort());
  });

  const broken: Readonly<Record<string, [Uint8Array, RegExp]>> = {
    'a few bytes': [Buffer.alloc(5), /5 bytes, fewer than the shortest header/],
    'a header longer than the file': [raw('{}', 0, 5000), /header claims 5000 bytes/],
    'a header that is not JSON': [raw('{"a":', 0), /header is not JSON/],
    'a header that is a list': [raw('[]', 0), /header is not an object/],
    'overlapping tensors': [raw({ a: f32(0, 8, [2]), b: f32(4, 8) }, 8), /b overlaps/],
    'a hole between tensors': [raw({ a: f32(0, 4), b: f32(8, 12) }, 12), /unused bytes before.*b/],
    'a type that is no text': [raw({ a: { ...f32(0, 4), dtype: 8 } }, 4), /a has no type/],
    'another type of another size': [
      raw({ a: { ...f32(0, 4), dtype: 'F8_E5M2' } }, 4),
      /has 4 bytes, its shape needs 1/,
    ],
    'a shape of another size': [raw({ a: f32(0, 4, [3]) }, 4), /has 4 bytes, its shape needs 12/],
    'data cut short': [raw({ a: f32(0, 4), b: f32(4, 8) }, 6), /take 8 bytes, the file holds 6/],
    'a negative offset': [raw({ a: f32(-4, 0) }, 4), /no valid data_offsets/],
  };
  for (const [what, [bytes, message]] of Object.entries(broken))
    it(`with ${what} are refused by name`, () => {
      const path = join(temporaryFolder(), 'broken.safetensors');
      writeFileSync(path, bytes);
      expect(() => readSafetensors(path)).toThrow(message);
      expect(() => readSafetensors(path)).toThrow(ArtifactError);
      expect(() => readSafetensors(path)).toThrow(path);
    });

  it('of types that are not read name them, and read the others', () => {
    const path = join(temporaryFolder(), 'other.safetensors');
    const of = (dtype: string, begin: number, end: number, shape: number[]) => {
      return { dtype, shape, data_offsets: [begin, end] };
    };
    const header = {
      eight: of('F8_E4M3', 0, 3, [3]),
      signed: of('I8', 3, 4, [1]),
      short: of('U16', 4, 8, [2]),
      four: of('F4', 8, 9, [2]),
      newer: of('F7_OF_TOMORROW', 9, 12, [5]),
      read: of('F32', 12, 16, [1]),
    };
    writeFileSync(path, raw(header, 16));
    const file = SafetensorsFile.open(path);
    try {
      expect(file.names()).toEqual(['read']);
      expect(Object.fromEntries(file.otherTypes())).toEqual({
        ...{ eight: 'F8_E4M3', signed: 'I8', short: 'U16', four: 'F4', newer: 'F7_OF_TOMORROW' },
      });
      expect(file.info('eight')).toBeUndefined();
      expect(() => file.read('eight')).toThrow(/eight of .* has the unsupported type F8_E4M3/);
      expect([...file.read('read').data]).toEqual([0]);
    } finally {
      file.close();
    }
  });

  it('cut at any byte are refused', () => {
    const path = join(temporaryFolder(), 'cut.safetensors');
    const whole = Buffer.concat(encodeSafetensors(tensors));
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      expect(() => readSafetensors(path)).toThrow(ArtifactError);
    }
    expect(readFileSync(path).length).toBeLessThan(whole.length);
  });

  it('that do not exist are named', () => {
    expect(() => readSafetensors('/nowhere/x.safetensors')).toThrow(
      /x\.safetensors does not exist/,
    );
  });
});
