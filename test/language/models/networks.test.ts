import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { ndarray, type NdArray } from '../../../src/compiler/ir/ndarray.js';
import { cifarResnet, efficientnet, wideResnet } from '../../../src/language/models/index.js';
import { traceModel, type Model } from '../../../src/language/nn/index.js';
import { invariant } from '../../../src/support/errors.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { uniform } from '../../../src/support/random.js';
import { repositoryRoot } from '../../support/paths.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

interface Golden {
  readonly size: number;
  /** Logits [2,10]. */
  readonly eval: readonly number[];
  readonly train: readonly number[];
  /** Norms after training. */
  readonly buffers: Readonly<Record<string, number>>;
}

const file = join(repositoryRoot, 'test/goldens/networks/goldens.json');
const goldens = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly seed: number;
  readonly cases: Readonly<Record<string, Golden>>;
};

const small = { width: 0.25, depth: 0.5, classes: 10, drop: 0, dropPath: 0 };
const tensorflow = { padding: 'same', norm: { epsilon: 1e-3 } } as const;

const models: Readonly<Record<string, Model>> = {
  efficientnet: efficientnet({ name: 'efficientnet', ...small }),
  tf_efficientnet: efficientnet({ name: 'tf_efficientnet', ...small, ...tensorflow }),
  resnet14_cifar: cifarResnet({ depth: 14, dropPath: 0 }),
  wrn_16_2: wideResnet({ depth: 16, width: 2 }),
};

function draw(id: string, shape: readonly number[]): NdArray {
  const count = shape.reduce((a, b) => a * b, 1);
  const u = uniform(count, goldens.seed, { site: fnv1a32(id), step: 0, sample: 0 });
  if (id.endsWith('running_var'))
    return ndarray(
      shape,
      u.map((v) => v + 0.5),
    );
  const fanIn = id.endsWith('weight') ? shape.slice(1).reduce((a, b) => a * b, 1) : 1;
  return ndarray(
    shape,
    u.map((v) => (2 * v - 1) / Math.sqrt(fanIn)),
  );
}

describe.each(Object.entries(goldens.cases))('%s', (name, golden) => {
  it.each(['eval', 'train'] as const)('computes what PyTorch does in %s mode', (mode) => {
    const model = models[name];
    invariant(model, `the test has no ${name}`);
    const image = [3, golden.size, golden.size] as const;
    const traced = traceModel(model, { mode, batch: 2, dtype: 'float64', image });
    const { graph, buffers } = traced;
    const feeds = graph.inputs.map(({ name: input, value }): [string, NdArray] => [
      input,
      draw(`${name}.${input}`, value.shape as number[]),
    ]);
    const results = evaluate(graph, new Map(feeds));
    const found = results.get('logits')?.data ?? [];
    expect(relativeError(found, golden[mode])).toBeLessThan(tolerances.float64Network);
    if (mode === 'eval') return;
    expect(buffers.map((buffer) => buffer.name).toSorted()).toEqual(
      Object.keys(golden.buffers).toSorted(),
    );
    for (const [buffer, norm] of Object.entries(golden.buffers)) {
      const sum = results.get(`new.${buffer}`)?.data.reduce((total, v) => total + v * v, 0) ?? NaN;
      expect(relativeError([Math.sqrt(sum)], [norm])).toBeLessThan(tolerances.float64Network);
    }
  });
});
