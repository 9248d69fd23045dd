import {
  figuresByClass,
  meansOfClasses,
  type ClassFigures,
  type ClassMeans,
  type JudgingMetric,
} from './byClass.js';
import {
  calibrationBins,
  confusionMatrix,
  expectedCalibrationError,
  rankOf,
  type CalibrationBin,
} from './classification.js';

/** Writes softmax(logits / temperature) of each row of `classes` numbers to `out`. */
export function softmaxRows(
  logits: Float32Array,
  classes: number,
  out: Float32Array | Float64Array,
  temperature = 1,
): void {
  for (let start = 0; start + classes <= logits.length; start += classes) {
    const largest = maximum(logits, start, classes);
    let sum = 0;
    for (let i = start; i < start + classes; i++)
      sum += out[i] = Math.exp(((logits[i] ?? 0) - largest) / temperature);
    for (let i = start; i < start + classes; i++) out[i] = (out[i] ?? 0) / sum;
  }
}

/** The mean of the probabilities that several scores of the same rows stand for. */
export class MeanProbabilities {
  readonly #sum: Float64Array;
  readonly #own: Float64Array;
  #count = 0;

  /** Takes rows of `classes` numbers, `length` of them in all. */
  constructor(
    length: number,
    private readonly classes: number,
  ) {
    this.#sum = new Float64Array(length);
    this.#own = new Float64Array(length);
  }

  /** Adds softmax(logits) of each row. */
  add(logits: Float32Array): void {
    softmaxRows(logits, this.classes, this.#own);
    for (const [i, p] of this.#own.entries()) this.#sum[i] = (this.#sum[i] ?? 0) + p;
    this.#count += 1;
  }

  /** Writes the logarithms of the mean, which are scores as logits are. */
  writeLogarithms(out: Float32Array): void {
    for (const [i, p] of this.#sum.entries())
      out[i] = Math.log(Math.max(p / this.#count, Number.MIN_VALUE));
  }
}

function maximum(values: Float32Array, start: number, count: number): number {
  let largest = -Infinity;
  for (let i = start; i < start + count; i++) largest = Math.max(largest, values[i] ?? 0);
  return largest;
}

/** Index within the row of its largest number; the first one of equals. */
export function argmaxRow(values: Float32Array, start: number, classes: number): number {
  let best = 0;
  for (let i = 1; i < classes; i++)
    if ((values[start + i] ?? 0) > (values[start + best] ?? 0)) best = i;
  return best;
}

/** Quality of a classifier's scores on labelled images. */
export interface Measures extends ClassMeans {
  readonly images: number;
  /** Share of images whose class is the likeliest. */
  readonly accuracy: number;
  /** Share of images whose class is among the five likeliest. */
  readonly top5: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Expected calibration error over 15 bins. */
  readonly calibrationError: number;
  /** The bins that have images. */
  readonly calibration: readonly CalibrationBin[];
  /** Images by actual class (rows) and predicted class (columns). */
  readonly confusion: readonly (readonly number[])[];
  /** Figures of each class, in their order. */
  readonly perClass: readonly ClassFigures[];
}

/** Measures a classifier over batches; a few bytes an image stay. */
export class Evaluation {
  #top5 = 0;
  #loss = 0;
  readonly #actual: number[] = [];
  readonly #predicted: number[] = [];
  readonly #confidence: number[] = [];

  constructor(readonly classes: number) {}

  /** Adds rows of logits [N,classes], or logarithms of probabilities, with the class of each. */
  add(scores: Float32Array, labels: readonly number[]): void {
    const { classes } = this;
    for (const [row, label] of labels.entries()) {
      const start = row * classes;
      const predicted = argmaxRow(scores, start, classes);
      const logSum = logSumExp(scores, start, classes);
      this.#actual.push(label);
      this.#predicted.push(predicted);
      this.#confidence.push(Math.exp((scores[start + predicted] ?? NaN) - logSum));
      this.#loss += logSum - (scores[start + label] ?? NaN);
      if (rankOf(scores, start, classes, label) < 5) this.#top5 += 1;
    }
  }

  get images(): number {
    return this.#actual.length;
  }

  /** Share of images whose class is the likeliest. */
  get accuracy(): number {
    const right = this.#actual.filter((label, i) => label === this.#predicted[i]).length;
    return right / this.images;
  }

  /** Mean cross-entropy, in nats. */
  get loss(): number {
    return this.#loss / this.images;
  }

  measures(): Measures {
    const { images, accuracy, loss } = this;
    const actual = Int32Array.from(this.#actual);
    const predicted = Int32Array.from(this.#predicted);
    const confidence = Float32Array.from(this.#confidence);
    const correct = Uint8Array.from(actual, (label, i) => Number(label === predicted[i]));
    const confusion = this.#confusion(actual, predicted);
    const perClass = figuresByClass(confusion);
    return {
      ...{ images, accuracy, top5: this.#top5 / images, loss },
      calibrationError: expectedCalibrationError(confidence, correct),
      calibration: calibrationBins(confidence, correct).filter(({ count }) => count > 0),
      confusion,
      perClass,
      ...meansOfClasses(perClass),
    };
  }

  /** Accuracy, or a mean over the classes. */
  figure(metric: JudgingMetric): number {
    if (metric === 'accuracy') return this.accuracy;
    return meansOfClasses(figuresByClass(this.#confusion()))[metric];
  }

  #confusion(
    actual = Int32Array.from(this.#actual),
    predicted = Int32Array.from(this.#predicted),
  ): number[][] {
    const { classes } = this;
    const counts = confusionMatrix(actual, predicted, classes);
    return Array.from({ length: classes }, (_, label) => [
      ...counts.subarray(label * classes, (label + 1) * classes),
    ]);
  }
}

/** Logarithm of the sum of the exponentials of a row. */
function logSumExp(scores: Float32Array, start: number, classes: number): number {
  const largest = maximum(scores, start, classes);
  let sum = 0;
  for (let i = start; i < start + classes; i++) sum += Math.exp((scores[i] ?? 0) - largest);
  return largest + Math.log(sum);
}
