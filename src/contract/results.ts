import type { TensorInfo } from './manifest.js';
import { ArtifactError } from '../support/errors.js';
import { tensorNames } from './names.js';

const { lossSum, weightSum, correctSum } = tensorNames;

/** The means of manifests that do not state them, which are those of older versions. */
const unstated: Readonly<Record<string, TensorInfo['mean']>> = {
  [lossSum]: { name: 'loss', over: weightSum },
  [correctSum]: { name: 'accuracy', over: weightSum },
};

/** The mean that a weighted sum is reported as; undefined for any other output. */
export function meanOf({ name, mean }: TensorInfo): TensorInfo['mean'] {
  return mean ?? unstated[name];
}

/** The loss and metrics of a step. */
export interface StepFigures {
  /** Weighted mean over the images of the step. */
  readonly loss: number;
  /** Metrics by name, such as accuracy and grad_norm. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Reads the loss and metrics of a step out of its scalars, by the names of the outputs that gave them. A
 * weighted sum becomes its mean. Throws an ArtifactError if the sum of its weights is not among them.
 */
export function figuresOf(
  outputs: readonly TensorInfo[],
  scalars: ReadonlyMap<string, number>,
): StepFigures {
  const divisors = new Set(outputs.map((info) => meanOf(info)?.over));
  const metrics: Record<string, number> = {};
  let loss = NaN;
  for (const info of outputs) {
    const { name, role } = info;
    const value = scalars.get(name);
    if (value === undefined || divisors.has(name)) continue;
    const mean = meanOf(info);
    const figure = mean ? value / weightOf(mean.over, scalars) : value;
    if (role === 'loss') loss = figure;
    else metrics[mean?.name ?? name] = figure;
  }
  return { loss, metrics };
}

/** Without any weight the mean of nothing is 0, as in the artifact `train`. */
function weightOf(name: string, scalars: ReadonlyMap<string, number>): number {
  const weight = scalars.get(name);
  if (weight !== undefined) return weight === 0 ? 1 : weight;
  throw new ArtifactError(`no output ${name} to divide the sum by`, {
    code: 'manifest-invalid',
    where: name,
  });
}
