import { ConfigError } from '../../support/errors.js';
import { option as optionAt, phrase } from '../../support/phrase.js';
import { labelsOf, type LabelledImages, type Targets } from './images.js';

/** A way to weigh classes by their numbers of images, or the weight of each by its name. */
export type ClassWeights =
  | 'balanced'
  | 'effectiveNumber'
  | { readonly kind: 'effectiveNumber'; readonly beta: number }
  | Readonly<Record<string, number>>;

/** The usual beta of effective numbers. */
export const usualBeta = 0.999;

/** Images of each class. */
export function classCounts(images: LabelledImages): Float64Array {
  const counts = new Float64Array(images.classNames.length);
  for (const label of labelsOf(images)) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/**
 * The weight of each class in the loss. `balanced` is scikit-learn's n / (classes * n of the class), of which the
 * mean over the images is 1; `effectiveNumber` is (1 - beta) / (1 - beta^n) over the sum of all, times the classes
 * (arXiv 1901.05555, equation 4, and its code). Names that are left out weigh 1. Throws a ConfigError for a name
 * that is none, and for a class without images whose weight follows from their number.
 */
export function weightsOfClasses(images: LabelledImages, given: ClassWeights): Float64Array {
  const { classNames } = images;
  if (typeof given !== 'string' && given.kind !== 'effectiveNumber')
    return namedWeights(classNames, given as Readonly<Record<string, number>>);
  requireEveryClass(images, ['classWeights']);
  const counts = classCounts(images);
  if (given === 'balanced') return counts.map((n) => images.count / (counts.length * n));
  const beta = typeof given === 'string' ? usualBeta : given.beta;
  const weights = counts.map((n) => (1 - beta) / (1 - beta ** n));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => (w / sum) * counts.length);
}

function namedWeights(
  classNames: readonly string[],
  given: Readonly<Record<string, number>>,
): Float64Array {
  const unknown = Object.keys(given).filter((name) => !classNames.includes(name));
  if (unknown.length > 0)
    throw new ConfigError(
      `classWeights has ${unknown.join(', ')}, which is not among the classes`,
      {
        code: 'class-unknown',
        option: ['classWeights', unknown[0] ?? ''],
        hint: `the classes are ${classNames.join(', ')}`,
      },
    );
  return Float64Array.from(classNames, (name) => given[name] ?? 1);
}

/** Throws a ConfigError that names the classes without images, which what `option` asks for cannot do without. */
export function requireEveryClass(images: LabelledImages, option: readonly [string]): void {
  const counts = classCounts(images);
  const empty = images.classNames.filter((_, label) => counts[label] === 0);
  if (empty.length === 0) return;
  throw new ConfigError(
    `no image to train on is of class ${empty.join(', ')}, so ${option[0]} cannot balance it`,
    {
      code: 'class-empty',
      option,
      where: images.name,
      hint: phrase`add images of it, leave the class out, or leave ${optionAt(option)} out`,
    },
  );
}

/** Targets whose images weigh as much as their class. */
export function weighted(
  targets: Targets,
  { label }: Pick<LabelledImages, 'label'>,
  weights: Float64Array,
): Targets {
  return {
    classes: targets.classes,
    target: (i, out) => targets.target(i, out),
    weight: (i) => targets.weight(i) * (weights[label(i)] ?? 1),
  };
}
