import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importWeights, type ImportOptions } from '../../../src/training/weights/importWeights.js';
import { nameWarnings } from '../../../src/training/weights/weightNames.js';
import { prefixOf } from '../../../src/training/weights/weightPrefix.js';
import { compile } from '../../../src/compiler/compile/compile.js';
import { parameterNames } from '../../../src/language/models/names.js';
import { findShippedModel } from '../../../src/language/models/registry.js';
import { loadCheckpoint } from '../../../src/runtime/storage/checkpoint.js';
import { encodeSafetensors, writeSafetensors } from '../../../src/runtime/storage/safetensors.js';
import { GradusError } from '../../../src/support/errors.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';
import { temporaryFolder } from '../../support/folder.js';
import { tinyNet } from '../../support/tinyDigits.js';

const model = tinyNet();
const initial = compile(model, { artifacts: ['init'], seed: 3 }).initial;
const weights = new Map(initial);

type Tensors = ReadonlyMap<string, TensorData>;

function file(tensors: Tensors, name = 'weights.safetensors'): string {
  const path = join(temporaryFolder(), name);
  writeSafetensors(path, tensors);
  return path;
}

function imported(path: string, options: Partial<ImportOptions> = {}) {
  return importWeights(path, { model, out: join(temporaryFolder(), 'out'), ...options });
}

async function failure(path: string, options: Partial<ImportOptions> = {}): Promise<GradusError> {
  const error: unknown = await imported(path, options).catch((thrown: unknown) => thrown);
  if (error instanceof GradusError) return error;
  throw new TypeError('the import went through');
}

const renamed = (tensors: Tensors, change: (name: string) => string) =>
  new Map([...tensors].map(([name, tensor]) => [change(name), tensor]));

describe('a prefix before all names', () => {
  it.each(['module.', '_orig_mod.', 'model.', 'backbone.', 'module._orig_mod.', 'state_dict.x.'])(
    '%s is taken off, and told',
    async (prefix) => {
      const counters = new Map([['n_averaged', tensorData('int64', [], [7])]]);
      const path = file(new Map([...renamed(weights, (name) => prefix + name), ...counters]));
      const result = await imported(path);
      expect(result).toMatchObject({ prefix, tensors: weights.size, ignored: 1 });
      const { state, tensors } = loadCheckpoint(result.checkpoint);
      expect(state.config).toMatchObject({ imported: { prefix } });
      for (const [name, tensor] of weights) expect(tensors.get(name)).toEqual(tensor);
    },
  );

  it('is none where the names fit as they are, though they share one', () => {
    expect(prefixOf(['net.a', 'net.b'], ['net.a', 'net.b'])).toBe('');
    expect(prefixOf(['net.net.a', 'net.a', 'net.b'], ['net.a', 'net.b'])).toBe('');
    expect(prefixOf(['x.y.a', 'x.y.b', 'z'], ['c', 'd'])).toBe('');
  });

  it('hides no hint at the other set of names', async () => {
    const shipped = findShippedModel('resnet20_cifar');
    const b0 = findShippedModel('efficientnet_b0');
    if (!shipped || !b0) throw new TypeError('no model');
    const table = parameterNames(b0, 'torchvision');
    const tensors = new Map(
      [...table.values()].map((name) => [`module.${name}`, tensorData('float32', [1], [0])]),
    );
    const error = await failure(file(tensors), { model: 'efficientnet_b0' });
    expect(error.hint).toBe("its names are those of torchvision: add names: 'torchvision'");
  });
});

describe('tensors of types that are not read', () => {
  /** A file with a tensor of F8_E4M3 beside the weights, or in place of one. */
  function withEight(name: string): string {
    const rest = new Map([...weights].filter(([own]) => own !== name));
    const whole = Buffer.concat(encodeSafetensors(rest));
    const length = Number(whole.readBigUInt64LE(0));
    const header = JSON.parse(whole.subarray(8, 8 + length).toString()) as Record<string, unknown>;
    const bytes = whole.subarray(8 + length);
    const places = [bytes.length, bytes.length + 4];
    header[name] = { dtype: 'F8_E4M3', shape: [4], data_offsets: places };
    const json = Buffer.from(JSON.stringify(header));
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(json.length));
    const path = join(temporaryFolder(), 'eight.safetensors');
    writeFileSync(path, Buffer.concat([head, json, bytes, Buffer.alloc(4)]));
    return path;
  }

  it('are named and left out where the model does not need them', async () => {
    expect(await imported(withEight('scales'))).toMatchObject({ unread: { scales: 'F8_E4M3' } });
  });

  it('are told where it does', async () => {
    const error = await failure(withEight('bn.weight'));
    expect(error.notes).toEqual(['misshapen: bn.weight has the unsupported type F8_E4M3']);
    expect(error.message).not.toContain('cut short');
  });
});

describe('weights that cannot be right', () => {
  const changed = (name: string, value: number): Tensors => {
    const tensor = weights.get(name);
    if (!tensor) throw new TypeError(`no ${name}`);
    const values = Array.from(tensor.data, Number).with(1, value);
    return new Map([...weights, [name, tensorData('float32', tensor.shape, values)]]);
  };

  it.each([NaN, Infinity])('%d: the tensors are named', async (value) => {
    expect(await failure(file(changed('bn.weight', value)))).toMatchObject({
      code: 'weights-not-finite',
      notes: ['bn.weight'],
    });
  });

  it('a variance below zero is told', async () => {
    expect(await failure(file(changed('bn.running_var', -1e-3)))).toMatchObject({
      code: 'weights-variance',
      notes: ['bn.running_var'],
    });
    expect((await imported(file(changed('bn.running_mean', -1e-3)))).tensors).toBe(weights.size);
  });
});

describe('an index of several files', () => {
  /** Weights in two files and their index, in a folder. */
  function sharded(change: (map: Record<string, string>) => void = () => undefined): string {
    const folder = temporaryFolder();
    const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
    const map: Record<string, string> = {};
    for (const [i, file] of names.entries()) {
      const part = new Map([...weights].filter((_, at) => at % 2 === i));
      writeSafetensors(join(folder, file), part);
      for (const name of part.keys()) map[name] = file;
    }
    change(map);
    const index = { metadata: { total_size: 1 }, weight_map: map };
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
    writeFileSync(join(folder, 'config.json'), '{}');
    return folder;
  }

  it('is taken by itself and by its folder', async () => {
    const folder = sharded();
    for (const path of [folder, join(folder, 'model.safetensors.index.json')]) {
      const { checkpoint, tensors } = await imported(path);
      expect(tensors).toBe(weights.size);
      for (const [name, tensor] of loadCheckpoint(checkpoint).tensors)
        expect(tensor).toEqual(weights.get(name));
    }
  });

  it.each([
    ['../x.safetensors', 'weights-index', /not a \.safetensors file beside it/],
    ['gone.safetensors', 'weights-shard', /1 of the 3 files that .* names do not exist/],
    [
      'model-00002-of-00002.safetensors',
      'weights-index',
      /tensors are not in the files that it names: bn\.bias/,
    ],
  ])('that says %s is refused', async (place, code, message) => {
    const first = [...weights.keys()].find((_, at) => at % 2 === 0) ?? '';
    const error = await failure(sharded((map) => (map[first] = place)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(
      message.source.includes('bn') ? /not in the files that it names/ : message,
    );
  });
});

it('an ONNX file is told from a file of weights', async () => {
  const path = join(temporaryFolder(), 'net.onnx');
  writeFileSync(path, Uint8Array.of(8, 9, 18, 7, 112, 121, 116, 111, 114, 99, 104));
  const error = await failure(path);
  expect(error).toMatchObject({ code: 'weights-onnx', where: path });
  expect(error.message).toMatch(/is an ONNX file/);
});

describe('a folder', () => {
  it('with one file of weights means that', async () => {
    const folder = temporaryFolder();
    writeSafetensors(join(folder, 'pytorch.safetensors'), weights);
    expect((await imported(folder)).tensors).toBe(weights.size);
    writeSafetensors(join(folder, 'model.safetensors'), weights);
    expect((await imported(folder)).tensors).toBe(weights.size);
  });

  it('without, with several, or of a run is told from a file', async () => {
    const folder = temporaryFolder();
    expect(await failure(folder)).toMatchObject({ code: 'weights-folder', notes: [] });
    for (const name of ['a', 'b']) writeSafetensors(join(folder, `${name}.safetensors`), weights);
    expect((await failure(folder)).notes).toHaveLength(2);
    const run = temporaryFolder();
    mkdirSync(join(run, 'checkpoints'));
    expect((await failure(run)).hint).toContain('needs no import');
  });
});

describe("torchvision's larger EfficientNets", () => {
  it.each(['b5', 'b6', 'b7'])('%s are pointed to the network with their epsilon', (scale) => {
    const [warning] = nameWarnings(`efficientnet_${scale}`, 'torchvision');
    expect(warning).toContain(`tv_efficientnet_${scale} is its own network`);
    expect(findShippedModel(`tv_efficientnet_${scale}`)).toBeDefined();
    expect(nameWarnings(`tv_efficientnet_${scale}`, 'torchvision')).toEqual([]);
    expect(nameWarnings(`efficientnet_${scale}`, undefined)).toEqual([]);
  });

  it('are the only ones', () => {
    for (const name of ['efficientnet_b0', 'efficientnet_b4', 'resnet50'])
      expect(nameWarnings(name, 'torchvision')).toEqual([]);
  });
});
