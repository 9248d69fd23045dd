/** Figures of each class of a classifier, and their means, as scikit-learn has them. */

/** The figures by which held-out images may judge a network; each is better the higher it is. */
export const judgingMetrics = ['accuracy', 'balancedAccuracy', 'macroF1'] as const;
/**
 * Figure that weights are judged by: the share of images that are right, the mean of the classes' shares, or the
 * mean of their F1.
 */
export type JudgingMetric = (typeof judgingMetrics)[number];

/** How well one class is told from the others. */
export interface ClassFigures {
  /** Images of this class. */
  readonly images: number;
  /** Share of them that are taken for it, also called recall; NaN without images. */
  readonly accuracy: number;
  /** Images taken for it. */
  readonly predicted: number;
  /** Share of the images taken for it that are of it; NaN where none is taken for it. */
  readonly precision: number;
  /** Harmonic mean of the two, 0 where none is right; NaN where there is neither. */
  readonly f1: number;
}

/** Means over classes, in which each counts the same however many images it has. */
export interface ClassMeans {
  /** Mean accuracy of the classes that have images, as sklearn.metrics.balanced_accuracy_score. */
  readonly balancedAccuracy: number;
  /** Mean F1 of the classes that have images or are predicted, as sklearn.metrics.f1_score with average 'macro'. */
  readonly macroF1: number;
}

/** The figures of each class from a confusion matrix: rows the actual class, columns the predicted one. */
export function figuresByClass(confusion: readonly (readonly number[])[]): ClassFigures[] {
  return confusion.map((row, label) => {
    const right = row[label] ?? 0;
    const images = row.reduce((a, b) => a + b, 0);
    const predicted = confusion.reduce((sum, other) => sum + (other[label] ?? 0), 0);
    return {
      ...{ images, predicted },
      accuracy: right / images,
      precision: right / predicted,
      f1: (2 * right) / (images + predicted),
    };
  });
}

/** The means of the figures of all classes. */
export function meansOfClasses(classes: readonly ClassFigures[]): ClassMeans {
  return {
    balancedAccuracy: meanOfNumbers(classes.map(({ accuracy }) => accuracy)),
    macroF1: meanOfNumbers(classes.map(({ f1 }) => f1)),
  };
}

/** The mean of those that are numbers. */
function meanOfNumbers(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((a, b) => a + b, 0) / known.length;
}
