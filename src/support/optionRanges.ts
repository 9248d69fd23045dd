import { ConfigError } from './errors.js';
import { limits } from './limits.js';

/** The numbers that an option takes, such as 0 <= x < 1. */
export interface NumberRange {
  readonly whole?: true;
  readonly least: number;
  /** Also a value of the option, unless `open` says otherwise. */
  readonly most: number;
  /** Ends that are not values themselves. */
  readonly open?: 'least' | 'most' | 'both';
}

const count = (most: number, least = 1): NumberRange => ({ whole: true, least, most });
const share: NumberRange = { least: 0, most: 1, open: 'most' };

/** Numbers that library calls take, by the option's name, which means the same in every call. */
const ranges = {
  accumulate: count(limits.batch),
  batch: count(limits.batch),
  classes: count(limits.classes),
  concurrency: count(limits.threads),
  drop: share,
  dropPath: share,
  emaDecay: share,
  images: count(limits.images),
  labelSmoothing: share,
  learningRate: { least: 0, most: limits.float32 },
  maxNorm: { least: 0, most: limits.float32, open: 'least' },
  mcDropout: count(limits.passes),
  passes: count(limits.passes),
  prefetch: count(limits.threads, 0),
  seed: count(0xffffffff, 0),
  sessions: count(limits.sessions),
  severities: count(5),
  size: count(limits.size),
  stepsPerRun: count(limits.stepsPerRun),
  temperature: { least: 0, most: limits.float32, open: 'least' },
  threads: count(limits.threads),
  topK: count(limits.classes),
  unreadable: count(limits.images, 0),
  until: count(limits.steps, 0),
  workers: count(limits.threads),
} as const satisfies Readonly<Record<string, NumberRange>>;

export type RangedOption = keyof typeof ranges;

/**
 * Throws a ConfigError for the first of `names` whose value, or one of whose values, is not a number in
 * its range; what is missing is left to its default. `call` is what the user called.
 */
export function checkRanges<const N extends RangedOption>(
  call: string,
  options: Readonly<Partial<Record<N, unknown>>>,
  names: readonly N[],
): void {
  for (const name of names) {
    const given = options[name];
    for (const value of Array.isArray(given) ? (given as readonly unknown[]) : [given])
      if (value !== undefined && !isWithin(value, ranges[name]))
        throw valueError(call, [name], value, rangeText(ranges[name]));
  }
}

export function isWithin(value: unknown, { whole, least, most, open }: NumberRange): boolean {
  if (typeof value !== 'number' || (whole && !Number.isInteger(value))) return false;
  const above = open === 'least' || open === 'both' ? value > least : value >= least;
  return above && (open === 'most' || open === 'both' ? value < most : value <= most);
}

/** The error of a value that an option, the last of `path`, does not take; `allowed` says what it takes. */
export function valueError(
  call: string,
  path: readonly [string, ...string[]],
  value: unknown,
  allowed: string,
): ConfigError {
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  return new ConfigError(`${path.at(-1)} of ${call} is ${shown}`, {
    code: 'option-range',
    option: path,
    hint: `use ${allowed}`,
  });
}

export function rangeText({ whole, least, most, open }: NumberRange): string {
  const kind = whole ? 'a whole number' : 'a number';
  if (open === undefined) return `${kind} from ${least} to ${most}`;
  const low = open === 'least' || open === 'both' ? `above ${least}` : `of at least ${least}`;
  const high = open === 'most' || open === 'both' ? `below ${most}` : `at most ${most}`;
  return `${kind} ${low} and ${high}`;
}
