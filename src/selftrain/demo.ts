import { join } from 'node:path';
import { compileModel } from '../api/compileModel.js';
import { runTraining, type TrainingControl, type TrainingEvent } from '../api/runTraining.js';
import { DigitImages, type TargetedImages } from '../api/digits.js';
import type { BatchSource, Trainer } from '../api/trainer.js';
import { mnist, type Mnist } from '../data/mnist.js';
import type { Model } from '../nn/index.js';
import { writeFileAtomic } from '../runtime/atomic.js';
import { renderCurves } from '../runtime/curves.js';
import { softmaxRows } from '../runtime/evaluate.js';
import { fnv1a32 } from '../support/hash.js';
import { permutation } from '../support/random.js';
import { digitsModel } from './digitsModel.js';

const labelledCount = 300;
const unlabelledCount = 7000;
/** Digits for the learning curves; nothing is chosen by them. */
const validationCount = 500;
const classes = 10;

/** Budgets of the two networks: both see the same noise. */
const budgets = {
  teacher: { steps: 500, labelled: 50, unlabelled: 0, width: 1 },
  student: { steps: 900, labelled: 32, unlabelled: 96, width: 1 },
};
/** Input noise of both networks: shift in pixels, rotation in degrees, scale and shear as shares. */
const noise = { shift: 2, rotate: 10, scale: 0.1, shear: 0.1 };
const learningRate = 0.02;
const emaDecay = 0.99;
/** Pseudo-labels below this confidence are dropped (arXiv 1911.04252, section 2). */
const threshold = 0.3;

export type Generation = 'teacher' | 'student';

export type DemoEvent =
  | { readonly kind: 'begin'; readonly title: Generation; readonly steps: number }
  | { readonly kind: 'message'; readonly text: string }
  | TrainingEvent;

export interface DemoOptions {
  readonly seed: number;
  /** The run's folder. */
  readonly out: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: DemoEvent) => void) | undefined;
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
  readonly #labelled: TargetedImages;
  readonly #images: DigitImages;
  readonly #unlabelled: readonly number[];
  readonly #validation: readonly number[];
  readonly #test: readonly number[];
  readonly #curves: Curve[] = [];

  constructor(
    private readonly options: DemoOptions,
    private readonly digits: Mnist,
  ) {
    const order = permutation(digits.count, options.seed, {
      site: fnv1a32('demo.split'),
      step: 0,
      sample: 0,
    });
    const indices = Array.from(order);
    this.#images = new DigitImages(digits);
    this.#labelled = this.#images.labelled(indices.slice(0, labelledCount), classes);
    this.#unlabelled = indices.slice(labelledCount, labelledCount + unlabelledCount);
    const rest = indices.slice(labelledCount + unlabelledCount);
    this.#validation = rest.slice(0, validationCount);
    this.#test = rest.slice(validationCount);
  }

  /** Trains one network, exports it, tests it, and labels the unlabelled digits with it. */
  async generation(name: Generation, pseudo: TargetedImages | undefined) {
    const { out, seed, signal, onEvent } = this.options;
    const budget = budgets[name];
    const folder = join(out, name);
    const model = digitsModel({ name: `digits-${name}`, width: budget.width });
    const curve: Curve = { name, points: [] };
    this.#curves.push(curve);
    const test = this.#images.images(this.#test);
    onEvent?.({ kind: 'begin', title: name, steps: budget.steps });
    const control: TrainingControl = {
      signal,
      onEvent: (event) => {
        if (event.kind === 'evaluation') curve.points.push({ x: event.step, y: event.accuracy });
        onEvent?.(event);
      },
    };
    const outcome = await runTraining(
      {
        folder,
        model,
        trainer: {
          batch: budget.labelled + budget.unlabelled,
          seed: name === 'teacher' ? seed : seed + 1_000_003,
          optimizer: { kind: 'rmspropTf', weightDecay: 1e-5 },
          emaDecay,
        },
        source: this.#source(name, pseudo),
        steps: budget.steps,
        schedule: {
          kind: 'warmup',
          length: { steps: 50 },
          then: { kind: 'cosine', rate: learningRate },
        },
        validation: this.#images.images(this.#validation),
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
      const { accuracy } = await trainer.evaluate(test);
      const logits = await trainer.predict(this.#images.images(this.#unlabelled));
      const probabilities = new Float32Array(logits.length);
      softmaxRows(logits, classes, probabilities);
      await this.#export(folder, model, trainer);
      return { accuracy, probabilities, interrupted: false };
    } finally {
      await trainer.close();
    }
  }

  /** Keeps the unlabelled digits that the teacher is confident of, with its soft labels. */
  filter(probabilities: Float32Array): TargetedImages {
    const kept = this.#unlabelled.flatMap((digit, i) => {
      const row = probabilities.subarray(i * classes, (i + 1) * classes);
      return Math.max(...row) >= threshold ? [{ digit, row }] : [];
    });
    const targets = new Float32Array(kept.length * classes);
    kept.forEach(({ row }, i) => targets.set(row, i * classes));
    const right = kept.filter(
      ({ digit, row }) => row.indexOf(Math.max(...row)) === this.digits.labels[digit],
    );
    this.options.onEvent?.({
      kind: 'message',
      text: `kept ${kept.length} of ${this.#unlabelled.length} pseudo-labels (${((100 * right.length) / kept.length).toFixed(1)} % right)`,
    });
    return { indices: kept.map(({ digit }) => digit), targets };
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
  #source(name: Generation, pseudo: TargetedImages | undefined): BatchSource {
    const budget = budgets[name];
    const labelled = { name: `${name}.labelled`, rows: budget.labelled, from: this.#labelled };
    const rest = pseudo ? [{ name: `${name}.pseudo`, rows: budget.unlabelled, from: pseudo }] : [];
    const { seed } = this.options;
    return this.#images.source({ parts: [labelled, ...rest], classes, seed, noise });
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
