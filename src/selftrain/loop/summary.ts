import { join } from 'node:path';
import { renderCurves, type Curve } from '../../support/drawing/curves.js';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import { readMetrics } from '../../runtime/storage/metrics.js';
import { placesOf } from '../../runtime/storage/places.js';
import { formatShareOf, shareFacts, type ShareFacts } from '../../support/statistics/share.js';
import type { GenerationConfig, SelfTrainingConfig } from './config.js';
import type { Stages } from './lineage.js';
import type { KeptLabels } from './labelStages.js';
import type { NetworkOutcome } from './pipeline.js';
import { compareNetworks, type AccuracyDifference } from './testImages.js';
import type { TestResult } from './testNetwork.js';

/** One network in summary.json. */
export interface NetworkSummary {
  readonly name: string;
  readonly model: string;
  /** The chosen checkpoint, a path in the run's folder, and its step of how many. */
  readonly checkpoint: string;
  readonly step: number;
  readonly steps: number;
  /** Number of all its steps that overflowed and changed nothing; only in float16. */
  readonly skipped?: number;
  /** Images that it was trained on, of all steps and kinds. */
  readonly images: number;
  /** Accuracy on held-out images, by which the checkpoint was chosen. */
  readonly validation: number | null;
  /**
   * Number of images behind the accuracy, and its interval, which ignores that the checkpoint was
   * selected by it.
   */
  readonly heldOut: ShareFacts;
  readonly test: TestResult & Partial<ShareFacts>;
  /** The pseudo-labels that it learned from; null for the teacher and the control. */
  readonly labels: KeptLabels | null;
  readonly seconds: number;
}

/** Two networks of a run on the test set. */
export interface NetworkComparison extends AccuracyDifference {
  readonly network: string;
  /** The one that it is compared with. */
  readonly against: string;
}

/** summary.json of a self-training. */
export interface SelfTrainingSummary {
  readonly name: string;
  readonly folder: string;
  readonly seed: number;
  readonly networks: readonly NetworkSummary[];
  /** The last student against the teacher, and the first one against its control. */
  readonly comparisons: readonly NetworkComparison[];
  /** Criterion by which the networks were selected, and how often the test set was read. */
  readonly chosenBy: string;
  readonly seconds: number;
}

export function summaryOf(
  { name, seed, teacher, students }: SelfTrainingConfig,
  folder: string,
  outcomes: readonly NetworkOutcome[],
  { stages, heldOut }: { readonly stages: Pick<Stages, 'seconds'>; readonly heldOut: number },
): SelfTrainingSummary {
  const modelOf = (own: string): string => {
    if (own === 'teacher') return teacher.model;
    const index = own === 'control' ? 0 : Number(own.replace('student-', '')) - 1;
    return students[index]?.model ?? '';
  };
  return {
    name,
    folder,
    seed,
    networks: outcomes.map(({ name: own, trained, labels, test, seconds }) => ({
      name: own,
      model: modelOf(own),
      checkpoint: trained.checkpoint,
      step: trained.step,
      steps: trained.steps,
      ...(trained.skipped !== undefined && { skipped: trained.skipped }),
      images: trained.steps * trained.stepImages,
      validation: trained.validation,
      heldOut: shareFacts(trained.validation, heldOut),
      test: { ...test, ...shareFacts(test.accuracy, test.images) },
      labels: labels ?? null,
      seconds: rounded(seconds),
    })),
    comparisons: comparisonsOf(outcomes),
    chosenBy: chosenBy([teacher, ...students].map(({ choose }) => choose)),
    seconds: rounded(stages.seconds),
  };
}

function comparisonsOf(outcomes: readonly NetworkOutcome[]): NetworkComparison[] {
  const named = (own: string) => outcomes.find(({ name }) => name === own);
  const last = outcomes.findLast(({ name }) => name.startsWith('student'));
  const pairs = [
    [last, named('teacher')],
    [named('student-1'), named('control')],
  ] as const;
  return pairs.flatMap(([first, second]) =>
    first && second
      ? [{ network: first.name, against: second.name, ...compareNetworks(first, second) }]
      : [],
  );
}

function chosenBy(rules: readonly GenerationConfig['choose'][]): string {
  const [best, last] = [rules.includes('best'), rules.includes('last')];
  const held = 'checkpoints selected by accuracy on held-out labelled images, ties by loss';
  const rule = best
    ? last
      ? `${held}, or the last if the config says so`
      : held
    : 'the last checkpoints';
  return `${rule}; the test set was read once, at the end`;
}

function rounded(seconds: number): number {
  return Math.round(10 * seconds) / 10;
}

/** Writes summary.json and summary.svg into the run's folder. */
export function writeSummary(summary: SelfTrainingSummary): SelfTrainingSummary {
  const { folder } = summary;
  writeFileAtomic(placesOf(folder).summaryCurves, drawSummary(folder, summary));
  writeFileAtomic(placesOf(folder).summary, `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

/** The curves of all networks on held-out images, as an SVG. */
export function drawSummary(folder: string, summary: SelfTrainingSummary): string {
  const curves = summary.networks.map(({ name, test }): Curve => {
    const points = evaluationsOf(join(folder, name));
    return { name: `${name}: ${formatShareOf(test.accuracy, test.images)}`, points };
  });
  return renderCurves(curves, {
    title: `${summary.name}: accuracy on held-out images (legend: test set)`,
    xLabel: 'step',
    yLabel: 'accuracy',
    formatY: (y) => `${(100 * y).toFixed(0)} %`,
  });
}

/** Accuracy on held-out images by step, from the metrics of a network's folder. */
function evaluationsOf(folder: string): Curve['points'] {
  return [...readMetrics(placesOf(folder).metrics)].flatMap(({ kind, step, accuracy }) =>
    kind === 'eval' && typeof accuracy === 'number' ? [{ x: step, y: accuracy }] : [],
  );
}
