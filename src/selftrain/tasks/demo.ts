import { join } from 'node:path';
import { exportModel } from '../../training/weights/exportModel.js';
import { mnist } from '../../data/datasets/mnist.js';
import { openLabelledSet } from '../../data/datasets/openSets.js';
import { splitIndices } from '../../data/loader/batches.js';
import { subsetOf, type LabelledImages } from '../../data/sets/images.js';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import { placesOf } from '../../runtime/storage/places.js';
import { invariant } from '../../support/errors.js';
import { shareFacts, type ShareFacts } from '../../support/statistics/share.js';
import { parseSelfTrainingConfig, type SelfTrainingConfig } from '../loop/config.js';
import { digitsModel } from './digitsModel.js';
import { loadKept } from '../choose/keptStore.js';
import type { PipelineControl } from '../loop/runStages.js';
import { runSelfTraining } from '../loop/selfTrain.js';
import type { SelfTrainingSets } from '../loop/sets.js';
import { drawSummary, type NetworkComparison, type NetworkSummary } from '../loop/summary.js';

/** Digits of each kind; those that are left are the test set. */
const counts = { labelled: 300, unlabelled: 7000, validation: 500 };

/**
 * The teacher gets the usual small shifts, the student strong affine maps. Shift in pixels, rotation
 * in degrees, scale and shear as shares. The validation digits draw curves; nothing is chosen by them.
 */
function demoConfig(seed: number, steps: Readonly<Record<Generation, number>>): SelfTrainingConfig {
  const [labelled, ratio] = [{ teacher: 50, student: 32 }, 3];
  /** A tenth of the steps, in epochs. */
  const schedule = (own: Generation) => ({
    kind: 'cosine',
    warmup: (0.1 * steps[own]) / Math.floor(counts.labelled / labelled[own]),
  });
  const config = {
    name: 'demo',
    seed,
    data: { labelled: mnist.name, unlabelled: mnist.name, test: mnist.name },
    teacher: {
      model: 'digits',
      steps: steps.teacher,
      batch: labelled.teacher,
      optimizer: { kind: 'rmspropTf', learningRate: 0.02, weightDecay: 1e-5 },
      schedule: schedule('teacher'),
      ema: 0.99,
      noise: { augment: { shift: 1 } },
      choose: 'last',
      checkpoints: { every: 40, keepLast: 1 },
    },
    students: [
      {
        steps: steps.student,
        batch: labelled.student,
        ratio,
        schedule: schedule('student'),
        noise: { augment: { shift: 2, rotate: 12, scale: 0.15, shear: 0.15 } },
        labels: { threshold: 0.3, allowEmpty: true },
      },
    ],
    validation: { every: 8 },
  };
  return parseSelfTrainingConfig(config, 'demo');
}

export type Generation = 'teacher' | 'student';

export interface DemoOptions extends PipelineControl {
  readonly seed: number;
  /** The run's folder. */
  readonly out: string;
  /** Training steps of the networks (default: the demo's own). */
  readonly steps?: Readonly<Record<Generation, number>> | undefined;
}

/** Accuracy on n test digits, with its interval. */
interface DemoFigure extends ShareFacts {
  readonly accuracy: number;
}

/** summary.json of the demo; accuracies are fractions of the test digits. */
export interface DemoSummary {
  readonly seed: number;
  readonly teacher: DemoFigure;
  readonly student: DemoFigure;
  /** Student - teacher, on the same test digits. */
  readonly comparison: NetworkComparison;
  readonly seconds: number;
}

export type DemoResult =
  | { readonly interrupted: true }
  | (DemoSummary & {
      readonly interrupted: false;
      /** The pseudo-labels that the student learned from, and how many of them are right. */
      readonly labels: { readonly images: number; readonly kept: number; readonly right: number };
    });

/**
 * The smallest real Noisy Student run: a teacher on 300 labelled digits, pseudo-labels for 7,000
 * more, a student on both under noise, both evaluated on the digits left over. A killed one goes on
 * where it was; one of another seed starts over.
 */
export async function runDemo({ seed, out, steps, ...control }: DemoOptions): Promise<DemoResult> {
  const digits = await openLabelledSet(`${mnist.name}:${join(out, 'data')}`);
  const sets = demoSets(digits, seed);
  const models = { digits: digitsModel({ name: 'digits', width: 1 }) };
  const config = demoConfig(seed, steps ?? { teacher: 500, student: 700 });
  const options = { configFolder: '.', out, overwrite: true, sets, models, ...control };
  const result = await runSelfTraining(config, options);
  if (!('networks' in result)) return { interrupted: true };
  const [teacher, student] = result.networks;
  const [comparison] = result.comparisons;
  invariant(teacher && student && comparison, 'a demo without a teacher and a student');
  const figure = ({ test: { accuracy, images } }: NetworkSummary): DemoFigure => {
    return { accuracy, ...shareFacts(accuracy, images) };
  };
  const summary: DemoSummary = {
    seed,
    teacher: figure(teacher),
    student: figure(student),
    comparison,
    seconds: result.seconds,
  };
  for (const { name, checkpoint } of result.networks)
    await exportModel(join(out, checkpoint), {
      out: join(out, name, 'model.onnx'),
      model: models.digits,
    });
  writeFileAtomic(placesOf(out).curves, drawSummary(out, result));
  writeFileAtomic(placesOf(out).summary, `${JSON.stringify(summary, null, 2)}\n`);
  const labels = await judged(join(out, student.labels?.path ?? ''), sets.unlabelled);
  return { ...summary, interrupted: false, labels: { images: counts.unlabelled, ...labels } };
}

/** Splits the digits into sets, by the seed alone. */
function demoSets(
  digits: LabelledImages,
  seed: number,
): Record<keyof SelfTrainingSets, LabelledImages> {
  const { labelled, unlabelled, validation } = counts;
  const test = digits.count - labelled - unlabelled - validation;
  const sizes = [labelled, unlabelled, validation, test];
  const parts = splitIndices(digits.count, sizes, seed, 'demo.split').map((part) =>
    subsetOf(digits, part),
  );
  const part = (i: number): LabelledImages => parts[i] ?? digits;
  return { labelled: part(0), unlabelled: part(1), validation: part(2), test: part(3) };
}

/** Counts the kept labels that are right, which only someone with the answers knows. */
async function judged(path: string, { label }: LabelledImages) {
  const { indices, labels } = await loadKept(path);
  let right = 0;
  for (const [row, index] of indices.entries()) right += Number(label(index) === labels[row]);
  return { kept: indices.length, right };
}
