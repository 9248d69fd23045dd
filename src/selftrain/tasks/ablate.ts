/** The same generation with each noise removed: table 6 of arXiv 1911.04252 for one's own data. */
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import { placesOf } from '../../runtime/storage/places.js';
import { invariant } from '../../support/errors.js';
import type { SelfTrainingConfig } from '../loop/config.js';
import type { Quiet } from '../loop/generation.js';
import type { KeptLabels, LabellingNetwork } from '../loop/labelStages.js';
import { shareFacts, type ShareFacts } from '../../support/statistics/share.js';
import { compareNetworks, type AccuracyDifference } from '../loop/testImages.js';
import type { NetworkOutcome, Pipeline, TrainedOne } from '../loop/pipeline.js';
import { inRunFolder, type SelfTrainOptions, type Stopped } from '../loop/selfTrain.js';

/** The rows of the table: folder, what they are, and what they go without. */
const arms = [
  { name: 'student-1', text: 'Noisy Student' },
  { name: 'without-augmentation', text: 'student without augmentation', quiet: { input: true } },
  {
    name: 'without-depth',
    text: 'student without stochastic depth',
    quiet: { model: 'stochasticDepth' },
  },
  { name: 'without-dropout', text: 'student without dropout', quiet: { model: 'dropout' } },
  {
    name: 'without-noise',
    text: 'student without augmentation, stochastic depth, dropout',
    quiet: { input: true, model: 'both' },
  },
  { name: 'noised-teacher', text: 'teacher with the three noises when it labels', noised: true },
] satisfies readonly Arm[];

interface Arm {
  readonly name: string;
  readonly text: string;
  /** Noise withheld from pseudo-labelled images only, as in the paper. */
  readonly quiet?: Quiet;
  readonly noised?: boolean;
}

/** One row of ablation.json. */
export interface AblationRow extends Pick<NetworkOutcome, 'name' | 'seconds'> {
  readonly text: string;
  readonly test: NetworkOutcome['test'] & ShareFacts;
  /** Against the student with all noise, on the same images; null for itself. */
  readonly difference: AccuracyDifference | null;
}

export interface AblationSummary {
  readonly name: string;
  readonly folder: string;
  readonly seed: number;
  /** The teacher, that is supervised training, then the student with all noise and with less. */
  readonly rows: readonly AblationRow[];
}

/**
 * Trains the first student of a config again and again, each time without some noise, in the folder
 * of its self-training: teacher, labels and student of `selfTrain` are taken if they are there.
 */
export async function ablate(
  config: SelfTrainingConfig,
  options: SelfTrainOptions,
): Promise<AblationSummary | Stopped> {
  return inRunFolder(config, options, async (pipeline) => {
    const { folder } = pipeline.parts.context;
    const outcomes = await runArms(pipeline);
    const textOf = (name: string): string =>
      arms.find((arm) => arm.name === name)?.text ?? 'supervised (the teacher)';
    const whole = outcomes.find(({ name }) => name === 'student-1');
    const rows = outcomes.map((own): AblationRow => {
      const { name, test, seconds } = own;
      const stated = { ...test, ...shareFacts(test.accuracy, test.images) };
      const difference = whole && own !== whole ? compareNetworks(own, whole) : null;
      return { name, text: textOf(name), test: stated, difference, seconds };
    });
    const summary = { name: config.name, folder, seed: config.seed, rows };
    writeFileAtomic(placesOf(folder).ablation, `${JSON.stringify(summary, null, 2)}\n`);
    return summary;
  });
}

async function runArms(pipeline: Pipeline): Promise<NetworkOutcome[]> {
  const { config, networks } = pipeline.parts;
  const [first, second] = networks;
  const [student] = config.students;
  invariant(first && second && student, 'a run without a student');
  const teacher = await pipeline.train(first, {});
  const trained: TrainedOne[] = [{ name: first.name, network: teacher }];
  const labelsOf = async (of: LabellingNetwork): Promise<KeptLabels> => {
    const shards = await pipeline.label(of, teacher, student);
    return pipeline.filter(of, shards, student, { generation: 1 });
  };
  // All arms but one learn from the same labels.
  const clean = await labelsOf(first);
  for (const { name, quiet, noised } of arms as readonly Arm[]) {
    const of: LabellingNetwork =
      noised === true ? { ...first, name: 'noised-labels', trainedAs: first.name, noised } : first;
    const labels = of === first ? clean : await labelsOf(of);
    const own = { ...second, name };
    const network = await pipeline.student(own, student, labels, { teacher, of, quiet });
    trained.push({ name, network, labels });
  }
  return pipeline.test(trained, 'ablation/test');
}
