import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../src/contract/manifest.js';
import { compile, type Compiled } from '../../../src/compiler/compile/compile.js';
import { NoiseSource } from '../../../src/runtime/engine/noise.js';
import { probeBlock } from '../../../src/runtime/machine/probe.js';
import { invariant } from '../../../src/support/errors.js';
import { staticSize } from '../../../src/support/shape.js';
import { cpuTarget } from '../../../src/compiler/targets/cpu/index.js';
import { tolerances } from '../../support/tolerances.js';
import { images, initial, seed, step, targets } from './parity/draw.js';
import { pytorchNames, readGolden, shippedModel, type TrainingGolden } from './parity/golden.js';
import { estimateDifference, normOf, projections } from './parity/projections.js';
import { runArtifact, shapeOf } from './parity/run.js';

/** Label smoothing of the golden script, and the gain of its weights. */
const smoothing = 0.1;
const gain = 2;

/** What one step of ours gives, by PyTorch's names. */
interface Step {
  readonly loss: number;
  readonly keeps: ReadonlyMap<string, number>;
  readonly gradients: ReadonlyMap<string, Float64Array>;
  readonly changes: ReadonlyMap<string, Float64Array>;
}

async function compileGrad(
  name: string,
  golden: TrainingGolden,
  target: 'portable' | 'cpu',
): Promise<Compiled> {
  return compile(shippedModel(name).model, {
    artifacts: ['grad'],
    ...(target === 'cpu' && { target: cpuTarget({ block: await probeBlock() }) }),
    batch: golden.batch,
    labelSmoothing: smoothing,
    overrides: {
      image: [3, golden.size, golden.size],
      drop: golden.drop_rate,
      dropPath: golden.path_rate,
    },
  });
}

/** Values of an input of `grad`, as the golden script draws them. */
function drawInput(
  info: TensorInfo,
  golden: TrainingGolden,
  nameOf: (name: string) => string,
): Float32Array {
  const shape = shapeOf(info);
  const { batch, first } = golden;
  switch (info.role) {
    case 'image':
      return images(batch, golden.size, first);
    case 'target':
      return targets(batch, golden.classes, first);
    case 'weight':
      return new Float32Array(batch).fill(1);
    case 'hyper':
      return Float32Array.of(info.default ?? NaN);
    case 'noise': {
      const source = new NoiseSource(info, new Float32Array(staticSize(shape)), batch);
      source.fill({ seed, step, sampleOffset: first });
      return source.mask;
    }
    case 'param':
    case 'buffer':
      return initial(nameOf(info.name), shape, gain);
    default:
      invariant(false, `an input of role ${info.role}`);
  }
}

async function takeStep(
  name: string,
  golden: TrainingGolden,
  target: 'portable' | 'cpu',
): Promise<Step> {
  const compiled = await compileGrad(name, golden, target);
  const { inputs = [], outputs = [] } = compiled.manifest.artifacts.grad ?? {};
  const nameOf = pytorchNames(shippedModel(name));
  const results = await runArtifact(compiled, 'grad', (info) => drawInput(info, golden, nameOf));
  const tensor = (output: string): Float32Array => {
    const found = results.get(output);
    invariant(found, `no result ${output}`);
    return found;
  };
  const weightSum = tensor('weight_sum')[0] ?? NaN;
  const gradients = outputs.flatMap(({ name: output, role, param = '' }) =>
    role === 'grad'
      ? [[nameOf(param), Float64Array.from(tensor(output), (v) => v / weightSum)] as const]
      : [],
  );
  const changes = outputs.flatMap(({ name: output, role, param = '', shape }) => {
    if (role !== 'buffer') return [];
    const before = initial(nameOf(param), shape as number[], gain);
    const after = Float64Array.from(tensor(output), (v, i) => v - (before[i] ?? NaN));
    return [[nameOf(param), after] as const];
  });
  const noise = inputs.filter(({ role }) => role === 'noise');
  return {
    loss: (tensor('loss_sum')[0] ?? NaN) / weightSum,
    keeps: new Map(noise.map((info) => [info.siteName ?? '', info.keep ?? info.survival ?? NaN])),
    gradients: new Map(gradients),
    changes: new Map(changes),
  };
}

/**
 * What a gradient's error is a share of: its norm. A bias of a normalisation whose result goes only
 * into 1x1 convolutions with batch normalisation, which takes any shift out again, has a gradient
 * of zero but for rounding: its error is a share of the norm of its scale's gradient.
 */
function sizeOf(name: string, { gradients }: TrainingGolden): number {
  const norm = (of: string): number => gradients[of]?.[0] ?? NaN;
  const rounding = 1e-9 * Math.max(...Object.keys(gradients).map(norm));
  if (norm(name) > rounding) return norm(name);
  expect(name).toMatch(/\.bias$/);
  return norm(name.replace(/bias$/, 'weight'));
}

describe.each([
  ['efficientnet_b0', 'portable'],
  ['efficientnet_b0', 'cpu'],
  ['resnet18', 'portable'],
  ['resnet18', 'cpu'],
  ['tf_efficientnet_b0', 'portable'],
  ['wrn_28_2', 'portable'],
  ['resnet20_cifar', 'portable'],
] as const)('a training step of %s for target %s', (name, target) => {
  const golden = readGolden(`${name}.train`) as TrainingGolden;
  let ours: Step;
  beforeAll(async () => {
    ours = await takeStep(name, golden, target);
  }, 180_000);

  it('draws the same masks with the same rates', () => {
    expect(golden.seed).toBe(seed);
    expect([...ours.keeps.keys()].toSorted()).toEqual(Object.keys(golden.keeps).toSorted());
    for (const [site, keep] of ours.keeps) expect(keep).toBeCloseTo(golden.keeps[site] ?? NaN, 12);
  });

  it('has the loss of PyTorch', () => {
    expect(Math.abs(ours.loss / golden.loss - 1)).toBeLessThan(tolerances.gradients);
  });

  it('has every gradient of PyTorch', () => {
    expect([...ours.gradients.keys()].toSorted()).toEqual(Object.keys(golden.gradients).toSorted());
    const errors = [...ours.gradients].map(([param, gradient]) => {
      const [norm, ...sums] = golden.gradients[param] ?? [NaN];
      const size = sizeOf(param, golden);
      const difference = estimateDifference(param, gradient, sums);
      return { param, error: Math.max(difference, Math.abs(normOf(gradient) - norm)) / size };
    });
    const off = errors.filter(({ error }) => !(error < tolerances.gradients));
    expect(off).toEqual([]);
  });

  it('has the batch statistics of PyTorch', () => {
    expect([...ours.changes.keys()].toSorted()).toEqual(Object.keys(golden.changes).toSorted());
    const errors = [...ours.changes].map(([statistic, change]) => {
      const [norm, ...sums] = golden.changes[statistic] ?? [NaN];
      return { statistic, error: estimateDifference(statistic, change, sums) / norm };
    });
    expect(errors.filter(({ error }) => !(error < tolerances.gradients))).toEqual([]);
  });
});

describe('the estimate of a difference', () => {
  const size = 1000;
  const tensor = Float64Array.from({ length: size }, (_, i) => Math.cos(i));
  const far = tolerances.gradients * normOf(tensor);

  it.each([
    ['lies in one element', (i: number) => (i === 777 ? far : 0)],
    ['is a factor', (i: number) => tolerances.gradients * Math.cos(i)],
    ['is the same everywhere', () => far / Math.sqrt(size)],
    ['alternates', (i: number) => ((i & 1 ? 1 : -1) * far) / Math.sqrt(size)],
  ])('is not below one that %s', (_, differenceAt) => {
    for (const name of ['conv.weight', 'bn.bias', 'fc.weight']) {
      const sums = projections(name, tensor, 8);
      const other = tensor.map((v, i) => v + differenceAt(i));
      expect(estimateDifference(name, other, sums)).toBeGreaterThanOrEqual(0.999 * far);
      expect(estimateDifference(name, other, sums)).toBeLessThan(6 * far);
    }
  });

  it('is nothing between equal tensors', () => {
    expect(estimateDifference('fc.bias', tensor, projections('fc.bias', tensor, 8))).toBe(0);
  });
});
