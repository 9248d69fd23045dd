import { deviceNames, type DeviceName } from '../runtime/machine/deviceNames.js';
import { ConfigError } from '../support/errors.js';
import { limits } from '../support/limits.js';
import { nearest } from '../support/nearest.js';

/** Model that a command compiles. */
export const modelPositional = {
  type: 'string',
  demandOption: true,
  describe: 'A model file, or the name of a shipped model',
} as const;

/** Flags shared by commands. Numbers are read as text, so that a bad one can be shown as written. */
export const flags = {
  seed: {
    type: 'string',
    requiresArg: true,
    describe: 'Seed of initial values, order and noise, a whole number',
  },
  device: {
    type: 'string',
    requiresArg: true,
    choices: deviceNames,
    describe: 'Device that the network runs on',
  },
  labelClasses: {
    type: 'string',
    requiresArg: true,
    describe: 'A file with the class names, one per line, if the labels lack them',
  },
  teacherClasses: {
    type: 'string',
    requiresArg: true,
    describe: "A file with the teacher's class names, one per line",
  },
  acceptData: {
    type: 'boolean',
    default: false,
    describe: 'Continue with images that have changed; held-out images stay held out',
  },
  hashData: {
    type: 'boolean',
    default: false,
    describe: 'Hash the contents of all image files, however many, to notice any change',
  },
  set: {
    type: 'string',
    requiresArg: true,
    describe: 'KEY=VALUE: set a key of the config; repeatable; null removes it',
  },
  model: {
    type: 'string',
    requiresArg: true,
    describe: "A checkpoint's model file, in place of the network that its run recorded",
  },
  trust: {
    type: 'boolean',
    default: false,
    describe: 'Run the model file that the checkpoint names, even one inside its folder',
  },
  classes: { type: 'string', requiresArg: true, describe: 'Number of classes' },
  size: { type: 'string', requiresArg: true, describe: 'Height and width of the image, in pixels' },
  drop: { type: 'string', requiresArg: true, describe: 'Dropout rate before the classifier' },
  dropPath: {
    type: 'string',
    requiresArg: true,
    describe: 'Stochastic-depth rate of the last block',
  },
} as const;

interface OverrideArguments {
  readonly classes?: string | undefined;
  readonly size?: string | undefined;
  readonly drop?: string | undefined;
  readonly dropPath?: string | undefined;
}

/** The numbers of --classes, --size, --drop and --drop-path. */
export function overridesOf(args: OverrideArguments): {
  classes: number | undefined;
  size: number | undefined;
  drop: number | undefined;
  dropPath: number | undefined;
} {
  return {
    classes: wholeNumber('--classes', args.classes, { least: 2, most: limits.classes }),
    size: wholeNumber('--size', args.size, { least: 1, most: limits.size }),
    drop: rate('--drop', args.drop),
    dropPath: rate('--drop-path', args.dropPath),
  };
}

export function deviceOf(text: string | undefined): DeviceName | undefined {
  return oneOf('--device', text, deviceNames);
}

export function seedOf(text: string | undefined): number | undefined {
  return wholeNumber('--seed', text, { least: 0, most: 0xffffffff });
}

/** A flag's whole number within bounds, undefined if the flag is missing. Throws a ConfigError. */
export function wholeNumber(
  flag: string,
  text: string | undefined,
  { least, most = Number.MAX_SAFE_INTEGER }: { least: number; most?: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw badValue(flag, text, `pass a whole number ${range}`);
}

/** A flag's whole numbers with commas between, each within bounds. Throws a ConfigError. */
export function wholeNumbers(
  flag: string,
  text: string | undefined,
  bounds: { least: number; most: number },
): number[] | undefined {
  return text?.split(',').map((part) => wholeNumber(flag, part.trim(), bounds) ?? NaN);
}

/** A flag's number within bounds, undefined if the flag is missing. Throws a ConfigError. */
export function decimal(
  flag: string,
  text: string | undefined,
  { least, most = Infinity }: { least: number; most?: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= least && value <= most && value < Infinity) return value;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw badValue(flag, text, `pass a number ${range}`);
}

/** A part and the number of parts: the 2 and the 8 of `--shard 2/8`. Throws a ConfigError. */
export function partOf(flag: string, text: string | undefined) {
  if (text === undefined) return undefined;
  const [, index = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= of && of <= limits.shards) return { index, of };
  throw badValue(
    flag,
    text,
    `pass SHARD/SHARDS, such as 1/8 for the first and 8/8 for the last of 8, with at most ${limits.shards} shards`,
  );
}

/** A flag's drop rate, at least 0 and below 1. */
function rate(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= 0 && value < 1) return value;
  throw badValue(flag, text, 'pass a rate of at least 0 and below 1');
}

/** The one of `allowed` that a flag names, undefined if the flag is missing. Throws a ConfigError. */
export function oneOf<const T extends string>(
  flag: string,
  text: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = allowed.find((name) => name === text);
  if (found !== undefined) return found;
  const near = nearest(text, allowed);
  const hint = `${near === undefined ? '' : `did you mean ${near}? `}allowed: ${allowed.join(', ')}`;
  throw badValue(flag, text, hint);
}

/** The error of a flag's value that cannot be used. */
export function badValue(flag: string, text: string, hint: string): ConfigError {
  return new ConfigError(`${flag} cannot be "${text}"`, { code: 'flag-value', where: flag, hint });
}
