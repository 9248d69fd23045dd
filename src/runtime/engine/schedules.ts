/** A length of time in training. */
export type Span = { readonly epochs: number } | { readonly steps: number };

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
    case 'warmup': {
      const length = spanSteps(schedule.length, totals);
      if (step >= length) return learningRateAt(schedule.then, step, totals);
      return (initialRate(schedule.then) * step) / length;
    }
  }
}

/** The rate that a schedule starts from, behind its warm-up. */
export function initialRate(schedule: Schedule): number {
  return schedule.kind === 'warmup' ? initialRate(schedule.then) : schedule.rate;
}

/** A length of time as steps; not always whole. */
export function spanSteps(span: Span, totals: Totals): number {
  return 'steps' in span ? span.steps : span.epochs * totals.stepsPerEpoch;
}
