import type { StepEvent } from '../../contract/events.js';
import type { StepResult } from '../../runtime/engine/step.js';
import { TrainingError } from '../../support/errors.js';
import { someOf } from '../../support/finite.js';

/** A step whose result has not come yet. */
export interface Started {
  /** Counts from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly waitMilliseconds: number;
}

/** Throws a TrainingError if the loss of a step, or the norm of its gradients, is not finite. */
export function requireFinite({ loss, metrics }: StepResult, { step }: Started): void {
  const { grad_norm: norm = 0 } = metrics;
  if (Number.isFinite(loss) && Number.isFinite(norm)) return;
  const what = Number.isFinite(loss)
    ? `the norm of the gradients is ${norm}`
    : `the loss is ${loss}`;
  throw new TrainingError(`${what} at step ${step}`, {
    code: 'loss-not-finite',
    where: `step ${step}`,
    hint: 'lower the learning rate, extend the warm-up, or clip gradients (clipNorm)',
  });
}

/** Steps after which parameters, statistics, optimizer state and averages are looked at for NaN. */
export const finiteCheckEvery = 100;

/**
 * The error of a training whose state is not finite after `step`; `before` is the last step after which
 * it was, undefined if nobody looked since the weights were set.
 */
export function stateNotFinite(
  names: readonly string[],
  step: number,
  before: number | undefined,
): TrainingError {
  const found = `NaN or infinity in ${someOf(names)}`;
  const begun = before === undefined;
  return new TrainingError(
    begun
      ? `training cannot start at step ${step + 1}: ${found}`
      : `training diverged by step ${step}: ${found}; everything was finite after step ${before}`,
    {
      code: 'training-not-finite',
      where: begun ? `step ${step}` : `steps ${before + 1} to ${step}`,
      hint: begun
        ? 'start from other weights, or resume from an older checkpoint by deleting the newest'
        : 'continue from a checkpoint with a lower learning rate, a longer warm-up or clipped gradients (clipNorm)',
    },
  );
}

/** Event that reports a step. */
export function stepEvent(
  { loss, metrics, runTime: runMilliseconds }: StepResult,
  { step, learningRate, waitMilliseconds }: Started,
  { stepsPerEpoch }: { readonly stepsPerEpoch: number },
): Omit<StepEvent, 'imagesPerSecond'> {
  const epoch = Math.floor((step - 1) / stepsPerEpoch);
  const accuracy = metrics['accuracy'] ?? NaN;
  return {
    kind: 'step',
    step,
    epoch,
    loss,
    accuracy,
    learningRate,
    // A runner may fill the same object again.
    metrics: { ...metrics },
    waitMilliseconds,
    runMilliseconds,
  };
}
