import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { Context, Report } from './context.js';

/** Flags that mean the same with every command. */
export interface CommonArguments {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** A command with its arguments filled in. */
export interface Chosen {
  readonly common: CommonArguments;
  run(context: Context): Promise<Report>;
}

export interface Command {
  readonly name: string;
  /** Its name and its positional arguments: `eval <checkpoint>`. */
  readonly usage: string;
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
  return {
    name: usage.split(' ')[0] ?? usage,
    usage,
    register(parser, choose) {
      parser.command(
        usage,
        describe,
        (own) =>
          definition
            .options(own)
            .example(examples.map(([command, does]): [string, string] => [`$0 ${command}`, does])),
        (args) => {
          const { json, quiet } = args;
          choose({
            common: { json, quiet },
            run: (context) => definition.run(args, context),
          });
        },
      );
    },
  };
}
