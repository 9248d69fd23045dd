import { expect, it } from 'vitest';
import type { Executor, Session } from '../../../src/runtime/engine/executor.js';
import { createTrainRunner } from '../../../src/runtime/engine/stepLoop.js';
import { invariant } from '../../../src/support/errors.js';
import { stateOf } from '../../support/tinySteps.js';
import { tinyTraining } from '../../support/tinyTraining.js';

it('runs steps on an executor that is not onnxruntime', async () => {
  const { manifest, initial } = tinyTraining(2);
  const { train } = manifest.artifacts;
  invariant(train, 'there is a training step');
  const session: Session = {
    inputNames: train.inputs.map(({ name }) => name),
    outputNames: train.outputs.map(({ name }) => name),
    // All that is carried goes up by one, and all else is 7.
    run: async (feeds, fetches) => {
      for (const { name, replaces = '' } of train.outputs) {
        const [from, to] = [feeds[replaces], fetches[name]];
        invariant(to, `${name} is fetched`);
        for (const i of to.data.keys())
          to.data[i] = from && 'data' in from ? Number(from.data[i]) + 1 : 7;
      }
    },
    compute: () => Promise.reject(new TypeError('there is no device')),
    release: () => Promise.resolve(),
  };
  const executor: Executor = { staysOnDevice: false, create: () => Promise.resolve(session) };
  const runner = await createTrainRunner(manifest, await executor.create(''), {
    executor,
    seed: 1,
  });
  await runner.buffers.initialize(initial);
  const before = await stateOf(runner);
  const batch = {
    image: new Float32Array(8),
    target: new Float32Array(4),
    weight: new Float32Array(2),
  };
  for (let step = 0; step < 3; step++)
    expect(await runner.run(batch, { step })).toMatchObject({ loss: 7, metrics: { scale: 7 } });
  for (const [key, { data }] of await stateOf(runner))
    for (const [i, value] of data.entries())
      expect(Number(value)).toBeCloseTo(Number(before.get(key)?.data[i]) + 3, 5);
});
