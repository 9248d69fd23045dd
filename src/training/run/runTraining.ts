import { existsSync } from 'node:fs';
import type { CheckpointChoice } from '../../contract/choices.js';
import type { BestResult, Json } from '../../contract/checkpointSchema.js';
import type { Happening, Telling } from '../../contract/events.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { recoverFolder } from '../../runtime/storage/atomic.js';
import {
  discardCheckpointsAfter,
  latestCheckpoint,
  listCheckpoints,
  pruneCheckpoints,
  type Checkpoint,
} from '../../runtime/storage/checkpoint.js';
import { readMetrics } from '../../runtime/storage/metrics.js';
import { learningRateAt, type Schedule } from '../../runtime/engine/schedules.js';
import { removeOwnFiles } from '../../runtime/storage/ownFiles.js';
import { placesOf } from '../../runtime/storage/places.js';
import type { JudgingMetric } from '../../support/statistics/byClass.js';
import { ConfigError, TrainingError } from '../../support/errors.js';
import { isObject } from '../../support/objects.js';
import { costNotes, currentCosts } from '../build/target.js';
import { recordedRunCosts, recordRunCosts, type Costs } from '../build/costFile.js';
import { planNotes, stretchNotes } from './planNotes.js';
import {
  Trainer,
  type BatchSource,
  type EvaluationImages,
  type TrainerOptions,
} from '../trainer/trainer.js';
import { metricsFile } from '../listeners/metricsFile.js';
import { teller, type Tell } from '../listeners/tell.js';
import { unfinishedRun } from '../record/unfinishedRun.js';

/** One network's training, with all that makes it reproducible. */
export interface TrainingPlan {
  /** Title in progress reports. */
  readonly title: string;
  /** Folder that takes artifacts/, checkpoints/ and metrics.jsonl. */
  readonly folder: string;
  readonly model: string | Model;
  readonly trainer: TrainerOptions;
  /** A checkpoint, or a run (then its best), whose weights a new run starts from; see Trainer.startFrom. */
  readonly initial?: string | undefined;
  readonly source: BatchSource;
  readonly steps: number;
  readonly schedule: Schedule;
  /** Held-out labelled images that the best checkpoint is judged on. */
  readonly validation?: EvaluationImages | undefined;
  /** Figure by which an evaluation is better than another (default: accuracy). */
  readonly metric?: JudgingMetric | undefined;
  /** Steps between two evaluations. */
  readonly evaluateEvery: number;
  /** Ends the run after so many evaluations in a row without a better one (default: never). */
  readonly earlyStopping?: { readonly patience: number } | undefined;
  /**
   * Weights that the run ends with: those of the best evaluation (default), or the last. Either way
   * their moving average, if there is one.
   */
  readonly choose?: CheckpointChoice | undefined;
  /** Steps between two checkpoints. */
  readonly checkpointEvery: number;
  readonly keepLast: number;
  /** Names of the classes, by their numbers, for each checkpoint to record. */
  readonly classes?: readonly string[] | undefined;
  /** Told before the first step. */
  readonly notes?: readonly string[] | undefined;
  /** Written into each checkpoint. */
  readonly config: Json;
}

/** Epochs as steps, at least one. */
export function everyEpochs(epochs: number, { stepsPerEpoch }: BatchSource): number {
  return Math.max(1, Math.round(epochs * stepsPerEpoch));
}

/** Callbacks and switches of a training run. */
export interface TrainingControl extends Telling {
  /** Continue from the newest checkpoint; a new run starts over. */
  readonly resume?: boolean | undefined;
  /** Aborted: stops at the next step boundary with a checkpoint. */
  readonly signal?: AbortSignal | undefined;
}

/** Result of a training run. */
export interface TrainingOutcome {
  readonly trainer: Trainer;
  readonly checkpoint: string;
  readonly best: BestResult | null;
  readonly interrupted: boolean;
  /** True if early stopping ended it before its last step. */
  readonly stoppedEarly: boolean;
}

/**
 * Trains in a run's folder with evaluations, checkpoints and metrics; bit for bit the same whether
 * interrupted and resumed or not. What a killed run left half-written is cleared first. No other
 * process may write the folder. The caller closes the trainer of the outcome.
 */
export async function runTraining(
  plan: TrainingPlan,
  control: TrainingControl,
): Promise<TrainingOutcome> {
  if (plan.earlyStopping && !plan.validation)
    throw new ConfigError(`${plan.title} cannot stop early: earlyStopping needs a validation set`, {
      code: 'no-validation',
      option: ['earlyStopping'],
      hint: 'set a validation fraction, or leave earlyStopping out',
    });
  const { artifacts, checkpoints } = placesOf(plan.folder);
  for (const place of [plan.folder, artifacts, checkpoints]) recoverFolder(place);
  const costs = await costsOf(plan, control);
  const trainer = await Trainer.create(plan.model, {
    ...plan.trainer,
    costs,
    out: artifacts,
  });
  try {
    return await new TrainingRun(plan, control, trainer).run();
  } catch (error) {
    await trainer.close();
    throw error;
  }
}

/**
 * The costs by which a run's graphs are lowered: those that it began with, whatever was tuned since,
 * since graphs with other lowerings round differently.
 */
async function costsOf(
  { folder, trainer }: TrainingPlan,
  { resume = false }: TrainingControl,
): Promise<Costs> {
  const begun = resume && listCheckpoints(placesOf(folder).checkpoints).length > 0;
  const own = begun ? recordedRunCosts(folder) : await currentCosts(trainer.threads);
  const costs = trainer.costs ?? own;
  recordRunCosts(folder, costs);
  return costs;
}

/** Held-out loss in metrics.jsonl after a step; undefined if it is not recorded. */
function lossAt(metrics: string, step: number): number | undefined {
  if (!existsSync(metrics)) return undefined;
  let found: number | undefined;
  for (const { kind, step: own, loss } of readMetrics(metrics))
    if (kind === 'eval' && own === step && typeof loss === 'number') found = loss;
  return found;
}

/** The length of a run whose checkpoints record it in their config alone, as those of older versions. */
function configSteps({ state: { config } }: Checkpoint): number | undefined {
  const steps = isObject(config) ? config['steps'] : undefined;
  return typeof steps === 'number' ? steps : undefined;
}

class TrainingRun {
  readonly #checkpoints: string;
  readonly #metricsPath: string;
  readonly #keep: (event: Happening) => void;
  readonly #tellOthers: Tell;
  #best: BestResult | null = null;
  /** Loss of the best evaluation; undefined if it is not known. */
  #bestLoss: number | undefined;
  #saved: { readonly step: number; readonly path: string } | undefined;

  constructor(
    private readonly plan: TrainingPlan,
    private readonly control: TrainingControl,
    private readonly trainer: Trainer,
  ) {
    this.#checkpoints = placesOf(plan.folder).checkpoints;
    this.#metricsPath = placesOf(plan.folder).metrics;
    this.#keep = metricsFile(this.#metricsPath);
    this.#tellOthers = teller(control, { run: plan.folder, network: plan.title });
  }

  async run(): Promise<TrainingOutcome> {
    const { plan, trainer } = this;
    await this.#start();
    const notes = [...(plan.notes ?? []), ...planNotes(plan), ...costNotes(trainer.manifest)];
    for (const note of notes) this.#note(`note: ${note}`);
    const begin = { kind: 'begin', title: plan.title, steps: plan.steps } as const;
    this.#tell({ ...begin, firstStep: trainer.step });
    try {
      if (trainer.step === 0) await this.#save();
      const { stepsPerEpoch } = plan.source;
      const totals = { steps: plan.steps, stepsPerEpoch };
      const steps = {
        until: this.#stopped ? trainer.step : plan.steps,
        learningRate: (step: number) => learningRateAt(plan.schedule, step, totals),
        // Short at first, so that the average forgets the initial weights (TensorFlow's num_updates).
        emaDecay: (step: number) => Math.min(plan.trainer.emaDecay ?? 0, (1 + step) / (10 + step)),
        stopsAfter: (step: number) => this.#isBoundary(step),
      };
      for await (const event of trainer.run(plan.source, steps)) {
        const { step } = event;
        this.#tell(event);
        // The state of an earlier step is gone; every step with a boundary is the last of its events.
        if (step < trainer.step) continue;
        await this.#boundary(step);
        if (this.control.signal?.aborted || this.#stopped) break;
      }
      if (this.#saved?.step !== trainer.step) await this.#save();
      if (this.#stopped) this.#tellWhy();
    } catch (error) {
      throw this.#withCheckpoint(error);
    } finally {
      this.#tell({ kind: 'end', step: trainer.step });
    }
    return {
      trainer,
      checkpoint: this.#saved?.path ?? '',
      best: this.#best,
      interrupted: trainer.step < plan.steps && !this.#stopped,
      stoppedEarly: this.#stopped,
    };
  }

  async #start(): Promise<void> {
    if (this.control.resume !== true) {
      if (existsSync(this.#checkpoints)) removeOwnFiles(this.#checkpoints);
      await this.#initialize();
      return;
    }
    const { checkpoint, damaged } = latestCheckpoint(this.#checkpoints);
    for (const { message } of damaged) this.#note(`skipped a damaged checkpoint: ${message}`);
    if (checkpoint === undefined) {
      const [first] = damaged;
      if (first) throw first;
      await this.#initialize();
      return;
    }
    const { step, best, steps } = await this.trainer.resume(checkpoint.path);
    await this.trainer.requireFinite();
    for (const note of stretchNotes(this.plan, { step, steps: steps ?? configSteps(checkpoint) }))
      this.#note(`note: ${note}`);
    discardCheckpointsAfter(this.#checkpoints, step);
    this.#best = best;
    this.#bestLoss = best ? lossAt(this.#metricsPath, best.step) : undefined;
    this.#saved = { step, path: checkpoint.path };
    // A run that ended while it removed older checkpoints left some of them.
    this.#prune();
  }

  async #initialize(): Promise<void> {
    const { initial, classes } = this.plan;
    if (initial === undefined) return;
    const unfinished = unfinishedRun(initial);
    if (unfinished) this.#note(`note: ${unfinished.note}`);
    await this.trainer.startFrom(initial, classes);
  }

  /**
   * True if the evaluations since the best one have exhausted the run's patience. Their number
   * follows from the steps alone, so a resumed run stops where the whole one does.
   */
  get #stopped(): boolean {
    const { earlyStopping, evaluateEvery, steps } = this.plan;
    if (!earlyStopping || !this.#best || this.trainer.step >= steps) return false;
    const evaluations = (step: number): number => Math.floor(step / evaluateEvery);
    const since = evaluations(this.trainer.step) - evaluations(this.#best.step);
    return since >= earlyStopping.patience;
  }

  #tellWhy(): void {
    const { step } = this.trainer;
    this.#note(
      `stopped early after step ${step}: no better evaluation since step ${this.#best?.step ?? 0}`,
    );
  }

  /** Tells the run's own file first: its faults end the run. */
  #tell(event: Happening): void {
    this.#keep(event);
    this.#tellOthers({ step: this.trainer.step, ...event });
  }

  #note(text: string): void {
    this.#tell({ kind: 'message', text });
  }

  #isBoundary(step: number): boolean {
    const { validation, evaluateEvery, checkpointEvery } = this.plan;
    return (validation && step % evaluateEvery === 0) || step % checkpointEvery === 0;
  }

  async #boundary(step: number): Promise<void> {
    const { plan, trainer } = this;
    const last = step === plan.steps;
    if (plan.validation && (last || step % plan.evaluateEvery === 0)) {
      const { validation, metric = 'accuracy' } = plan;
      const found = await trainer.evaluate(validation, undefined, metric);
      const { accuracy, loss, judged } = found;
      this.#tell({ kind: 'evaluation', step, ...found });
      const value = judged?.value ?? accuracy;
      if (this.#isBetter(value, loss)) {
        this.#best = { step, metric, value };
        this.#bestLoss = loss;
        if (plan.choose !== 'last') {
          await this.#save();
          return;
        }
      }
    }
    if (last || this.#stopped || step % plan.checkpointEvery === 0) await this.#save();
  }

  /** Compares by the plan's metric, then by loss; if both are equal, the first stays the best. */
  #isBetter(value: number, loss: number): boolean {
    if (this.#best === null || value > this.#best.value) return true;
    return value === this.#best.value && loss < (this.#bestLoss ?? -Infinity);
  }

  async #save(): Promise<void> {
    const { plan, trainer } = this;
    this.#tell({ kind: 'saving', step: trainer.step });
    const { stepsPerEpoch } = plan.source;
    const path = await trainer.save(this.#checkpoints, {
      epoch: Math.floor(trainer.step / stepsPerEpoch),
      position: (trainer.step % stepsPerEpoch) * trainer.images,
      best: this.#best,
      ...(plan.choose === 'last' && { choose: plan.choose }),
      steps: plan.steps,
      ...((trainer.step >= plan.steps || this.#stopped) && { ended: true }),
      ...(plan.classes && { classes: plan.classes }),
      config: plan.config,
    });
    this.#saved = { step: trainer.step, path };
    this.#prune();
    this.#tell({ kind: 'checkpoint', step: trainer.step, path });
  }

  #prune(): void {
    const { choose, keepLast } = this.plan;
    const kept = choose === 'last' ? undefined : this.#best?.step;
    pruneCheckpoints(this.#checkpoints, keepLast, kept);
  }

  /** Names the last good checkpoint if training went wrong. */
  #withCheckpoint(error: unknown): unknown {
    if (!(error instanceof TrainingError) || this.#saved === undefined) return error;
    const message = `${error.message}; the last good checkpoint is ${this.#saved.path}`;
    return error.with({ cause: error }, message);
  }
}
