import type { ArgumentsCamelCase, Argv } from 'yargs';
import { ConfigError } from '../support/errors.js';
import { nearest } from '../support/nearest.js';
import type { Naming } from '../support/phrase.js';
import type { Context, Report } from './context.js';
import { flagNaming } from './flagNaming.js';

/** Flags that mean the same with every command. */
export interface CommonArguments {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** A command with its arguments filled in. */
export interface Chosen {
  readonly common: CommonArguments;
  /** Naming of its flags, for errors that name options. */
  readonly naming: Naming;
  run(context: Context): Promise<Report>;
}

export interface Command {
  readonly name: string;
  /** Its name and its positional arguments: `eval <checkpoint>`. */
  readonly usage: string;
  /** Commands of a group, named with the group's name. */
  readonly commands?: readonly Command[];
  /** Adds the command to a parser, which calls `choose` when the command line names it. */
  register(parser: Argv<CommonArguments>, choose: (chosen: Chosen) => void): void;
}

interface Definition<A> {
  /** Its name and its positional arguments: `eval <checkpoint>`. */
  readonly usage: string;
  readonly describe: string;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** Declares positional arguments and flags. */
  options(parser: Argv<CommonArguments>): Argv<A>;
  run(args: ArgumentsCamelCase<A>, context: Context): Promise<Report>;
}

/** Describes a command; A is what its options declare. */
export function defineCommand<A extends CommonArguments>(definition: Definition<A>): Command {
  const { usage, describe, examples } = definition;
  const name = usage.split(' ')[0] ?? usage;
  return {
    name,
    usage,
    register(parser, choose) {
      let flags: readonly string[] = [];
      parser.command(
        usage,
        describe,
        (own) => {
          const filled = withExamples(definition.options(own), examples);
          flags = keysOf(own).filter((key) => !positionalsOf(usage).includes(key));
          return filled;
        },
        (args) => {
          const { json, quiet } = args;
          choose({
            common: { json, quiet },
            naming: flagNaming(name, flags),
            run: (context) => definition.run(args, context),
          });
        },
      );
    },
  };
}

/** Names of the arguments of a parser; yargs' types leave out that it knows them. */
export function keysOf(parser: Argv<CommonArguments>): string[] {
  const { key } = (parser as unknown as { getOptions(): { key: object } }).getOptions();
  return Object.keys(key);
}

/** `checkpoint` of `eval <checkpoint>`. */
function positionalsOf(usage: string): string[] {
  return [...usage.matchAll(/[<[]([\w-]+)/g)].map(([, name = '']) => name);
}

function withExamples<A>(
  parser: Argv<A>,
  examples: readonly (readonly [command: string, does: string])[],
): Argv<A> {
  return parser.example(examples.map(([command, does]) => [`$0 ${command}`, does]));
}

interface GroupDefinition {
  readonly name: string;
  readonly describe: string;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** Their usages leave the group's name out, their examples have it. */
  readonly commands: readonly Command[];
}

/** Describes commands that share their first word: `augment preview`, `augment corruptions`. */
export function defineGroup({ name, describe, examples, commands }: GroupDefinition): Command {
  const full = commands.map((command) => ({
    ...command,
    name: `${name} ${command.name}`,
    usage: `${name} ${command.usage}`,
  }));
  return {
    name,
    usage: `${name} <command>`,
    commands: full,
    register(parser, choose) {
      parser.command(
        `${name} <command>`,
        describe,
        (own) => {
          for (const command of commands) command.register(own, choose);
          return withExamples(own, examples);
        },
        ({ command }) => {
          throw unknownCommand(name, full, String(command));
        },
      );
    },
  };
}

/** The error of a group's command that is not there. */
export function unknownCommand(
  group: string,
  commands: readonly Command[],
  word: string,
): ConfigError {
  const meant = nearest(
    `${group} ${word}`,
    commands.map(({ name }) => name),
  );
  const guess = meant === undefined ? '' : `did you mean ${meant}? `;
  const hint = `${guess}there are: ${commands.map(({ usage }) => `gradus ${usage}`).join(', ')}`;
  return new ConfigError(`unknown command ${group} ${word}`, { code: 'usage', hint });
}
