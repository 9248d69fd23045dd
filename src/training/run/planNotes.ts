import type { CheckpointChoice } from '../../contract/choices.js';
import {
  initialRate,
  learningRateAt,
  spanSteps,
  type Schedule,
} from '../../runtime/engine/schedules.js';

/** The part of a plan that says how long what lasts. */
interface TimedPlan {
  readonly steps: number;
  readonly schedule: Schedule;
  readonly evaluateEvery: number;
  readonly earlyStopping?: { readonly patience: number } | undefined;
  readonly choose?: CheckpointChoice | undefined;
  readonly source: { readonly stepsPerEpoch: number };
  readonly validation?: unknown;
}

/**
 * Notes about parts of a plan that its steps cannot reach: a warm-up that does not end, a rate that
 * never falls, an early stop that cannot happen. An average of weights needs no note: its decay is
 * short at first, so that it forgets the initial weights within a few steps.
 */
export function planNotes(plan: TimedPlan): string[] {
  const { steps, evaluateEvery, earlyStopping, choose = 'best', validation } = plan;
  const notes = scheduleNotes(plan);
  if (validation === undefined) return notes;
  const evaluations = Math.ceil(steps / evaluateEvery);
  if (evaluateEvery > steps && choose === 'best')
    notes.push(
      `the only evaluation is after the last step (one is due every ${evaluateEvery} steps, and the training has ${steps}): the best weights are the last`,
    );
  // The first evaluation has none to be worse than, and the last is the end anyhow.
  if (earlyStopping && earlyStopping.patience >= evaluations - 1)
    notes.push(
      `the training cannot stop early: it has ${evaluations} evaluation${evaluations === 1 ? '' : 's'}, and the patience is ${earlyStopping.patience}`,
    );
  return notes;
}

function scheduleNotes({ schedule, steps, source }: TimedPlan): string[] {
  const totals = { steps, stepsPerEpoch: source.stepsPerEpoch };
  if (schedule.kind === 'warmup') {
    const length = spanSteps(schedule.length, totals);
    if (length >= steps) {
      const last = short(learningRateAt(schedule, steps - 1, totals));
      const wanted = short(initialRate(schedule));
      return [
        `the warm-up lasts ${short(length)} steps, and the training ${steps}: the learning rate ends at ${last} and never reaches ${wanted}`,
      ];
    }
  }
  const inner = schedule.kind === 'warmup' ? schedule.then : schedule;
  if (inner.kind === 'cosineRestarts') {
    const period = spanSteps(inner.period, totals);
    if (period < steps) return [];
    return [
      `the learning rate never restarts: it would after ${short(period)} steps, and the training has ${steps}`,
    ];
  }
  if (inner.kind !== 'exponential' || inner.staircase === false) return [];
  const every = spanSteps(inner.every, totals);
  if (every < steps) return [];
  return [
    `the learning rate never decays: the first decay is after ${short(every)} steps, and the training has ${steps}`,
  ];
}

/** Notes about changes if a run continues with another number of steps than it was planned with. */
export function stretchNotes(
  { schedule, steps, source }: TimedPlan,
  { step, steps: before }: { readonly step: number; readonly steps: number | undefined },
): string[] {
  if (step > steps) return [`the run is already at step ${step} of ${steps}: nothing to train`];
  if (before === undefined || before === steps || step === steps || nameOf(schedule) === undefined)
    return [];
  const { stepsPerEpoch } = source;
  const rateOf = (total: number): string =>
    short(learningRateAt(schedule, step, { steps: total, stepsPerEpoch }));
  return [
    `the run was planned for ${before} steps and now has ${steps}: its ${nameOf(schedule)} schedule is stretched, ` +
      `and the learning rate at step ${step} is ${rateOf(steps)} in place of ${rateOf(before)}`,
  ];
}

/** The schedules whose rates depend on the length of the run, in words. */
const stretched: Partial<Record<Schedule['kind'], string>> = {
  cosine: 'cosine',
  polynomial: 'polynomial',
  oneCycle: 'one-cycle',
};

function nameOf(schedule: Schedule): string | undefined {
  return schedule.kind === 'warmup' ? nameOf(schedule.then) : stretched[schedule.kind];
}

/** Three digits, and no more zeros than are needed. */
function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
