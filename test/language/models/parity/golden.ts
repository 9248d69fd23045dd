import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  parameterNames,
  findShippedModel,
  type ShippedModel,
} from '../../../../src/language/models/index.js';
import { invariant } from '../../../../src/support/errors.js';
import { repositoryRoot } from '../../../support/paths.js';

/** Logits in evaluation mode: <model>.eval.json of test/goldens/models. */
export interface EvaluationGolden {
  readonly seed: number;
  readonly size: number;
  readonly batch: number;
  readonly gain: number;
  readonly logits: readonly number[];
}

/** A tensor's norm, then its sums with random signs. */
export type Summary = readonly [norm: number, ...sums: number[]];

/** One training step: <model>.train.json of test/goldens/models; tensors by PyTorch's names. */
export interface TrainingGolden {
  readonly seed: number;
  readonly size: number;
  readonly batch: number;
  readonly classes: number;
  readonly drop_rate: number;
  readonly path_rate: number;
  /** Index of the first image. */
  readonly first: number;
  /** Of each mask that PyTorch was given, the probability that an element is 1. */
  readonly keeps: Readonly<Record<string, number>>;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Summary>>;
  /** What the step adds to the batch statistics. */
  readonly changes: Readonly<Record<string, Summary>>;
}

export function readGolden(file: string): unknown {
  return JSON.parse(
    readFileSync(join(repositoryRoot, 'test/goldens/models', `${file}.json`), 'utf8'),
  );
}

export function shippedModel(name: string): ShippedModel {
  const shipped = findShippedModel(name);
  invariant(shipped, `no model ${name}`);
  return shipped;
}

/** PyTorch's name of each parameter and statistic, by ours. */
export function pytorchNames(shipped: ShippedModel): (name: string) => string {
  const names = parameterNames(shipped, 'torchvision');
  return (name) => {
    const found = names.get(name);
    invariant(found, `no PyTorch name of ${name}`);
    return found;
  };
}
