import { Labeller, type LabellerOptions } from '../../src/training/labelling/labeller.js';
import { runTraining } from '../../src/training/run/runTraining.js';
import type { TeacherSource } from '../../src/training/labelling/teacher.js';
import { arraySource, type ImageSource } from '../../src/data/loader/imageSource.js';
import { quarters, tinyNet } from './tinyDigits.js';
import { tinyRun } from './tinyRun.js';

/** Names of the classes of `quarters`. */
export const quarterNames = ['upper left', 'upper right', 'lower left', 'lower right'];

/** A tiny network that tells bright quarters apart, trained for a moment. */
export async function tinyTeacher(
  folder: string,
  { seed = 1, steps = 60 } = {},
): Promise<Exclude<TeacherSource, string>> {
  const plan = tinyRun(folder, { steps, evaluateEvery: 30, checkpointEvery: 30 });
  const { trainer } = await runTraining(
    { ...plan, trainer: { ...plan.trainer, seed }, schedule: { kind: 'constant', rate: 0.02 } },
    {},
  );
  await trainer.close();
  return { model: tinyNet(), checkpoint: folder };
}

/** Runs `body` with a labeller that ends afterwards. */
export async function withLabeller<T>(
  teacher: TeacherSource,
  body: (labeller: Labeller) => Promise<T>,
  options: LabellerOptions = {},
): Promise<T> {
  const labeller = await Labeller.create(teacher, {
    batch: 8,
    threads: 1,
    classNames: quarterNames,
    ...options,
  });
  try {
    return await body(labeller);
  } finally {
    await labeller.close();
  }
}

/** `quarters` as a source whose images are named like files. */
export function quarterSource(count: number, seed = 7): ImageSource {
  const ids = Array.from({ length: count }, (_, i) => `images/${i}.png`);
  return arraySource(quarters(count, seed), { name: 'quarters', ids });
}
