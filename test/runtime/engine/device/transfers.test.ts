import { describe, expect, it } from 'vitest';
import type { ArtifactInfo } from '../../../../src/contract/manifest.js';
import { compile } from '../../../../src/compiler/compile/compile.js';
import { copyOf, partOf, passModel } from '../../../../src/runtime/engine/device/deviceModels.js';
import { onnxruntimeNode } from '../../../../src/runtime/executors/onnxruntimeNode.js';
import {
  movedTensors,
  transferMilliseconds,
} from '../../../../src/runtime/engine/device/transfers.js';
import { invariant } from '../../../../src/support/errors.js';
import { tensorData, zeroTensor } from '../../../../src/support/tensor.js';
import { tinyNet } from '../../../support/tinyDigits.js';

function trainOf(stepsPerRun: number, unrollSteps = false): ArtifactInfo {
  const options = { artifacts: ['train'], batch: 4, imageFormat: 'uint8-nhwc' } as const;
  const { train } = compile(tinyNet(), { ...options, stepsPerRun, unrollSteps }).manifest.artifacts;
  invariant(train, 'a training step was compiled');
  return train;
}

const bytesOf = (specs: ReturnType<typeof movedTensors>['given']): number =>
  specs.reduce((sum, { dtype, shape }) => {
    return sum + (dtype === 'uint8' ? 1 : 4) * shape.reduce((a, b) => a * b, 1);
  }, 0);

describe('what a run moves between host and device', () => {
  it('is what each step is given, and the state once', () => {
    const [one, three, unrolled] = [trainOf(1), trainOf(3), trainOf(3, true)].map((info) =>
      movedTensors(info, 4),
    );
    invariant(one && three && unrolled, 'three artifacts');
    expect(one.given.find(({ name }) => name === 'image')?.shape).toEqual([4, 8, 8, 1]);
    expect(three.given.find(({ name }) => name === 'image')?.shape).toEqual([3, 4, 8, 8, 1]);
    expect(three.given.find(({ name }) => name === 'learning_rate')?.shape).toEqual([3]);
    expect(unrolled).toEqual(three);
    expect(bytesOf(three.given)).toBe(3 * bytesOf(one.given));
    expect(three.carried).toEqual(one.carried);
    expect(one.carried.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['stem.weight', 'bn.running_mean', 'optim.momentum.stem.weight']),
    );
  });

  it('goes there and, the state, back', async () => {
    const specs = [
      { name: 'image', dtype: 'uint8', shape: [2, 3] },
      { name: 'rate', dtype: 'float32', shape: [] },
      { name: 'w', dtype: 'float32', shape: [2, 2] },
    ] as const;
    const [image, rate, w] = specs;
    const session = await onnxruntimeNode().create(passModel([image, rate], [w]));
    const fetches = {
      [partOf('image')]: zeroTensor('uint8', [1]),
      [partOf('rate')]: zeroTensor('float32', [1]),
      [copyOf('w')]: zeroTensor('float32', [2, 2]),
    };
    const feeds = {
      image: tensorData('uint8', [2, 3], [7, 1, 2, 3, 4, 5]),
      rate: tensorData('float32', [], [0.5]),
      w: tensorData('float32', [2, 2], [1, 2, 3, 4]),
    };
    await session.run(feeds, fetches);
    await session.release();
    const found = Object.values(fetches).map(({ data }) => Array.from(data, Number));
    expect(found).toEqual([[7], [0.5], [1, 2, 3, 4]]);
  });

  it('is timed for a step of the run', async () => {
    const time = await transferMilliseconds(trainOf(3), 4, onnxruntimeNode());
    expect(time).toBeGreaterThan(0);
    expect(time).toBeLessThan(1000);
  });
});
