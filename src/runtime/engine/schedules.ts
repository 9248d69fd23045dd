/** A length of time in training. */
export type Span = { readonly epochs: number } | { readonly steps: number };

/** The curves along which a rate may go from one to another. */
export const anneals = ['cosine', 'linear'] as const;
/** Curve along which a rate goes from one to another: half a cosine, or a line. */
export type Anneal = (typeof anneals)[number];

/** Course of the learning rate; plain JSON. Rates are those of the whole batch, not per image. */
export type Schedule =
  | { readonly kind: 'constant'; readonly rate: number }
  /** rate * (final + (1 - final) * (1 + cos(pi * step / total)) / 2); default of `final`: 0. */
  | { readonly kind: 'cosine'; readonly rate: number; readonly final?: number }
  /** rate * decay^(step / every); the exponent is rounded down unless `staircase` is false. */
  | {
      readonly kind: 'exponential';
      readonly rate: number;
      readonly decay: number;
      readonly every: Span;
      readonly staircase?: boolean;
    }
  /** rate * (1 - step / total)^power, as torch's PolynomialLR over the whole run. */
  | { readonly kind: 'polynomial'; readonly rate: number; readonly power: number }
  /**
   * Rises from rate / divFactor to the rate over `pctStart` of the run, then falls to rate / divFactor /
   * finalDivFactor, as torch's OneCycleLR with two phases; the momentum stays.
   */
  | {
      readonly kind: 'oneCycle';
      readonly rate: number;
      readonly pctStart: number;
      readonly divFactor: number;
      readonly finalDivFactor: number;
      readonly anneal: Anneal;
    }
  /**
   * Half a cosine from the rate to final * rate over `period`, then again over a period `factor` times as long,
   * as torch's CosineAnnealingWarmRestarts.
   */
  | {
      readonly kind: 'cosineRestarts';
      readonly rate: number;
      readonly period: Span;
      readonly factor: number;
      readonly final: number;
    }
  /** Rises linearly from 0 to the first rate of `then` over `length`; `then` counts from step 0. */
  | { readonly kind: 'warmup'; readonly length: Span; readonly then: Schedule };

/** The length of a run. */
export interface Totals {
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

/**
 * The learning rate of a step, counted from 0. As in EfficientNet's published code, warm-up only
 * replaces the first steps: the schedule behind it does not start later.
 */
export function learningRateAt(schedule: Schedule, step: number, totals: Totals): number {
  switch (schedule.kind) {
    case 'constant':
      return schedule.rate;
    case 'cosine': {
      const { rate, final = 0 } = schedule;
      const progress = Math.min(1, step / totals.steps);
      return rate * (final + ((1 - final) * (1 + Math.cos(Math.PI * progress))) / 2);
    }
    case 'exponential': {
      const { rate, decay, every, staircase = true } = schedule;
      const exponent = step / spanSteps(every, totals);
      return rate * decay ** (staircase ? Math.floor(exponent) : exponent);
    }
    case 'polynomial':
      return schedule.rate * (1 - Math.min(1, step / totals.steps)) ** schedule.power;
    case 'oneCycle':
      return oneCycleRate(schedule, step, totals);
    case 'cosineRestarts': {
      const { rate, final, factor } = schedule;
      const progress = periodProgress(step, spanSteps(schedule.period, totals), factor);
      return rate * (final + ((1 - final) * (1 + Math.cos(Math.PI * progress))) / 2);
    }
    case 'warmup': {
      const length = spanSteps(schedule.length, totals);
      if (step >= length) return learningRateAt(schedule.then, step, totals);
      return (initialRate(schedule.then) * step) / length;
    }
  }
}

/** As in PyTorch the peak may lie between two steps, and the lowest rate is that of the last step. */
function oneCycleRate(
  { rate, pctStart, divFactor, finalDivFactor, anneal }: Schedule & { readonly kind: 'oneCycle' },
  step: number,
  { steps }: Totals,
): number {
  const [first, lowest] = [rate / divFactor, rate / divFactor / finalDivFactor];
  const peak = pctStart * steps - 1;
  const last = steps - 1;
  const at = Math.min(step, last);
  if (at <= peak) return between(first, rate, peak === 0 ? 1 : at / peak, anneal);
  return between(rate, lowest, last === peak ? 1 : (at - peak) / (last - peak), anneal);
}

function between(from: number, to: number, share: number, anneal: Anneal): number {
  if (anneal === 'linear') return from + (to - from) * share;
  return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
}

/** Share of the period that a step lies in that has passed, where each is `factor` times the one before. */
function periodProgress(step: number, first: number, factor: number): number {
  if (factor === 1) return (step % first) / first;
  let [begin, length] = [0, first];
  while (step - begin >= length) [begin, length] = [begin + length, length * factor];
  return (step - begin) / length;
}

/** The rate that a schedule starts from behind its warm-up, or rises to. */
export function initialRate(schedule: Schedule): number {
  return schedule.kind === 'warmup' ? initialRate(schedule.then) : schedule.rate;
}

/** A length of time as steps; not always whole. */
export function spanSteps(span: Span, totals: Totals): number {
  return 'steps' in span ? span.steps : span.epochs * totals.stepsPerEpoch;
}
