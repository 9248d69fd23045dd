import { afterEach, describe, expect, it } from 'vitest';
import type { ArtifactInfo, TensorInfo } from '../../../src/contract/manifest.js';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { argMax } from '../../../src/compiler/ops/reduce.js';
import { equal } from '../../../src/compiler/ops/shape.js';
import { copyModel, copyOf } from '../../../src/runtime/engine/device/deviceModels.js';
import { DeviceState } from '../../../src/runtime/engine/device/deviceState.js';
import type { Feeds } from '../../../src/runtime/engine/executor.js';
import { onnxruntimeNode } from '../../../src/runtime/executors/onnxruntimeNode.js';
import { TrainClient } from '../../../src/runtime/threads/trainClient.js';
import type { TrainSetup } from '../../../src/runtime/threads/trainProtocol.js';
import { transferMilliseconds } from '../../../src/runtime/engine/device/transfers.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';
import { temporaryFolder } from '../../support/folder.js';
import { holdDevice } from '../../support/heldDevice.js';
import { spell } from '../../support/spell.js';
import { noWebgpu, onWebgpu } from '../../support/swiftshader.js';
import { tinyTraining } from '../../support/tinyTraining.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

const clients: TrainClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.stop();
});

const webgpu = { providers: ['webgpu'], strict: true };

async function start(batch: number, extra: Partial<TrainSetup> = {}): Promise<TrainClient> {
  const { manifest, artifacts, initial } = tinyTraining(batch);
  const client = await TrainClient.start({ manifest, artifacts, seed: 5, ...extra });
  clients.push(client);
  await client.initialize(initial);
  return client;
}

/** Steps `from` to `to`; on a device, results are waited for after every `every`-th. */
async function train(client: TrainClient, from: number, to: number, every = 1) {
  const results: { loss: number; scale: number }[] = [];
  for (let step = from; step < to; step++) {
    const batch = await client.batch();
    for (const i of batch.image.keys()) batch.image[i] = Math.sin(i + step);
    for (const i of batch.target.keys()) batch.target[i] = Math.cos(i * step);
    for (const i of batch.weight.keys()) batch.weight[i] = 1 + (i % 3);
    const later = (step + 1) % every !== 0 && step + 1 < to;
    for (const { loss, metrics } of await client.advance(batch, { step }, { later }))
      results.push({ loss, scale: metrics['scale'] ?? NaN });
  }
  return results;
}

const losses = (results: readonly { readonly loss: number }[]) => results.map(({ loss }) => loss);
const numbers = (tensor: TensorData | undefined) => Array.from(tensor?.data ?? [], Number);

function expectClose(a: ReadonlyMap<string, TensorData>, b: ReadonlyMap<string, TensorData>): void {
  expect([...a.keys()].toSorted()).toEqual([...b.keys()].toSorted());
  for (const key of a.keys())
    expect(relativeError(numbers(a.get(key)), numbers(b.get(key))), key).toBeLessThan(
      tolerances.float32,
    );
}

const meta = (step: number) => {
  return {
    step,
    epoch: 0,
    position: 0,
    seed: 5,
    config: {},
    architectureHash: 'tiny-1',
    best: null,
  };
};

describe.skipIf(noWebgpu)(onWebgpu('state on a device'), () => {
  holdDevice();

  it('steps as state in the host does, whether results are read after each step or not', async () => {
    const [host, each, seldom] = [
      await start(4),
      await start(4, { session: webgpu }),
      await start(4, { session: webgpu }),
    ];
    const [wanted, found, queued] = [
      await train(host, 0, 20),
      await train(each, 0, 20),
      await train(seldom, 0, 20, 8),
    ];
    expect(relativeError(losses(found), losses(wanted))).toBeLessThan(tolerances.float32);
    expect(queued).toEqual(found);
    expect(found.map(({ scale }) => scale)).toEqual(wanted.map(({ scale }) => scale));
    expectClose(await each.state(), await host.state());
    expect(await seldom.state()).toEqual(await each.state());
  });

  it('adds the gradients of micro-batches without bringing them to the host', async () => {
    const host = await start(2, { accumulate: 3 });
    const device = await start(2, { accumulate: 3, session: webgpu });
    const [wanted, found] = [await train(host, 0, 6), await train(device, 0, 6, 4)];
    expect(relativeError(losses(found), losses(wanted))).toBeLessThan(tolerances.float32);
    expectClose(await device.state(), await host.state());
  });

  it('makes checkpoints that either can resume, bit for bit on the device', async () => {
    const folder = temporaryFolder();
    const device = await start(4, { session: webgpu });
    await train(device, 0, 5);
    const path = await device.save(folder, meta(5));
    const rest = await train(device, 5, 10, 3);
    const [again, host] = [await start(4, { session: webgpu }), await start(4)];
    for (const other of [again, host]) expect(await other.resume(path)).toMatchObject({ step: 5 });
    expect(await train(again, 5, 10)).toEqual(rest);
    expect(await again.state()).toEqual(await device.state());
    await train(host, 5, 10);
    expectClose(await host.state(), await device.state());
  });

  it('infers with weights that never leave the device', async () => {
    const device = await start(4, { session: webgpu });
    await train(device, 0, 3);
    const state = await device.state();
    const arrays = await device.inferArrays();
    arrays.image.fill(0).set([1, 0, 0, 0]);
    for (const [kind, key] of [
      ['current', 'w'],
      ['ema', 'ema.w'],
    ] as const) {
      await device.infer(arrays, kind);
      expect([...arrays.logits.subarray(0, 2)]).toEqual(numbers(state.get(key)).slice(0, 2));
    }
    device.giveBackInfer(arrays);
  });

  it('refuses an artifact with a node that the provider lacks, rather than running it on the CPU', async () => {
    const { manifest } = tinyTraining(4);
    const setup = { manifest, artifacts: { train: integers() }, seed: 5, session: webgpu };
    await expect(TrainClient.start(setup)).rejects.toMatchObject({
      message: 'train.onnx has nodes that execution provider webgpu cannot run',
      code: 'provider-lacks-node',
      hint: "compile it with target: 'webgpu', or use device: 'cpu'",
    });
  });

  it('keeps what a step replaces no longer than the step', async () => {
    const shape = [2 ** 20];
    const spec = { name: 'w', dtype: 'float32', shape } as const;
    const w: TensorInfo = { ...spec, role: 'param', param: 'w' };
    const next = { ...w, name: copyOf('w'), replaces: 'w' };
    const info: ArtifactInfo = { file: 'copy.onnx', inputs: [w], outputs: [next] };
    const state = await DeviceState.create([info], onnxruntimeNode(webgpu));
    await state.initialize(
      new Map([['w', tensorData('float32', shape, new Float32Array(2 ** 20))]]),
    );
    const copy = await onnxruntimeNode(webgpu).create(copyModel([spec]), { results: 'device' });
    const binding = state.bind(info);
    const step = async (): Promise<void> => {
      const feeds: Feeds = {};
      state.feed(binding, feeds);
      state.replace(binding, await copy.compute(feeds, [copyOf('w')]));
    };
    for (let i = 0; i < 20; i++) await step();
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 60; i++) await step();
    // Not disposed of: 60 times 4 MB.
    expect((process.memoryUsage.rss() - before) / 1e6).toBeLessThan(80);
    await state.release();
    await copy.release();
  });

  it('takes in 8-bit images in a time that can be told', async () => {
    const image: TensorInfo = {
      name: 'image',
      role: 'image',
      dtype: 'uint8',
      shape: ['N', 64, 64, 3],
    };
    const target: TensorInfo = {
      name: 'target',
      role: 'target',
      dtype: 'float32',
      shape: ['N', 10],
    };
    const info: ArtifactInfo = { file: 'train.onnx', inputs: [image, target], outputs: [] };
    const time = await transferMilliseconds(info, 64, onnxruntimeNode(webgpu));
    expect(time).toBeGreaterThanOrEqual(0);
  });

  it('gives threads that share the device turns', async () => {
    const both = await Promise.all([start(4, { session: webgpu }), start(4, { session: webgpu })]);
    const [first, second] = await Promise.all(both.map((client) => train(client, 0, 30, 10)));
    expect(second).toEqual(first);
  });
});

/** The provider reads no 64-bit integers. */
function integers(): Uint8Array {
  const graph = new Graph('integers');
  const [a, b] = ['a', 'b'].map((name) => argMax(graph.input(name, 'float32', [2, 3])));
  if (a && b) graph.output('same', equal(a, b));
  return writeModel(spell('integers', 21, [graph])).bytes;
}
