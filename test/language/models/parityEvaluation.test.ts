import { expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile/compile.js';
import { efficientnet } from '../../../src/language/models/index.js';
import { traceModel, type Model } from '../../../src/language/nn/index.js';
import { invariant } from '../../../src/support/errors.js';
import type { TensorData } from '../../../src/support/tensor.js';
import { relativeError, tolerances } from '../../support/tolerances.js';
import { images, initial, seed } from './parity/draw.js';
import { pytorchNames, readGolden, shippedModel, type EvaluationGolden } from './parity/golden.js';
import { runArtifact } from './parity/run.js';

/**
 * Golden files, and the models of ours that compute the same; all of torchvision's at their own
 * resolution. B7's weights are fed, which takes half the memory of a model that holds them.
 */
const cases = [
  { file: 'efficientnet_b0', name: 'efficientnet_b0' },
  { file: 'efficientnet_b0', name: 'tv_efficientnet_b0' },
  { file: 'efficientnet_b1', name: 'efficientnet_b1' },
  { file: 'efficientnet_b4', name: 'efficientnet_b4' },
  { file: 'efficientnet_b7', name: 'efficientnet_b7', weightInputs: true },
  { file: 'tv_efficientnet_b7', name: 'tv_efficientnet_b7', weightInputs: true },
  { file: 'resnet50', name: 'resnet50' },
  { file: 'tf_efficientnet_b0', name: 'tf_efficientnet_b0' },
  { file: 'tf_efficientnet_b0.odd', name: 'tf_efficientnet_b0' },
  { file: 'wrn_28_2', name: 'wrn_28_2' },
  { file: 'resnet110_cifar', name: 'resnet110_cifar' },
];

/** B7 takes 5 s of a free machine, in ms. */
const timeout = 180_000;

interface Case {
  readonly file: string;
  readonly name: string;
  readonly weightInputs?: boolean;
  /** Takes the named model's place; with the same names. */
  readonly other?: Model;
}

/** Error of our logits for the golden's weights and images, as a share of the largest logit. */
async function logitsError({ file, name, weightInputs = false, other }: Case): Promise<number> {
  const golden = readGolden(`${file}.eval`) as EvaluationGolden;
  const { size, batch, gain } = golden;
  expect(golden.seed).toBe(seed);
  const shipped = shippedModel(name);
  const model = other ?? shipped.model;
  const nameOf = pytorchNames(shipped);
  const { params, buffers } = traceModel(model, { mode: 'eval', batch });
  const weights = new Map(
    [...params, ...buffers].map(({ name: own, shape }): [string, TensorData] => {
      return [own, { dtype: 'float32', shape, data: initial(nameOf(own), shape, gain) }];
    }),
  );
  const compiled = compile(model, {
    artifacts: ['infer'],
    batch,
    overrides: { image: [3, size, size] },
    ...(weightInputs ? { weightInputs } : { weights }),
  });
  const results = await runArtifact(compiled, 'infer', (input) => {
    if (input.role === 'image') return images(batch, size);
    const data = weights.get(input.name)?.data;
    invariant(data instanceof Float32Array, `nothing to feed ${input.name}`);
    return data;
  });
  return relativeError(results.get('logits') ?? [], golden.logits);
}

it.each(cases)('$name gives the golden logits of $file', { timeout }, async (test) => {
  expect(await logitsError(test)).toBeLessThan(tolerances.logits);
});

it.each([
  { what: 'padding', options: { padding: 'same' } },
  { what: 'epsilon', options: { norm: { epsilon: 1e-3 } } },
] as const)('another $what gives other logits', { timeout }, async ({ options }) => {
  const name = 'efficientnet_b0';
  const error = await logitsError({ file: name, name, other: efficientnet({ name, ...options }) });
  expect(error).toBeGreaterThan(10 * tolerances.logits);
});
