import { join } from 'node:path';
import { compileModel } from '../api/compileModel.js';
import { runTraining, type TrainingControl, type TrainingEvent } from '../api/runTraining.js';
import type { BatchSource, Trainer } from '../api/trainer.js';
import { randomAffine } from '../augment/affine.js';
import { ShuffledBatches, splitIndices } from '../data/batches.js';
import { ArrayDataset } from '../data/dataset.js';
import { mnist, type Mnist } from '../data/mnist.js';
import type { Model } from '../nn/index.js';
import { writeFileAtomic } from '../runtime/atomic.js';
import { renderCurves } from '../runtime/curves.js';
import { softmaxRows } from '../runtime/evaluate.js';
import { digitsModel } from './digitsModel.js';
import { MixedBatches } from './mixedBatches.js';

const labelledCount = 300;
const unlabelledCount = 7000;
/** Digits for the learning curves; nothing is chosen by them. */
const validationCount = 500;
const classes = 10;

/** Budgets of the two networks; images of a step by kind. */
const budgets = {
  teacher: { steps: 500, labelled: 50, unlabelled: 0, width: 1 },
  student: { steps: 700, labelled: 32, unlabelled: 96, width: 1 },
};
/**
 * Input noise: the teacher gets the usual small shifts, the student strong affine maps. Shift in
 * pixels, rotation in degrees, scale and shear as shares.
 */
const noise = {
  teacher: { shift: 1, rotate: 0, scale: 0, shear: 0 },
  student: { shift: 2, rotate: 12, scale: 0.15, shear: 0.15 },
};
const learningRate = 0.02;
const emaDecay = 0.99;
/** Pseudo-labels below this confidence are dropped (arXiv 1911.04252, section 2). */
const threshold = 0.3;

export type Generation = 'teacher' | 'student';

export interface DemoOptions {
  readonly seed: number;
  /** The run's folder. */
  readonly out: string;
  /** Training steps of the networks; the demo's own where missing. */
  readonly steps?: Readonly<Record<Generation, number>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
}

export interface DemoSummary {
  readonly seed: number;
  readonly teacher: { readonly accuracy: number };
  readonly student: { readonly accuracy: number };
  readonly seconds: number;
  readonly interrupted?: boolean;
}

/**
 * The smallest real Noisy Student run: a teacher on 300 labelled digits, pseudo-labels for 7,000
 * more, a student on both under noise, both evaluated on the digits left over.
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary> {
  const start = performance.now();
  const demo = new Demo(options, mnist({ cacheDir: join(options.out, 'data') }));
  const teacher = await demo.generation('teacher', undefined);
  if (teacher.interrupted) return interrupted(options.seed, start);
  const pseudo = demo.filter(teacher.probabilities);
  const student = await demo.generation('student', pseudo);
  if (student.interrupted) return interrupted(options.seed, start);
  demo.drawCurves();
  const summary: DemoSummary = {
    seed: options.seed,
    teacher: { accuracy: teacher.accuracy },
    student: { accuracy: student.accuracy },
    seconds: Math.round((performance.now() - start) / 100) / 10,
  };
  writeFileAtomic(join(options.out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

function interrupted(seed: number, start: number): DemoSummary {
  const seconds = (performance.now() - start) / 1000;
  return {
    seed,
    teacher: { accuracy: NaN },
    student: { accuracy: NaN },
    seconds,
    interrupted: true,
  };
}

interface Curve {
  readonly name: Generation;
  readonly points: { x: number; y: number }[];
}

class Demo {
  readonly #digits: ArrayDataset;
  readonly #labelled: ArrayDataset;
  /** Indices of the unlabelled digits. */
  readonly #unlabelled: Uint32Array;
  readonly #validation: ArrayDataset;
  readonly #test: ArrayDataset;
  readonly #curves: Curve[] = [];

  constructor(
    private readonly options: DemoOptions,
    private readonly digits: Mnist,
  ) {
    const sizes = [labelledCount, unlabelledCount, validationCount];
    const test = digits.count - sizes.reduce((a, b) => a + b);
    const parts = splitIndices(digits.count, [...sizes, test], options.seed, 'demo.split');
    const part = (i: number): Uint32Array => parts[i] ?? new Uint32Array();
    this.#digits = new ArrayDataset({ ...digits, classes });
    this.#labelled = this.#digits.subset(part(0));
    this.#unlabelled = part(1);
    this.#validation = this.#digits.subset(part(2));
    this.#test = this.#digits.subset(part(3));
  }

  /** Trains one network, exports it, tests it, and labels the unlabelled digits with it. */
  async generation(name: Generation, pseudo: ArrayDataset | undefined) {
    const { out, seed, signal, onEvent } = this.options;
    const budget = budgets[name];
    const folder = join(out, name);
    const model = digitsModel({ name: `digits-${name}`, width: budget.width });
    const curve: Curve = { name, points: [] };
    this.#curves.push(curve);
    const control: TrainingControl = {
      signal,
      onEvent: (event) => {
        if (event.kind === 'evaluation') curve.points.push({ x: event.step, y: event.accuracy });
        onEvent?.(event);
      },
    };
    const outcome = await runTraining(
      {
        title: name,
        folder,
        model,
        trainer: {
          batch: budget.labelled + budget.unlabelled,
          seed: name === 'teacher' ? seed : seed + 1_000_003,
          optimizer: { kind: 'rmspropTf', weightDecay: 1e-5 },
          emaDecay,
        },
        source: this.#source(name, pseudo),
        steps: this.options.steps?.[name] ?? budget.steps,
        schedule: {
          kind: 'warmup',
          length: { steps: 50 },
          then: { kind: 'cosine', rate: learningRate },
        },
        validation: this.#validation,
        evaluateEvery: 50,
        checkpointEvery: 250,
        keepLast: 1,
        config: { demo: name, seed },
      },
      control,
    );
    const { trainer } = outcome;
    try {
      if (outcome.interrupted)
        return { accuracy: NaN, probabilities: new Float32Array(), interrupted: true };
      const { accuracy } = await trainer.evaluate(this.#test);
      const logits = await trainer.predict(this.#digits.subset(this.#unlabelled));
      const probabilities = new Float32Array(logits.length);
      softmaxRows(logits, classes, probabilities);
      await this.#export(folder, model, trainer);
      return { accuracy, probabilities, interrupted: false };
    } finally {
      await trainer.close();
    }
  }

  /** Keeps the unlabelled digits that the teacher is confident of, with its soft labels. */
  filter(probabilities: Float32Array): ArrayDataset {
    const { images, shape, labels, count } = this.digits;
    const targets = new Float32Array(count * classes);
    const kept: number[] = [];
    let right = 0;
    for (const [i, digit] of this.#unlabelled.entries()) {
      const row = probabilities.subarray(i * classes, (i + 1) * classes);
      const confidence = Math.max(...row);
      if (confidence < threshold) continue;
      kept.push(digit);
      targets.set(row, digit * classes);
      if (row.indexOf(confidence) === labels[digit]) right++;
    }
    const share = ((100 * right) / kept.length).toFixed(1);
    this.options.onEvent?.({
      kind: 'message',
      text: `kept ${kept.length} of ${this.#unlabelled.length} pseudo-labels (${share} % right)`,
    });
    return new ArrayDataset({ images, shape, classes, targets }).subset(kept);
  }

  /** Draws held-out accuracy of both networks by step. */
  drawCurves(): void {
    const svg = renderCurves(this.#curves, {
      title: 'Teacher and student on held-out digits',
      xLabel: 'step',
      yLabel: 'accuracy',
      formatY: (y) => `${(100 * y).toFixed(1)} %`,
    });
    writeFileAtomic(join(this.options.out, 'curves.svg'), svg);
  }

  /** Labelled images first, then pseudo-labelled ones; each part goes through its own shuffles. */
  #source(name: Generation, pseudo: ArrayDataset | undefined): BatchSource {
    const { seed } = this.options;
    const augment = randomAffine(noise[name], this.digits.shape);
    const { labelled, unlabelled } = budgets[name];
    const shared = { seed, augment };
    const first = new ShuffledBatches(this.#labelled, {
      ...shared,
      batch: labelled,
      name: `${name}.labelled`,
    });
    if (pseudo === undefined) return first;
    const second = new ShuffledBatches(pseudo, {
      ...shared,
      batch: unlabelled,
      name: `${name}.pseudo`,
    });
    return new MixedBatches({
      labelled: first,
      pseudo: second,
      batch: labelled,
      ratio: unlabelled / labelled,
      kind: 'soft',
    });
  }

  /** Writes the artifacts with the trained weights (their moving averages) inside. */
  async #export(folder: string, model: Model, trainer: Trainer): Promise<void> {
    const state = await trainer.state();
    const weights = new Map(
      trainer.manifest.params.flatMap(({ name }) => {
        const tensor = state.get(`ema.${name}`) ?? state.get(name);
        return tensor ? [[name, tensor] as const] : [];
      }),
    );
    await compileModel(model, {
      out: join(folder, 'model'),
      artifacts: ['infer', 'forward'],
      weights,
      foldBatchNorm: true,
    });
  }
}
