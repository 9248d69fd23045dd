import yargs, { type Argv } from 'yargs';
import { ConfigError } from '../support/errors.js';
import { nearest } from '../support/nearest.js';
import type { Chosen, Command, CommonArguments } from './command.js';

/** Terminals wider than this are hard to read help in. */
const widest = 100;

/** What a command line asks for; undefined where yargs has answered it: --help, --version, completion. */
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
      throw error ?? usageError(message, argv, commands);
    });
  // Handlers only note what was chosen, so that nothing here waits.
  parser.parseSync();
  return chosen;
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
    .strict()
    .wrap(Math.min(widest, columns))
    .parserConfiguration({
      'duplicate-arguments-array': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
    })
    .exitProcess(false);
}

/** yargs says what is wrong in its own words; the nearest right word is added here. */
function usageError(
  message: string,
  argv: readonly string[],
  commands: readonly Command[],
): ConfigError {
  const command = commands.find(({ name }) => name === argv[0]);
  const name = command?.name;
  const help = `gradus ${name === undefined ? '' : `${name} `}--help tells what there is`;
  const error = (text: string, hint: string): ConfigError =>
    new ConfigError(text, { code: 'usage', where: `gradus ${argv.join(' ')}`.trim(), hint });
  const [, words] = /^Unknown (?:argument|command)s?: (.+)$/.exec(message) ?? [];
  if (words !== undefined) return unknownWord(words, name, argv, commands, error, help);
  if (command !== undefined && message.startsWith('Not enough non-option arguments'))
    return error(
      `gradus ${command.name} lacks an argument`,
      `usage: gradus ${command.usage}; ${help}`,
    );
  const choice = /Argument: (.+), Given: "(.*)", Choices: (.+)/.exec(message);
  if (choice) {
    const [, flag = '', given = '', list = ''] = choice;
    const allowed = list.replaceAll('"', '').split(', ');
    return error(
      `${flag} cannot be "${given}"`,
      `${guess(given, allowed)}allowed: ${allowed.join(', ')}`,
    );
  }
  return error(message.charAt(0).toLowerCase() + message.slice(1), help);
}

function unknownWord(
  words: string,
  name: string | undefined,
  argv: readonly string[],
  commands: readonly Command[],
  error: (text: string, hint: string) => ConfigError,
  help: string,
): ConfigError {
  if (name !== undefined)
    return error(`gradus ${name} does not take ${asWritten(words, argv)}`, help);
  const [first = words] = words.split(', ');
  const names = commands.map((command) => command.name);
  return error(`there is no command ${first}`, `${guess(first, names)}${help}`);
}

/** yargs names a flag without its dashes, and in both spellings where it has dashes inside. */
function asWritten(words: string, argv: readonly string[]): string {
  const names = words.split(', ');
  const written = argv.filter((word) => names.includes(word.replace(/^--?|=.*$/g, '')));
  return written.length > 0 ? written.join(', ') : words;
}

function guess(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed);
  return near === undefined ? '' : `did you mean ${near}? `;
}
