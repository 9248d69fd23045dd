import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileStep } from '../../../src/tools/measure/benchStep.js';
import type { CompileResult } from '../../../src/training/build/compileModel.js';
import { Arena } from '../../../src/tools/measure/memory/arena.js';
import { planBuffers } from '../../../src/tools/measure/memory/bufferPlan.js';
import { executionOrder } from '../../../src/tools/measure/memory/executionOrder.js';
import { predictMemory } from '../../../src/tools/measure/memory/predictMemory.js';
import { valueSizes } from '../../../src/tools/measure/memory/valueSizes.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { measure } from '../../../src/runtime/threads/benchProcess.js';
import { readProfile } from '../../../src/runtime/machine/profile.js';
import { digitsModel } from '../../../src/selftrain/tasks/digitsModel.js';

const model = digitsModel({ name: 'digits', width: 1 });
const folder = mkdtempSync(join(tmpdir(), 'gradus-memory-test-'));

describe('the predicted memory of a training step', () => {
  let compiled: CompileResult;

  beforeAll(async () => {
    compiled = await compileStep(model, { batch: 128 }, folder);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('grows with the batch as that of a process that trains', async () => {
    // What Node and onnxruntime take by themselves differs between machines; it cancels out.
    const few = join(folder, 'few');
    const { manifest } = await compileStep(model, { batch: 16 }, few);
    const request = { mode: 'train', warmUp: 1, steps: 2, seconds: 0 } as const;
    const [small, large] = [
      await measure({ ...request, manifest, folder: few }),
      await measure({ ...request, manifest: compiled.manifest, folder }),
    ];
    const [smaller, larger] = [
      await predictMemory(model, { batch: 16 }),
      await predictMemory(model, { batch: 128 }),
    ];
    const measured = large.peakRssBytes - small.peakRssBytes;
    const predicted = larger.peakRssBytes - smaller.peakRssBytes;
    expect(predicted / measured).toBeGreaterThan(2 / 3);
    expect(predicted / measured).toBeLessThan(3 / 2);
  });

  it('names the layer that needs the most, and what lies in memory then', async () => {
    const { peak, parts } = await predictMemory(model, { batch: 128 });
    expect(['forward', 'backward', 'update']).toContain(peak.phase);
    expect(peak.layer).not.toBe('');
    const live = peak.live.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(live).toBe(parts.find(({ part }) => part === 'activations')?.bytes);
    expect(peak.live.map(({ layer }) => layer)).toContain('blocks.0.silu');
  });

  it('follows the order in which onnxruntime executes nodes', async () => {
    const profile = join(folder, 'profile');
    const request = { mode: 'train', folder, warmUp: 0, steps: 1, seconds: 0, profile } as const;
    await measure({ ...request, manifest: compiled.manifest });
    const file = readdirSync(folder).find((name) => name.startsWith('profile')) ?? '';
    const executed = readProfile(join(folder, file)).nodes.map(({ name }) => name);
    const bytes = compiled.artifacts.train?.onnx.bytes ?? new Uint8Array();
    const { nodes } = readModel(bytes).graph;
    const ours = executed.filter((name) => !name.startsWith('gradus.fence'));
    expect(executionOrder(nodes).map(({ name }) => name)).toEqual(ours);
  });
});

describe('a plan of buffers', () => {
  it('overwrites, reuses and views as onnxruntime does', () => {
    const builder = new GraphBuilder({ opset: 21, name: 'g' });
    const { b } = builder;
    const x = builder.input('x', 'float32', [64]);
    const sum = builder.at({ name: 'sum' }, () => b.Add(x, x));
    const gate = builder.at({ name: 'gate' }, () => b.Sigmoid(sum));
    const view = builder.at({ name: 'view' }, () => b.Reshape(gate, b.ints(8, 8)));
    const twice = builder.at({ name: 'twice' }, () => b.Mul(view, view));
    const other = builder.at({ name: 'other' }, () => b.Exp(twice));
    const last = builder.at({ name: 'last' }, () => b.Sqrt(other));
    builder.output(last, 'y', 'float32', [8, 8]);
    const built = builder.build();
    const sizes = valueSizes(built, 0);
    const none = { key: undefined, bytes: 0 };
    const plan = planBuffers(
      built.graph,
      executionOrder(built.graph.nodes),
      (name) => sizes.get(name) ?? none,
    );
    const made = plan.map(({ node, allocates, frees }) => [node.opType, allocates, frees]);
    expect(made).toEqual([
      ['Add', ['sum/Add'], []],
      // Overwrites its operand, which nobody else reads.
      ['Sigmoid', [], []],
      ['Reshape', [], []],
      ['Mul', ['twice/Mul'], ['sum/Add']],
      // Of another shape than what is free, although as large.
      ['Exp', ['other/Exp'], ['twice/Mul']],
      // Outputs are written where the caller wants them.
      ['Sqrt', [], ['other/Exp']],
    ]);
  });
});

describe('a model of the arena', () => {
  const megabyte = 2 ** 20;

  it('takes the smallest free chunk that fits, and counts pages once', () => {
    const arena = new Arena();
    const [a, b] = [arena.allocate(megabyte), arena.allocate(megabyte / 2)];
    arena.free(a);
    expect(arena.allocate(megabyte / 4).chunk.region).toBe(a.chunk.region);
    arena.free(b);
    expect(arena.resident).toBe(1.5 * megabyte);
  });

  it('does not split a chunk of which less than half would be left', () => {
    const arena = new Arena();
    const a = arena.allocate(megabyte);
    arena.free(a);
    arena.allocate(0.75 * megabyte);
    // The rest of the first region is lost, so this begins another.
    arena.allocate(0.25 * megabyte);
    expect(arena.resident).toBe(1.25 * megabyte);
  });
});
