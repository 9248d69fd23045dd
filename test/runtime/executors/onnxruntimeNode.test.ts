import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countNodes, nodeSource } from '../../../src/runtime/executors/onnxFile.js';
import { listDevices } from '../../../src/runtime/machine/probe.js';
import {
  chooseOptimization,
  onnxruntimeNode,
} from '../../../src/runtime/executors/onnxruntimeNode.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { ArtifactError, DeviceError } from '../../../src/support/errors.js';
import { batchDim } from '../../../src/support/shape.js';
import { tensorData, zeroTensor } from '../../../src/support/tensor.js';
import { temporaryFolder } from '../../support/folder.js';

/** y = x[i] for a table x of three, with `extra` nodes behind it. */
function gather(opset: 17 | 21, extra = 0): Uint8Array {
  const graph = new GraphBuilder({ opset, name: 'g' });
  const { b } = graph;
  const index = graph.input('i', 'int64', [1]);
  const source = { file: 'my.model.ts', line: 31, column: 14 };
  let y = graph.at({ name: 'table', source }, () =>
    b.Gather(b.constant(tensorData('float32', [3], [1, 2, 3])), index),
  );
  for (let i = 0; i < extra; i++) y = b.Neg(y);
  graph.output(y, 'y', 'float32', [1]);
  return writeModel(graph.build()).bytes;
}

const feed = (i: number) => ({ i: tensorData('int64', [1], [i]) });

const cpu = onnxruntimeNode();

describe('a session', () => {
  for (const opset of [17, 21] as const)
    it(`leads an error inside a node back to the user's line (opset ${opset})`, async () => {
      const session = await cpu.create(gather(opset));
      await expect(session.run(feed(9), { y: zeroTensor('float32', [1]) })).rejects.toMatchObject({
        name: 'DeviceError',
        code: 'node-failed',
        message: expect.stringMatching(/Gather \(node table\/Gather\): indices element out of/),
        where: { file: 'my.model.ts', line: 31, column: 14 },
      });
      const y = zeroTensor('float32', [1]);
      await session.run(feed(2), { y });
      expect([...y.data]).toEqual([3]);
      await session.release();
    });

  it('lists what there is for an unknown provider', async () => {
    const attempt = onnxruntimeNode({ providers: ['metal'] }).create(gather(21));
    await expect(attempt).rejects.toThrow(DeviceError);
    await expect(attempt).rejects.toMatchObject({
      message: 'unknown execution provider metal',
      hint: expect.stringMatching(/has: cpu, /),
    });
  });

  it('refuses a model that is cut short, empty, missing or invalid', async () => {
    const path = join(temporaryFolder(), 'infer.onnx');
    const bytes = gather(21);
    for (const length of [0, 1, 20, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      await expect(cpu.create(path)).rejects.toThrow(ArtifactError);
      await expect(cpu.create(path)).rejects.toThrow(path);
    }
    writeFileSync(path, bytes.subarray(0, bytes.length - 1));
    await expect(cpu.create(path)).rejects.toThrow(/is not an ONNX model, or was cut short/);
    await expect(cpu.create(`${path}.none`)).rejects.toThrow(/infer\.onnx\.none does not exist/);
  });

  it('tells a wrong feed from a failing node', async () => {
    const graph = new GraphBuilder({ opset: 21, name: 'g' });
    const x = graph.input('x', 'float32', [batchDim, 2]);
    graph.output(graph.b.Neg(x), 'y', 'float32', [batchDim, 2]);
    const session = await cpu.create(writeModel(graph.build()).bytes);
    const fetches = { y: zeroTensor('float32', [1, 3]) };
    await expect(session.run({ x: zeroTensor('float32', [1, 3]) }, fetches)).rejects.toMatchObject({
      code: 'run-failed',
      message: expect.stringMatching(/invalid dimensions for input: x/),
    });
  });
});

describe('a session that trains', () => {
  const size = 1_000_000;

  /** y = -x and z = x + x, of a megabyte each. */
  function negation(): Uint8Array {
    const graph = new GraphBuilder({ opset: 17, name: 'g' });
    const x = graph.input('x', 'float32', [size]);
    graph.output(graph.b.Neg(x), 'y', 'float32', [size]);
    graph.output(graph.b.Add(x, x), 'z', 'float32', [size]);
    return writeModel(graph.build()).bytes;
  }

  const tensors = () => ({ y: zeroTensor('float32', [size]), z: zeroTensor('float32', [size]) });
  const x = tensorData('float32', [size], new Float32Array(size).fill(2));

  it('writes results into our tensors and makes no copies of them', async () => {
    const path = join(temporaryFolder(), 'train.onnx');
    writeFileSync(path, negation());
    for (const source of [path, negation()]) {
      const session = await cpu.create(source, { training: true });
      expect(session.outputNames).toEqual(['y', 'z']);
      const fetches = tensors();
      const before = process.memoryUsage().arrayBuffers;
      await session.run({ x }, fetches);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size);
      expect(fetches.y.data.at(-1)).toBe(-2);
      expect(fetches.z.data.at(-1)).toBe(4);
      await session.release();
    }
  });

  it('fails as others do', async () => {
    const session = await cpu.create(negation(), { training: true });
    const feeds = { x: zeroTensor('float32', [3]) };
    await expect(session.run(feeds, tensors())).rejects.toMatchObject({ code: 'run-failed' });
    await expect(cpu.create(negation().subarray(0, -1), { training: true })).rejects.toMatchObject({
      code: 'onnx-unreadable',
    });
  });
});

describe('the level of graph optimization', () => {
  it('is all for small models, less for large ones and none for training on the CPU', () => {
    expect(chooseOptimization(20_000, false)).toBe('all');
    expect(chooseOptimization(20_001, false)).toBe('basic');
    expect(chooseOptimization(10, true)).toBe('disabled');
  });
});

describe('an ONNX file', () => {
  it('has its nodes counted without being decoded, in memory and on disk', () => {
    const path = join(temporaryFolder(), 'm.onnx');
    for (const extra of [0, 1, 500]) {
      const bytes = gather(21, extra);
      writeFileSync(path, bytes);
      expect(countNodes(bytes)).toBe(1 + extra);
      expect(countNodes(path)).toBe(1 + extra);
    }
    writeFileSync(path, 'no model at all');
    expect(countNodes(path)).toBe(0);
  });

  it('names the source of a node, if it has one', () => {
    expect(nodeSource(gather(21, 1), 'table/Gather')).toBe('my.model.ts:31:14');
    expect(nodeSource(gather(21, 1), 'Neg')).toBeUndefined();
    expect(nodeSource(gather(21), 'nothing')).toBeUndefined();
  });
});

describe('the devices', () => {
  it('include a usable cpu, and a reason for each that is not', async () => {
    const devices = await listDevices();
    expect(devices.find(({ name }) => name === 'cpu')).toMatchObject({
      bundled: true,
      usable: true,
      float16: true,
    });
    for (const { usable, reason } of devices) expect(usable).toBe(reason === undefined);
  });
});
