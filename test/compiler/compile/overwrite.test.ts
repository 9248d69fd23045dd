import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/contract/manifest.js';
import { compile } from '../../../src/compiler/compile/compile.js';
import { overwritable } from '../../../src/compiler/compile/overwrite.js';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { add, mul } from '../../../src/compiler/ops/elementwise.js';
import type { OptimizerConfig } from '../../../src/compiler/optim/index.js';
import { allocateBatch } from '../../../src/runtime/engine/batchArrays.js';
import { onnxruntimeNode } from '../../../src/runtime/executors/onnxruntimeNode.js';
import { createTrainRunner } from '../../../src/runtime/engine/stepLoop.js';
import { invariant } from '../../../src/support/errors.js';
import { uniform } from '../../../src/support/random.js';
import { tinyNet } from '../../support/tinyDigits.js';

const optimizers: readonly OptimizerConfig[] = [
  { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
  { kind: 'rmspropTf', weightDecay: 1e-4 },
  { kind: 'adamw' },
];

/** A manifest whose outputs all have tensors of their own. */
function withoutInPlace(manifest: Manifest): Manifest {
  const { train } = manifest.artifacts;
  invariant(train, 'there is a train artifact');
  const outputs = train.outputs.map((output) => ({ ...output, inPlace: false }));
  return { ...manifest, artifacts: { ...manifest.artifacts, train: { ...train, outputs } } };
}

describe('writing over what an output replaces', () => {
  for (const optimizer of optimizers) {
    const compiled = compile(tinyNet(), { optimizer, emaDecay: 0.9, maxNorm: 1, batch: 4 });
    const { manifest, artifacts, initial } = compiled;

    it(`is allowed for the state and averages of ${optimizer.kind}, not for parameters`, () => {
      const outputs = manifest.artifacts.train?.outputs ?? [];
      const roles = (inPlace: boolean): Set<string> =>
        new Set(
          outputs.flatMap(({ role, ...output }) =>
            output.replaces !== undefined && (output.inPlace ?? false) === inPlace ? [role] : [],
          ),
        );
      expect(roles(true)).toEqual(new Set(['state', 'ema']));
      expect(roles(false)).toEqual(new Set(['param', 'buffer']));
    });

    it(`changes no bit of ${optimizer.kind}'s steps`, async () => {
      const states = [manifest, withoutInPlace(manifest)].map(async (used) => {
        const bytes = artifacts.train?.onnx.bytes ?? new Uint8Array();
        const executor = onnxruntimeNode();
        const session = await executor.create(bytes, { training: true });
        const runner = await createTrainRunner(used, session, { executor, seed: 1 });
        await runner.buffers.initialize(initial.held());
        const batch = allocateBatch(used, 4, (size) => new ArrayBuffer(size));
        const image = uniform(batch.image.length, 7, { step: 0, site: 0, sample: 0 });
        batch.image.set(image);
        batch.target.fill(1 / used.classes);
        batch.weight.fill(1);
        for (let step = 0; step < 3; step++) await runner.run(batch, { step });
        return runner.buffers.state();
      });
      const [inPlace, apart] = await Promise.all(states);
      expect(inPlace).toEqual(apart);
    });
  }

  it('is refused where a node reads the old value and need not come first', () => {
    const graph = new Graph('update');
    const [state, change] = [
      graph.input('state', 'float32', [4]),
      graph.input('x', 'float32', [4]),
    ];
    graph.output('new.state', add(state, change));
    const replaced = (): string => 'state';
    expect([...overwritable(graph, replaced)]).toEqual(['new.state']);
    mul(state, change);
    expect([...overwritable(graph, replaced)]).toEqual([]);
  });
});
