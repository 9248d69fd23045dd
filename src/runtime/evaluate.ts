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

  /** For rows of `classes` numbers, `length` of them in all. */
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

/** Adds up top-1 accuracy and softmax cross-entropy over batches. */
export class Evaluation {
  #weight = 0;
  #correct = 0;
  #loss = 0;

  constructor(readonly classes: number) {}

  /** Adds rows of logits [N,classes] with targets [N,classes]; rows of weight 0 (padding) do not count. */
  add(logits: Float32Array, target: Float32Array, weight: Float32Array): void {
    const { classes } = this;
    for (const [row, w] of weight.entries()) {
      if (w === 0) continue;
      const start = row * classes;
      this.#weight += w;
      if (argmaxRow(logits, start, classes) === argmaxRow(target, start, classes))
        this.#correct += w;
      this.#loss += w * crossEntropy(logits, target, start, classes);
    }
  }

  /** Weighted sum of the rows that counted. */
  get weight(): number {
    return this.#weight;
  }

  /** Share of rows whose top-1 class is the target's. */
  get accuracy(): number {
    return this.#correct / this.#weight;
  }

  /** Mean cross-entropy, in nats. */
  get loss(): number {
    return this.#loss / this.#weight;
  }
}

function crossEntropy(
  logits: Float32Array,
  target: Float32Array,
  start: number,
  classes: number,
): number {
  const largest = maximum(logits, start, classes);
  let sum = 0;
  for (let i = start; i < start + classes; i++) sum += Math.exp((logits[i] ?? 0) - largest);
  const logSum = largest + Math.log(sum);
  let loss = 0;
  for (let i = start; i < start + classes; i++)
    loss += (target[i] ?? 0) * (logSum - (logits[i] ?? 0));
  return loss;
}
