import { cleanImages } from '../../data/loader/cleanImages.js';
import { LoaderPool } from '../../data/loader/loaderPool.js';
import { UnreadableImages } from '../../data/loader/unreadable.js';
import { describeSet, type OnSet } from '../../data/sets/describe.js';
import { loadModel, modelPath } from '../../language/frontend/loadModel.js';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import { chooseDevice } from '../../runtime/machine/device.js';
import { deviceNote } from '../../runtime/machine/deviceNames.js';
import type { Telling } from '../../contract/events.js';
import { renderCurves } from '../../support/drawing/curves.js';
import { ConfigError, TrainingError } from '../../support/errors.js';
import { checkRanges } from '../../support/optionRanges.js';
import { resolve } from 'node:path';
import type { TrainingConfig } from '../config/config.js';
import { teller } from '../listeners/tell.js';
import { classesOf, decodingOf, openTrainingSets, unreadableOf } from '../record/trainingData.js';
import { Trainer } from '../trainer/trainer.js';
import { labelledBatches, planNetwork, traceNetwork, type NetworkToTrain } from './planNetwork.js';

/*
 * The learning-rate range test (arXiv 1506.01186, section 3.3; fastai's lr_find): a network is trained for one pass
 * while its rate grows by the same factor at each step, and the loss, smoothed, is drawn over the rate. It ends
 * when the loss has grown to four times its lowest. The rate that is suggested is where the loss falls fastest by
 * the logarithm of the rate, as PyTorch Lightning takes it. Nothing of the network is kept.
 */

/** Options of findLearningRate. */
export interface FindLearningRateOptions extends Telling {
  /** Folder that relative paths of the config start from. */
  readonly configFolder: string;
  /** File that takes the picture, an SVG; none is written where it is missing. */
  readonly out?: string | undefined;
  /** Steps of the test (default: one pass over the labelled images, and 100 at least). */
  readonly steps?: number | undefined;
  /** The first rate (default: 1e-7). */
  readonly lowest?: number | undefined;
  /** The last rate (default: 10). */
  readonly highest?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of the labelled images as they were opened. */
  readonly onSet?: OnSet | undefined;
}

/** A step of the test. */
export interface RatedLoss {
  readonly learningRate: number;
  readonly loss: number;
  /** Mean of the losses so far, of which older ones count less. */
  readonly smoothed: number;
}

/** Result of findLearningRate. */
export interface FoundLearningRate {
  /** Name of the config. */
  readonly name: string;
  /** Rate at which the loss falls fastest; null where it never falls. */
  readonly suggestion: number | null;
  /** Rate at which the smoothed loss is lowest. */
  readonly atLowestLoss: number;
  /** True if the loss grew beyond bounds before the last step. */
  readonly diverged: boolean;
  readonly steps: readonly RatedLoss[];
  /** The picture; null where none was wanted. */
  readonly picture: string | null;
}

const leastSteps = 100;
/** Weight of the past in the smoothed loss, fastai's. */
const smoothing = 0.98;
/** Multiple of the lowest smoothed loss that ends the test. */
const limit = 4;
/** First steps, whose smoothed loss is that of one batch or few, and last ones, which may already diverge. */
const skipped = { first: 10, last: 1 };

/** Finds a learning rate for a config by a range test; the schedule of the config does not matter. */
export async function findLearningRate(
  config: TrainingConfig,
  options: FindLearningRateOptions,
): Promise<FoundLearningRate> {
  checkRanges('findLearningRate', { until: options.steps }, ['until']);
  const { lowest = 1e-7, highest = 10, signal } = options;
  if (!(lowest > 0 && highest > lowest && highest < Infinity))
    throw new ConfigError(`rates from ${lowest} to ${highest} do not grow from above 0`, {
      code: 'option-range',
      option: ['highest'],
      hint: 'give a lowest rate above 0, and a highest above it',
    });
  const tell = teller(options, { network: config.name });
  const pool = new LoaderPool();
  try {
    const { plan, note } = await openPlan(config, options, pool);
    for (const text of [note, ...(plan.notes ?? [])])
      if (text !== undefined) tell({ kind: 'message', text });
    const { source } = plan;
    const steps = options.steps ?? Math.max(leastSteps, source.stepsPerEpoch);
    requireSteps(steps);
    const trainer = await Trainer.create(plan.model, plan.trainer);
    const found = new RangeTest();
    try {
      if (plan.initial !== undefined) await trainer.startFrom(plan.initial, plan.classes);
      tell({ kind: 'begin', title: `${config.name}, learning rate`, steps });
      const factor = highest / lowest;
      const learningRate = (step: number): number => lowest * factor ** (step / (steps - 1));
      for await (const event of trainer.run(source, { until: steps, learningRate })) {
        signal?.throwIfAborted();
        tell(event);
        if (found.add(event.learningRate, event.loss)) break;
      }
    } catch (error) {
      // A loss that is no number any more is how a test of a steep network ends.
      if (!(error instanceof TrainingError) || !found.ends()) throw error;
    } finally {
      await trainer.close();
    }
    const result = { name: config.name, ...found.result() };
    if (options.out === undefined) return { ...result, picture: null };
    writeFileAtomic(options.out, pictureOf(result));
    return { ...result, picture: options.out };
  } finally {
    await pool.close();
  }
}

function requireSteps(steps: number): void {
  const least = skipped.first + skipped.last + 3;
  if (steps >= least) return;
  throw new ConfigError(`${steps} steps are too few for a test of rates`, {
    code: 'option-range',
    option: ['steps'],
    hint: `give ${least} at least, better ${leastSteps}`,
  });
}

/** The training of a config as `gradus train` plans it, without a folder. */
async function openPlan(
  config: TrainingConfig,
  { configFolder, onSet }: FindLearningRateOptions,
  pool: LoaderPool,
) {
  const choice = await chooseDevice(config.device, config.precision);
  const model = modelPath(config.model, configFolder);
  const [{ labelled, validation }, loaded] = await Promise.all([
    openTrainingSets(config, configFolder),
    loadModel(model),
  ]);
  onSet?.(describeSet('labelled', labelled));
  const { network: _traced, ...seen } = traceNetwork(loaded, config, classesOf(config, labelled));
  const unreadable = new UnreadableImages({ limit: unreadableOf(config) });
  const network: NetworkToTrain = {
    ...{
      config,
      title: config.name,
      folder: '',
      stream: 'train',
      seed: config.seed,
      model,
      ...seen,
    },
    ...{ labelled, validation: cleanImages(validation, { pool, unreadable }), record: {} },
    initial: config.init && resolve(configFolder, config.init),
  };
  const { threads, device } = config;
  const context = {
    validationEvery: config.validation.every,
    ...{ threads, device, runsOn: choice.device, pool, unreadable, decode: decodingOf(config) },
  };
  const source = labelledBatches(network, context, { name: network.stream });
  return { plan: planNetwork(network, context, { source }), note: deviceNote(choice) };
}

/** Losses by their rates, as they come. */
export class RangeTest {
  readonly #steps: RatedLoss[] = [];
  #mean = 0;
  #best = Infinity;
  #diverged = false;

  /** Takes a step; true if the test is to end. */
  add(learningRate: number, loss: number): boolean {
    this.#mean = smoothing * this.#mean + (1 - smoothing) * loss;
    const smoothed = this.#mean / (1 - smoothing ** (this.#steps.length + 1));
    this.#steps.push({ learningRate, loss, smoothed });
    this.#diverged = !(smoothed <= limit * this.#best);
    this.#best = Math.min(this.#best, smoothed);
    return this.#diverged && this.#steps.length > 1;
  }

  /** Ends the test because of a loss that is no number; false where there are too few steps before it. */
  ends(): boolean {
    this.#diverged = true;
    return this.#steps.length > skipped.first + skipped.last + 2;
  }

  result(): Omit<FoundLearningRate, 'name' | 'picture'> {
    const steps = this.#steps;
    const lowest = steps.reduce<RatedLoss | undefined>(
      (best, step) => (best && best.smoothed <= step.smoothed ? best : step),
      undefined,
    );
    return {
      suggestion: steepest(steps),
      atLowestLoss: lowest?.learningRate ?? NaN,
      diverged: this.#diverged && steps.length > 1,
      steps,
    };
  }
}

/** The rate at which the smoothed loss falls fastest, by central differences; null where it never falls. */
function steepest(steps: readonly RatedLoss[]): number | null {
  let [slope, rate]: [number, number | null] = [0, null];
  for (let i = skipped.first + 1; i < steps.length - skipped.last - 1; i++) {
    const own = (steps[i + 1]?.smoothed ?? NaN) - (steps[i - 1]?.smoothed ?? NaN);
    if (own < slope) [slope, rate] = [own, steps[i]?.learningRate ?? null];
  }
  return rate;
}

/** Losses are drawn up to this multiple of the highest that came before the lowest: beyond it they diverge. */
const drawnUpTo = 1.5;

function pictureOf({
  name,
  steps,
  suggestion,
  atLowestLoss,
}: Omit<FoundLearningRate, 'picture'>): string {
  const before = steps.filter(({ learningRate }) => learningRate <= atLowestLoss);
  const top = drawnUpTo * Math.max(...before.map(({ smoothed }) => smoothed));
  const curve = (key: 'loss' | 'smoothed') => ({
    name: key,
    points: steps.map((step) => ({
      x: Math.log10(step.learningRate),
      y: step[key] <= top ? step[key] : NaN,
    })),
  });
  const hidden = steps.some(({ loss, smoothed }) => !(Math.max(loss, smoothed) <= top));
  const at = steps.find(({ learningRate }) => learningRate === suggestion);
  const mark = at && {
    name: `suggested: ${shortRate(at.learningRate)}`,
    points: [{ x: Math.log10(at.learningRate), y: at.smoothed }],
  };
  return renderCurves([curve('loss'), curve('smoothed'), ...(mark ? [mark] : [])], {
    title: `Loss of ${name} by learning rate`,
    xLabel: 'learning rate',
    yLabel: hidden ? `loss, up to ${top.toPrecision(2)}` : 'loss',
    formatX: (x) => shortRate(10 ** x),
  });
}

/** A rate in two digits. */
function shortRate(rate: number): string {
  return String(Number(rate.toPrecision(2)));
}
