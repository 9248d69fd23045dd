import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ArtifactKind } from '../../../src/contract/artifactKinds.js';
import { compile, type CompileOptions } from '../../../src/compiler/compile/compile.js';
import { Programs } from '../../../src/compiler/compile/programs.js';
import type { Model } from '../../../src/language/nn/index.js';
import { createOptimizer, type OptimizerConfig } from '../../../src/compiler/optim/index.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { fillBits } from '../../../src/support/random.js';
import { repositoryRoot } from '../../support/paths.js';
import { batchSize, seed } from './trajectory/draw.js';
import { follow, type Trajectory } from './trajectory/follow.js';
import { convNet, mbConvNet } from './trajectory/nets.js';
import { compiled, interpreted } from './trajectory/stages.js';

interface Run {
  readonly losses: readonly number[];
  /** Norm, and sum weighted by 1..n, of each tensor after the last step. */
  readonly final: Readonly<Record<string, readonly [number, number]>>;
  /** Modules with requires_grad_(False) and eval(). */
  readonly freeze?: readonly string[];
}

const golden = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/trajectory/trajectories.json'), 'utf8'),
) as { readonly seed: number; readonly words: number[]; readonly runs: Record<string, Run> };

interface Case {
  readonly model: Model;
  readonly optimizer: OptimizerConfig;
  readonly rate: number;
  readonly freeze?: readonly string[] | undefined;
}

const optimizers = {
  Sgd: { optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 }, rate: 0.05 },
  RmspropTf: { optimizer: { kind: 'rmspropTf', epsilon: 1e-3, weightDecay: 1e-5 }, rate: 0.01 },
} satisfies Record<string, Omit<Case, 'model'>>;

const unfrozen = Object.entries({ ConvNet: convNet, MbConvNet: mbConvNet }).flatMap(
  ([net, model]) =>
    Object.entries(optimizers).map(([name, options]) => ({
      name: `${net} ${name}`,
      ...options,
      model,
    })),
);

const frozen = 'MbConvNet RmspropTf frozen';
const cases: readonly (Case & { readonly name: string })[] = [
  ...unfrozen,
  {
    ...{ name: frozen, model: mbConvNet, freeze: golden.runs[frozen]?.freeze },
    ...optimizers.RmspropTf,
  },
];

const smoothing = { emaDecay: 0.99, labelSmoothing: 0.1 };

async function runCompiled(
  { model, optimizer, rate, freeze }: Case,
  kinds: readonly ArtifactKind[],
  { steps = 50, ...options }: CompileOptions & { readonly steps?: number } = {},
): Promise<Trajectory> {
  const common = { batch: batchSize, optimizer, freeze, ...smoothing, ...options };
  const made = compile(model, { ...common, artifacts: kinds });
  const stages = await Promise.all(kinds.map((kind) => compiled(made, kind)));
  return follow(stages, { steps, rate });
}

/** Largest difference of the losses, as a share of the first. */
function lossError({ losses }: Trajectory, { losses: wanted }: Pick<Run, 'losses'>): number {
  const [first = NaN] = wanted;
  const differences = losses.map((loss, i) => Math.abs(loss - (wanted[i] ?? NaN)));
  return Math.max(...differences) / first;
}

/** Names of the tensors whose norm or weighted sum is off by more than `tolerance` of what it can be. */
function tensorsOff(
  { final }: Trajectory,
  { final: wanted }: Run,
  tolerance: number,
): readonly string[] {
  return Object.entries(wanted).flatMap(([name, [norm, sum]]) => {
    const { data } = final.get(name) ?? { data: new Float64Array() };
    const index = Float64Array.from(data, (_, i) => i + 1);
    const weighted = data.reduce((total, v, i) => total + v * (index[i] ?? NaN), 0);
    // A bias before batch normalisation has no gradient but rounding: its momentum is all noise.
    const size = Math.max(norm, 1e-2);
    const error = Math.max(
      Math.abs(Math.hypot(...data) - norm) / size,
      Math.abs(weighted - sum) / (size * Math.hypot(...index)),
    );
    return data.length > 0 && error <= tolerance ? [] : [`${name} ${error.toExponential(1)}`];
  });
}

/** Largest difference of a tensor, as a share of its largest element or of 1e-2. */
function farthest({ final }: Trajectory, { final: wanted }: Trajectory): number {
  expect([...final.keys()].toSorted()).toEqual([...wanted.keys()].toSorted());
  const errors = [...wanted].map(([name, { data }]) => {
    const size = data.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-2);
    const other = final.get(name)?.data ?? [];
    return Math.max(...data.map((v, i) => Math.abs(v - (other[i] ?? NaN)))) / size;
  });
  return Math.max(...errors);
}

it('draws the words that the golden script drew', () => {
  const words = new Uint32Array(golden.words.length);
  fillBits(words, seed, { site: fnv1a32('image'), step: 3, sample: 2 });
  expect(seed).toBe(golden.seed);
  expect(Array.from(words)).toEqual(golden.words);
});

describe.each(cases)('$name', (test) => {
  const wanted = golden.runs[test.name] ?? { losses: [], final: {} };

  it('follows PyTorch for 5 steps of the interpreter in float64', async () => {
    const program = new Programs(test.model, {
      trace: { batch: batchSize, dtype: 'float64', freeze: test.freeze },
      update: {
        optimizer: createOptimizer(test.optimizer),
        ema: true,
        emaDecay: smoothing.emaDecay,
      },
      labelSmoothing: smoothing.labelSmoothing,
    }).train();
    const trajectory = await follow([interpreted(program)], { steps: 5, rate: test.rate });
    expect(lossError(trajectory, wanted)).toBeLessThan(1e-12);
  });

  it('follows PyTorch for 50 compiled steps in float32', async () => {
    const trajectory = await runCompiled(test, ['train']);
    expect(trajectory.losses).toHaveLength(50);
    expect(lossError(trajectory, wanted)).toBeLessThan(1e-4);
    expect(tensorsOff(trajectory, wanted, 1e-4)).toEqual([]);
  });

  it('takes the same steps when grad and update run apart, and with an open batch', async () => {
    const train = await runCompiled(test, ['train'], { steps: 10 });
    const apart = await runCompiled(test, ['grad', 'update'], { steps: 10 });
    const open = await runCompiled(test, ['train'], { steps: 10, batch: 'dynamic' });
    for (const other of [apart, open]) {
      expect(lossError(other, train)).toBeLessThan(1e-6);
      expect(farthest(other, train)).toBeLessThan(1e-5);
    }
  });
});
