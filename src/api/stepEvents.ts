import type { StepResult } from '../runtime/step.js';
import { TrainingError } from '../support/errors.js';

export interface StepEvent {
  readonly kind: 'step';
  /** Counts from 1 over the whole run, a resumed one included. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** Of the batch, as a fraction. */
  readonly accuracy: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  /** Time inside onnxruntime. */
  readonly runMilliseconds: number;
  /** Time before the step in which its images were not ready yet. */
  readonly waitMilliseconds: number;
  /** Steps of the run so far that overflowed and changed nothing; missing but in float16. */
  readonly skipped?: number;
}

/** A step whose result has not come yet. */
export interface Started {
  /** Counts from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly waitMilliseconds: number;
}

/** Throws a TrainingError where the loss of a step is not finite. */
export function requireFinite({ loss }: StepResult, { step }: Started): void {
  if (Number.isFinite(loss)) return;
  throw new TrainingError(`the loss is ${loss} at step ${step}`, {
    code: 'loss-not-finite',
    where: `step ${step}`,
    hint: 'lower the learning rate, warm it up for longer, or clip gradients (clipNorm)',
  });
}

/** What is told of a step. */
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
    waitMilliseconds,
    runMilliseconds,
  };
}
