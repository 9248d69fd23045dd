/** Measures of a classifier, as pure functions of what it predicted and what was right. */

/** Rows of `classes` numbers, the larger the likelier: logits or probabilities. */
export interface Scores {
  /** [N,classes] */
  readonly scores: Float32Array;
  readonly classes: number;
}

/** Share of rows whose class in `actual` [N] is among the k highest scores; of equals the first counts as higher. */
export function topKAccuracy({ scores, classes }: Scores, actual: Int32Array, k: number): number {
  let right = 0;
  for (const [row, label] of actual.entries())
    if (rankOf(scores, row * classes, classes, label) < k) right += 1;
  return right / actual.length;
}

/**
 * Number of scores of the row starting at `start` that rank before a class's; among equals the
 * first counts as higher.
 */
export function rankOf(
  scores: Float32Array,
  start: number,
  classes: number,
  label: number,
): number {
  const own = scores[start + label] ?? NaN;
  let before = 0;
  for (let i = 0; i < classes; i++) {
    const other = scores[start + i] ?? NaN;
    if (other > own || (other === own && i < label)) before += 1;
  }
  return before;
}

/** The images whose confidence lies in (low, high]. */
export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean confidence; NaN if the bin is empty. */
  readonly confidence: number;
  /** Share of right predictions; NaN if the bin is empty. */
  readonly accuracy: number;
}

/** Bins of equal width over confidences [N] of 0 to 1, with `correct` [N] 0 or 1. */
export function calibrationBins(
  confidence: Float32Array,
  correct: Uint8Array,
  bins = 15,
): CalibrationBin[] {
  const counts = new Float64Array(bins);
  const sums = new Float64Array(bins);
  const right = new Float64Array(bins);
  for (const [i, value] of confidence.entries()) {
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(value * bins) - 1));
    counts[bin] = (counts[bin] ?? 0) + 1;
    sums[bin] = (sums[bin] ?? 0) + value;
    right[bin] = (right[bin] ?? 0) + (correct[i] ?? 0);
  }
  return Array.from(counts, (count, bin) => ({
    low: bin / bins,
    high: (bin + 1) / bins,
    count,
    confidence: (sums[bin] ?? 0) / count,
    accuracy: (right[bin] ?? 0) / count,
  }));
}

/**
 * Expected calibration error: the mean distance between confidence and accuracy over the bins,
 * weighted by their images. Source: arXiv 1706.04599, section 2, with its 15 bins.
 */
export function expectedCalibrationError(
  confidence: Float32Array,
  correct: Uint8Array,
  bins = 15,
): number {
  let sum = 0;
  for (const bin of calibrationBins(confidence, correct, bins))
    if (bin.count > 0) sum += bin.count * Math.abs(bin.confidence - bin.accuracy);
  return sum / confidence.length;
}

/** Counts [classes,classes]: row the actual class, column the predicted one. */
export function confusionMatrix(
  actual: Int32Array,
  predicted: Int32Array,
  classes: number,
): Uint32Array {
  const counts = new Uint32Array(classes * classes);
  for (const [i, label] of actual.entries()) {
    const at = label * classes + (predicted[i] ?? 0);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** Number of images predicted as a class, and how many of them correctly. */
export interface ClassPrecision {
  readonly predicted: number;
  readonly right: number;
  /** right / predicted; NaN if nothing was predicted as this class. */
  readonly precision: number;
}

/** Precision of each class over the images whose confidence reaches the class's threshold. */
export function precisionByClass(
  actual: Int32Array,
  predicted: Int32Array,
  confidence: Float32Array,
  thresholds: Float32Array,
): ClassPrecision[] {
  const counts = new Uint32Array(thresholds.length);
  const right = new Uint32Array(thresholds.length);
  for (const [i, label] of predicted.entries()) {
    // NaN reaches no threshold.
    if (!((confidence[i] ?? NaN) >= (thresholds[label] ?? 0))) continue;
    counts[label] = (counts[label] ?? 0) + 1;
    if (actual[i] === label) right[label] = (right[label] ?? 0) + 1;
  }
  return Array.from(counts, (count, label) => ({
    predicted: count,
    right: right[label] ?? 0,
    precision: (right[label] ?? 0) / count,
  }));
}
