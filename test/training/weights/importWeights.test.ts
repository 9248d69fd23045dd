import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { importWeights, type ImportOptions } from '../../../src/training/weights/importWeights.js';
import { compile } from '../../../src/compiler/compile/compile.js';
import { findShippedModel } from '../../../src/language/models/registry.js';
import { initialize } from '../../../src/compiler/trace/init.js';
import { loadCheckpoint } from '../../../src/runtime/storage/checkpoint.js';
import { writeSafetensors } from '../../../src/runtime/storage/safetensors.js';
import { ArtifactError, ConfigError, GradusError } from '../../../src/support/errors.js';
import { toFloat16 } from '../../../src/support/halfFloats.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';
import { temporaryFolder } from '../../support/folder.js';
import { tinyNet } from '../../support/tinyDigits.js';

const model = tinyNet();
const initial = compile(model, { artifacts: ['init'], seed: 3 }).initial;

type Tensors = ReadonlyMap<string, TensorData>;

/** A file of weights beside the place for a checkpoint. */
function prepared(tensors: Tensors = initial) {
  const folder = temporaryFolder();
  const file = join(folder, 'weights.safetensors');
  writeSafetensors(file, tensors);
  return { folder, file, out: join(folder, 'checkpoint') };
}

/** Weights with some put in, or taken out. */
function changed(changes: Readonly<Record<string, TensorData | undefined>>): Tensors {
  const all = new Map<string, TensorData | undefined>([...initial, ...Object.entries(changes)]);
  return new Map([...all].flatMap(([name, tensor]) => (tensor ? [[name, tensor] as const] : [])));
}

function tensor(name: string): TensorData {
  const found = initial.get(name);
  if (!found) throw new TypeError(`no ${name}`);
  return found;
}

async function failure(file: string, options: Partial<ImportOptions> & { out: string }) {
  try {
    await importWeights(file, { model, ...options });
  } catch (error) {
    if (error instanceof GradusError) return error;
    throw error;
  }
  throw new TypeError('the import went through');
}

describe('importWeights', () => {
  it('makes a checkpoint at step 0 that holds the file to the bit', async () => {
    const { file, out } = prepared();
    const result = await importWeights(file, { model, out });
    expect(result).toMatchObject({ model: 'tiny-net', tensors: initial.size, converted: {} });
    const { state, tensors } = loadCheckpoint(out);
    expect(state).toMatchObject({ step: 0, best: null, config: { model: 'tiny-net', classes: 4 } });
    expect(state.architectureHash).toBe(
      compile(model, { artifacts: [] }).manifest.architectureHash,
    );
    expect(new Map([...tensors].sort())).toEqual(new Map([...initial].sort()));
  });

  it('gives the same bytes again after an export', async () => {
    const { file, folder, out } = prepared();
    await importWeights(file, { model, out });
    const exported = join(folder, 'exported.safetensors');
    await exportModel(out, { model, out: exported });
    const again = join(folder, 'again');
    await importWeights(exported, { model, out: again });
    const state = (path: string): Buffer => readFileSync(join(path, 'state.safetensors'));
    expect(state(again).equals(state(out))).toBe(true);
  });

  it('lists all that is missing, misshapen and extra at once, and writes nothing', async () => {
    const { file, folder, out } = prepared(
      changed({
        'bn.weight': undefined,
        'bn.running_var': undefined,
        'stem.weight': tensorData('float32', [4, 1, 5, 5], new Float32Array(100)),
        'bn.bias': tensorData('int32', [4], [1, 2, 3, 4]),
        'head.weight': tensorData('float32', [2], [1, 2]),
      }),
    );
    const error = await failure(file, { out });
    expect(error).toBeInstanceOf(ArtifactError);
    expect(error.code).toBe('weights-mismatch');
    expect(error.message.replace(folder, '')).toBe(
      '/weights.safetensors does not fit tiny-net: 2 missing, 2 misshapen, 1 extra',
    );
    expect(error.notes).toEqual([
      'misshapen: stem.weight is [4,1,5,5], the model needs [4,1,3,3]',
      'missing: bn.weight [4]',
      'misshapen: bn.bias is of int32, a weight is a float',
      'missing: bn.running_var [4]',
      'extra: head.weight [2], not in tiny-net',
    ]);
    expect(readdirSync(folder)).toEqual(['weights.safetensors']);
  });

  it('leaves num_batches_tracked out, and nothing else', async () => {
    const count = tensorData('int64', [], [7]);
    const { file, out } = prepared(changed({ 'bn.num_batches_tracked': count }));
    expect((await importWeights(file, { model, out })).ignored).toBe(1);
    expect([...loadCheckpoint(out).tensors.keys()]).not.toContain('bn.num_batches_tracked');
    const other = prepared(changed({ 'bn.num_batches': count }));
    expect((await failure(other.file, other)).notes).toEqual([
      'extra: bn.num_batches [], not in tiny-net',
    ]);
  });

  it('converts other floats to float32, and says how many', async () => {
    const { shape } = tensor('stem.weight');
    const numbers = Float32Array.from({ length: 36 }, (_, i) => (i - 18) / 8);
    const upper = Uint16Array.from(new Uint32Array(numbers.buffer), (word) => word >>> 16);
    const { file, out } = prepared(
      changed({
        'stem.weight': { dtype: 'float16', shape, data: toFloat16(numbers) },
        'bn.weight': tensorData('float64', [4], [0.1, 2, -3, 1e30]),
        'bn.bias': { dtype: 'bfloat16', shape: [4], data: upper.slice(0, 4) },
        'bn.running_mean': tensorData('float64', [4], [1, 2, 3, 4]),
      }),
    );
    const { converted } = await importWeights(file, { model, out });
    expect(converted).toEqual({ float16: 1, bfloat16: 1, float64: 2 });
    const { tensors } = loadCheckpoint(out);
    expect(tensors.get('stem.weight')).toEqual({ dtype: 'float32', shape, data: numbers });
    expect(tensors.get('bn.weight')?.data).toEqual(Float32Array.of(0.1, 2, -3, 1e30));
    expect(tensors.get('bn.bias')?.data).toEqual(numbers.slice(0, 4));
  });

  it('refuses numbers that float32 cannot hold', async () => {
    const huge = tensorData('float64', [4], [1e300, 0, 0, 0]);
    const { file, out } = prepared(changed({ 'bn.bias': huge }));
    expect(await failure(file, { out })).toMatchObject({
      code: 'weights-range',
      notes: ['bn.bias'],
    });
    expect(existsSync(out)).toBe(false);
  });

  it('begins with a new classifier for another number of classes, and keeps the rest', async () => {
    const { file, out } = prepared();
    const result = await importWeights(file, { model, out, classes: 7, seed: 5 });
    expect(result.initialized).toEqual({
      tensors: ['classifier.weight', 'classifier.bias'],
      fileClasses: 4,
      seed: 5,
    });
    const { tensors, state } = loadCheckpoint(out);
    expect(tensors.get('classifier.weight')).toEqual(
      initialize({ kind: 'fanOutUniform' }, 'classifier.weight', [7, 4], 5),
    );
    expect(tensors.get('stem.weight')).toEqual(tensor('stem.weight'));
    expect(state.config).toMatchObject({ classes: 7 });
    // The checkpoint is of 7 classes without being told so again.
    const onnx = join(out, '..', 'seven.onnx');
    expect(await exportModel(out, { model, out: onnx })).toMatchObject({ classes: 7 });
  });

  it('keeps a classifier of the number of classes that is asked for', async () => {
    const seven = compile(model, { artifacts: ['init'], overrides: { classes: 7 } }).initial;
    const { file, out } = prepared(seven);
    expect(await importWeights(file, { model, out, classes: 7 })).not.toHaveProperty('initialized');
    expect(loadCheckpoint(out).tensors.get('classifier.bias')?.shape).toEqual([7]);
  });

  it('asks which classes to take where the file has other ones and none are asked for', async () => {
    const seven = compile(model, { artifacts: ['init'], overrides: { classes: 7 } }).initial;
    const { file, out } = prepared(seven);
    const error = await failure(file, { out });
    expect(error.notes).toHaveLength(2);
    expect(error.hint).toBe(
      'the file has 7 classes: classes: 7 keeps them, classes: 4 starts with a new classifier',
    );
  });

  it('does not take a classifier of other features for one of other classes', async () => {
    const wide = tensorData('float32', [7, 9], new Float32Array(63));
    const { file, out } = prepared(
      changed({ 'classifier.weight': wide, 'classifier.bias': undefined }),
    );
    const error = await failure(file, { out, classes: 3 });
    expect(error.notes).toHaveLength(2);
  });

  it('takes names by a function', async () => {
    const names = (name: string): string => `${name}.value`;
    const { file, out } = prepared(
      new Map([...initial].map(([name, value]) => [names(name), value])),
    );
    await importWeights(file, { model, out, names });
    expect(loadCheckpoint(out).tensors.get('bn.bias')).toEqual(tensor('bn.bias'));
    expect((await failure(file, { out: `${out}-2` })).message).toContain('missing');
  });

  it('has no sets of names for a model that is not shipped', async () => {
    const { file, out } = prepared();
    expect(await failure(file, { out, names: 'timm' })).toBeInstanceOf(ConfigError);
  });

  it('replaces an import of before, and no other folder', async () => {
    const { file, folder, out } = prepared();
    await importWeights(file, { model, out });
    await importWeights(file, { model, out, classes: 7 });
    expect(loadCheckpoint(out).state.config).toMatchObject({ classes: 7 });
    expect(await failure(file, { out: folder })).toMatchObject({ code: 'out-not-empty' });
    expect(existsSync(file)).toBe(true);
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await importWeights(file, { model, out: empty });
  });
});

describe('a file that holds no safetensors', () => {
  const write = (name: string, bytes: string | Uint8Array) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), bytes);
    return { file: join(folder, name), out: join(folder, 'checkpoint') };
  };

  it.each([
    ['a zip archive of PyTorch', 'net.pth', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 8, 8, 0, 0)],
    ['a pickle of PyTorch', 'net.weights', Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc)],
    ['a truncated PyTorch file', 'net.pth.tar', Uint8Array.of(1, 2, 3)],
  ])('of PyTorch (%s) is refused with the way to convert it', async (_, name, bytes) => {
    const { file, out } = write(name, bytes);
    const error = await failure(file, { out });
    expect(error).toMatchObject({ code: 'weights-pytorch', hint: 'then import net.safetensors' });
    expect(error.notes.slice(1).map((line) => line.trim())).toEqual([
      'import torch, safetensors.torch',
      `state = torch.load("${name}", map_location="cpu")`,
      'state = state.get("state_dict_ema") or state.get("state_dict") or state',
      'safetensors.torch.save_file({k: v.contiguous().clone() for k, v in state.items()}, "net.safetensors")',
    ]);
  });

  it('is told from a safetensors file by its content, not by its name', async () => {
    const { file, folder, out } = prepared();
    const renamed = join(folder, 'weights.bin');
    writeFileSync(renamed, readFileSync(file));
    await importWeights(renamed, { model, out });
    expect(existsSync(join(out, 'state.json'))).toBe(true);
  });

  it('is called a pointer where it is one of Git LFS', async () => {
    const { file, out } = write('a.safetensors', 'version https://git-lfs.github.com/spec/v1\noid');
    expect(await failure(file, { out })).toMatchObject({ code: 'weights-pointer' });
  });

  it('is called corrupt where it was cut short', async () => {
    const { file, out } = prepared();
    writeFileSync(file, readFileSync(file).subarray(0, -4));
    expect(await failure(file, { out })).toMatchObject({ code: 'safetensors-corrupt' });
    expect(existsSync(out)).toBe(false);
  });

  it('is called missing where there is none', async () => {
    const { folder, out } = prepared();
    const error = await failure(join(folder, 'none.safetensors'), { out });
    expect(error).toMatchObject({ code: 'missing-file' });
  });
});

describe('a shipped model', () => {
  const b0 = findShippedModel('efficientnet_b0');
  if (!b0) throw new TypeError('efficientnet_b0 is shipped');
  const { initial: weights } = compile(b0.model, { artifacts: ['init'], seed: 1 });

  it('takes the names of timm and torchvision, and says which ones a file has', async () => {
    const folder = temporaryFolder();
    const native = join(folder, 'native.safetensors');
    writeSafetensors(native, weights);
    const first = join(folder, 'first');
    const result = await importWeights(native, { model: 'efficientnet_b0', out: first });
    expect(result).toMatchObject({ parameters: 5_288_548, classes: 1000 });
    const other = join(folder, 'torchvision.safetensors');
    // The checkpoint tells its model, so that it need not be told again.
    await exportModel(first, { out: other, names: 'torchvision' });
    const second = join(folder, 'second');
    const request = { model: 'efficientnet_b0', out: second } as const;
    const error = await failure(other, request);
    expect(error.hint).toBe("its names are those of torchvision: add names: 'torchvision'");
    expect(error.notes).toContain('extra: features.0.0.weight [32,3,3,3], not in efficientnet_b0');
    await importWeights(other, { ...request, names: 'torchvision' });
    const state = (path: string): Buffer => readFileSync(join(path, 'state.safetensors'));
    expect(state(second).equals(state(first))).toBe(true);
  });
});
