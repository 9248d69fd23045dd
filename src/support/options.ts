import { ConfigError } from './errors.js';
import { isWithin, rangeText, valueError, type NumberRange } from './optionRanges.js';

/*
 * An option is plain data beside the code that it is of: from the one table follow the types of a call, its
 * defaults and its checks, and in src/training/config the keys of configs with their JSON schema. No
 * library of schemas reaches the rooms that define options, so that they stay portable and threads start fast.
 */

/** An option that is a number. */
export interface NumberOption extends NumberRange {
  readonly type: 'number';
  readonly meaning: string;
  readonly default?: number;
}

/** An option that is the ends of a range, the smaller first; each is a number in `NumberRange`. */
export interface PairOption extends NumberRange {
  readonly type: 'pair';
  readonly meaning: string;
  readonly default?: readonly [number, number];
}

/** An option that is true or false. */
export interface FlagOption {
  readonly type: 'flag';
  readonly meaning: string;
  readonly default?: boolean;
}

/** An option that has options of its own. */
export interface GroupOption<O extends Options = Options> {
  readonly type: 'group';
  readonly meaning: string;
  readonly options: O;
}

/** An option that is one value. */
export type SingleOption = NumberOption | PairOption | FlagOption;

export type Option = SingleOption | GroupOption;

/** An option that has a default. */
export type Defaulted<O extends SingleOption> = O & { readonly default: NonNullable<O['default']> };

/** Options by their names, each with a default. */
export type Options = Readonly<Record<string, Defaulted<SingleOption>>>;

/** An option's type, with its own defaults filled in. */
export type OptionValue<O extends Option> = O extends { readonly type: 'group' }
  ? FilledOptions<O['options']>
  : O extends { readonly type: 'number' }
    ? number
    : O extends { readonly type: 'flag' }
      ? boolean
      : readonly [number, number];

/** Type of an option's value. */
export type WrittenValue<O extends Option> = O extends { readonly type: 'group' }
  ? GivenOptions<O['options']>
  : OptionValue<O>;

/** Options as a call takes them: what is missing has its default. */
export type GivenOptions<O extends Options> = {
  readonly [K in keyof O]?: OptionValue<O[K]> | undefined;
};

/** Options with their defaults filled in. */
export type FilledOptions<O extends Options> = { readonly [K in keyof O]: OptionValue<O[K]> };

/**
 * Fills in defaults, in the order of the options. Throws a ConfigError for a value that its option does not
 * take; `call` is what the user called, and `at` the key that the options lie below.
 */
export function fillOptions<O extends Options>(
  call: string,
  options: O,
  given: GivenOptions<O>,
  at = '',
): FilledOptions<O> {
  const filled = Object.entries(options).map(([name, option]) => {
    const value: unknown = given[name] ?? option.default;
    if (takes(option, value)) return [name, value] as const;
    throw valueError(call, at === '' ? [name] : [at, name], value, allowedBy(option));
  });
  return Object.fromEntries(filled) as FilledOptions<O>;
}

function takes(option: SingleOption, value: unknown): boolean {
  switch (option.type) {
    case 'flag':
      return typeof value === 'boolean';
    case 'number':
      return isWithin(value, option);
    case 'pair': {
      const [low, high] = Array.isArray(value) ? (value as readonly unknown[]) : [];
      return isWithin(low, option) && isWithin(high, option) && Number(low) <= Number(high);
    }
  }
}

function allowedBy(option: SingleOption): string {
  if (option.type === 'flag') return 'true or false';
  const range = rangeText(option);
  return option.type === 'number' ? range : `the ends of a range, each ${range}`;
}

/**
 * The maker of a kind. Throws a ConfigError where there is none, and for a key that is no option of it; `noun`
 * is what is made, and `at` the key of a config that it lies at.
 */
export function chooseMaker<M extends { readonly kind: string; readonly options: Options }>(
  makers: readonly M[],
  { kind, ...given }: { readonly kind: string },
  noun: string,
  at = noun,
): M {
  const make = makers.find((own) => own.kind === kind);
  if (make === undefined)
    throw new ConfigError(`unknown ${noun} ${kind}`, {
      code: `unknown-${noun}`,
      option: [at, 'kind'],
      hint: `allowed: ${makers.map((own) => own.kind).join(', ')}`,
    });
  const unknown = Object.keys(given).filter((key) => !(key in make.options));
  if (unknown.length === 0) return make;
  throw new ConfigError(`unknown option ${unknown.join(', ')} of the ${noun} ${kind}`, {
    code: 'unknown-key',
    option: [at, unknown[0] ?? ''],
    hint: `allowed: ${Object.keys(make.options).join(', ')}`,
  });
}
