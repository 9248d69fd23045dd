import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { CheckpointChoice } from '../../contract/choices.js';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import { chosenCheckpointPath, readCheckpointState } from '../../runtime/storage/checkpoint.js';
import { renderCurves } from '../../support/drawing/curves.js';
import { canonicalJson } from '../../runtime/storage/json.js';
import { readMetrics } from '../../runtime/storage/metrics.js';
import { placesOf } from '../../runtime/storage/places.js';
import { shareFacts, type ShareFacts } from '../../support/statistics/share.js';
import type { TrainingOutcome } from './runTraining.js';
import type { Trainer } from '../trainer/trainer.js';

/** Result on held-out images. */
export interface EvaluationResult {
  readonly accuracy: number;
  readonly loss: number;
  readonly images: number;
}

/** An evaluation with how far its accuracy is known. */
export type StatedResult = EvaluationResult & ShareFacts;

function stated<T extends EvaluationResult>(result: T): T & ShareFacts {
  return { ...result, ...shareFacts(result.accuracy, result.images) };
}

/** Result on the test set. */
export interface TestResult extends EvaluationResult {
  /**
   * Number of times that the run has read the test set: once, unless it was extended afterwards.
   */
  readonly readings: number;
}

/** End of a run, and the weights it chose. */
export interface RunJudgement {
  readonly step: number;
  readonly interrupted: boolean;
  /** True if early stopping ended it. */
  readonly stoppedEarly: boolean;
  /** Steps that overflowed and changed nothing; missing but in float16. */
  readonly skipped?: number;
  /** The newest checkpoint. */
  readonly checkpoint: string;
  /** The best evaluation on the held-out images. */
  readonly best?: StatedResult & { readonly step: number };
  /** The weights that the run ends with, by the rule that chose them, and what the held-out images say. */
  readonly chosen: {
    readonly rule: CheckpointChoice;
    readonly step: number;
    readonly path: string;
    readonly validation?: StatedResult;
  };
  /** Test result of the chosen weights, once the run is done, if there is a test set. */
  readonly test?: TestResult & ShareFacts;
}

type ReadTest = (trainer: Trainer) => Promise<EvaluationResult>;

export interface JudgeRequest {
  /** The run's folder. */
  readonly folder: string;
  /** Number of held-out images. */
  readonly validationImages: number;
  /** Reads the test set, if there is one. */
  readonly evaluateTest?: ReadTest;
}

/**
 * The figures that a run ends with; draws its curves. The chosen weights of a whole run are measured
 * on the test set, which is read once: test.json keeps what it said of which weights.
 */
export async function judgeRun(
  { trainer, checkpoint, best, interrupted, stoppedEarly }: TrainingOutcome,
  request: JudgeRequest,
): Promise<RunJudgement> {
  const { folder, validationImages, evaluateTest } = request;
  const { step, skipped } = trainer;
  const curve = validationCurve(folder);
  drawCurve(folder, curve);
  const path = chosenCheckpointPath(placesOf(folder).checkpoints) ?? checkpoint;
  const state = readCheckpointState(path);
  const rule = best !== null && state.choose !== 'last' ? 'best' : 'last';
  const judged = (at: number): StatedResult | undefined => {
    const figures = curve.get(at);
    return figures && stated({ ...figures, images: validationImages });
  };
  const bestFigures = best ? judged(best.step) : undefined;
  const validation = judged(state.step);
  const chosen = { path, weights: state.tensors.sha256, step: state.step };
  const test =
    interrupted || !evaluateTest
      ? undefined
      : await testOnce(folder, trainer, chosen, evaluateTest);
  return {
    ...{ step, interrupted, stoppedEarly, checkpoint },
    ...(skipped !== undefined && { skipped }),
    ...(best && bestFigures && { best: { ...bestFigures, step: best.step } }),
    chosen: { rule, step: state.step, path, ...(validation && { validation }) },
    ...(test && { test: stated(test) }),
  };
}

type Figures = Pick<EvaluationResult, 'accuracy' | 'loss'>;

/** Curve of the held-out images in metrics.jsonl, by step. */
function validationCurve(folder: string): Map<number, Figures> {
  const curve = new Map<number, Figures>();
  for (const { kind, step, accuracy, loss } of readMetrics(placesOf(folder).metrics))
    if (kind === 'eval')
      // JSON has no NaN: a loss that was none is null there.
      curve.set(step, { accuracy: Number(accuracy), loss: Number(loss ?? NaN) });
  return curve;
}

function drawCurve(folder: string, curve: ReadonlyMap<number, Figures>): void {
  const points = [...curve].map(([x, { accuracy }]) => ({ x, y: accuracy }));
  const options = { title: 'Accuracy on held-out images', xLabel: 'step', yLabel: 'accuracy' };
  const svg = renderCurves([{ name: 'validation', points }], options);
  writeFileAtomic(placesOf(folder).curves, svg);
}

interface TestRecord extends TestResult {
  /** SHA-256 of the tensors that were measured. */
  readonly weights: string;
  readonly step: number;
}

/** Measures weights on the test set, unless the run has done so before. */
async function testOnce(
  folder: string,
  trainer: Trainer,
  chosen: { readonly path: string; readonly weights: string; readonly step: number },
  read: ReadTest,
): Promise<TestResult> {
  const before = readRecord(folder);
  if (before?.weights === chosen.weights) return figuresOf(before);
  if (chosen.step !== trainer.step) await trainer.resume(chosen.path);
  const readings = (before?.readings ?? 0) + 1;
  const record = { ...(await read(trainer)), readings };
  const { weights, step } = chosen;
  writeFileAtomic(placesOf(folder).test, canonicalJson({ ...record, weights, step }));
  return record;
}

function figuresOf({ accuracy, loss, images, readings }: TestRecord): TestResult {
  return { accuracy, loss, images, readings };
}

function readRecord(folder: string): TestRecord | undefined {
  const path = placesOf(folder).test;
  if (!existsSync(path)) return undefined;
  return JSON.parse(readFileSync(path, 'utf8')) as TestRecord;
}

/** Forgets what the test set said, before a folder's run starts over. */
export function forgetTest(folder: string): void {
  rmSync(placesOf(folder).test, { force: true });
}
