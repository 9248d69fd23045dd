import yargs, { type Argv } from 'yargs';
import { ConfigError } from '../support/errors.js';
import { nearest } from '../support/nearest.js';
import {
  keysOf,
  unknownCommand,
  type Chosen,
  type Command,
  type CommonArguments,
} from './command.js';

/** Terminals wider than this are hard to read help in. */
const widest = 100;

/** Parses a command line; undefined if yargs has answered it: --help, --version, completion. */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  { version, columns }: { readonly version: string; readonly columns: number },
): Chosen | undefined {
  let chosen: Chosen | undefined;
  const parser = buildParser(argv, columns).version(version);
  for (const command of commands)
    command.register(parser, (choice) => {
      chosen = choice;
    });
  parser
    .demandCommand(1, 'name a command')
    .completion('completion', 'Print a completion script for bash or zsh')
    .fail((message: string, error: Error | undefined) => {
      throw error ?? usageError(message, argv, commands, flagsOf(parser));
    });
  // Handlers only note what was chosen, so that nothing here waits.
  parser.parseSync();
  return chosen;
}

/** The long flags of the command at hand. */
function flagsOf(parser: Argv<CommonArguments>): string[] {
  return keysOf(parser)
    .filter((name) => name.length > 1)
    .map((name) => `--${name}`);
}

function buildParser(argv: readonly string[], columns: number): Argv<CommonArguments> {
  return yargs([...argv])
    .scriptName('gradus')
    .usage('$0 <command>\n\nTrain networks written in TypeScript with onnxruntime.')
    .options({
      json: {
        type: 'boolean',
        default: false,
        global: true,
        describe: 'Print one JSON document on standard output, and nothing else there',
      },
      quiet: {
        type: 'boolean',
        default: false,
        global: true,
        describe: 'Print results and errors only',
      },
    })
    .epilogue(
      'Exit codes: 0 done, 1 a bug, 2 usage or config, 3 model, 4 data, 5 device, 6 training, 130 interrupted.',
    )
    .alias('help', 'h')
    .locale('en')
    .middleware(keepLast, true)
    .check((args) => refuseEmpty(args, argv))
    .strict()
    .wrap(Math.min(widest, columns))
    .parserConfiguration({
      'parse-positional-numbers': false,
      'boolean-negation': false,
    })
    .exitProcess(false);
}

/** Arguments that may be there several times. */
const lists: ReadonlySet<string> = new Set(['_', 'images', 'set']);

/** Keeps the last value of any other option that is given twice. */
function keepLast(args: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(args))
    if (Array.isArray(value) && !lists.has(key)) args[key] = value.at(-1);
}

/** An empty text is a variable of a script that was not set, never a path or a name. */
function refuseEmpty(args: Readonly<Record<string, unknown>>, argv: readonly string[]): boolean {
  const [name] = Object.entries(args).find(([, value]) => value === '') ?? [];
  if (name === undefined) return true;
  const flag = argv.some((word) => word.startsWith(`--${name}`)) ? `--${name}` : name;
  throw new ConfigError(`${flag} is empty`, {
    code: 'flag-value',
    where: flag,
    hint: 'pass a value, or leave it out',
  });
}

/** yargs says what is wrong in its own words; the nearest right word is added here. */
function usageError(
  message: string,
  argv: readonly string[],
  commands: readonly Command[],
  flags: readonly string[],
): ConfigError {
  const command = namedCommand(argv, commands);
  const called = command === undefined ? 'gradus' : `gradus ${command.name}`;
  const help = `${called} --help lists the flags`;
  const error = (text: string, hint: string): ConfigError =>
    new ConfigError(text, { code: 'usage', where: `gradus ${argv.join(' ')}`.trim(), hint });
  const [, kind = '', words = ''] =
    /^(Unknown|Missing required) (?:argument|command)s?: (.+)$/.exec(message) ?? [];
  const strays = strayFlags(argv, flags);
  const near = strays[0] === undefined ? '' : guess(withoutValue(strays[0]), flags);
  if (kind === 'Unknown' && command === undefined) {
    const [first = words] = words.split(', ');
    const names = commands.map(({ name }) => name);
    return error(`unknown command ${first}`, `${guess(first, names)}${help}`);
  }
  const second = argv.filter((word) => !word.startsWith('-'))[1];
  if (kind === 'Unknown' && command?.commands && second !== undefined)
    return unknownCommand(command.name, command.commands, second);
  if (kind === 'Unknown')
    return error(`${called} does not take ${strays.join(', ') || words}`, `${near}${help}`);
  if (kind === 'Missing required') {
    const missing = words.split(', ').map((name) => `--${name}`);
    return error(`${called} lacks ${missing.join(', ')}`, `${near}${help}`);
  }
  if (command !== undefined && message.startsWith('Not enough non-option arguments'))
    return error(`${called} lacks an argument`, `usage: gradus ${command.usage}; ${help}`);
  const choice = /Argument: (.+), Given: "(.*)", Choices: (.+)/.exec(message);
  if (choice) {
    const [, argument = '', given = '', list = ''] = choice;
    const positional = command?.usage.includes(`<${argument}>`) === true;
    const flag = positional ? `<${argument}>` : `--${argument}`;
    const allowed = list.replaceAll('"', '').split(', ');
    return error(
      `${flag} cannot be "${given}"`,
      `${guess(given, allowed)}allowed: ${allowed.join(', ')}`,
    );
  }
  return error(message.charAt(0).toLowerCase() + message.slice(1), help);
}

/** The command that the first words name; a group if its command is missing or unknown. */
function namedCommand(argv: readonly string[], commands: readonly Command[]): Command | undefined {
  const [first, second] = argv.filter((word) => !word.startsWith('-'));
  const named = commands.find(({ name }) => name === first);
  return named?.commands?.find(({ name }) => name === `${first} ${second}`) ?? named;
}

/** The flags, as written, that the command does not have; `-out` would count as -o -u -t. */
function strayFlags(argv: readonly string[], flags: readonly string[]): string[] {
  return argv.filter(
    (word) =>
      /^-[a-z]{2}/i.test(word) || (/^--./.test(word) && !flags.includes(withoutValue(word))),
  );
}

/** `--drop-path` of `--drop-path=0.2`, `--dropPath` and `-drop-path`. */
function withoutValue(flag: string): string {
  const name = flag.replace(/^-+|=.*$/g, '');
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function guess(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed);
  return near === undefined ? '' : `did you mean ${near}? `;
}
