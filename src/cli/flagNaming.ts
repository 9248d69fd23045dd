import {
  libraryNaming,
  type NamedCall,
  type NamedOption,
  type Naming,
  type GivenValue,
} from '../support/phrase.js';

interface CommandOfCall {
  readonly command: string;
  /** Flags whose names differ from those of the library's options. */
  readonly flags?: Readonly<Record<string, string>>;
  /** A flag that makes the command do what the call does. */
  readonly by?: string;
}

/** The command that does what a library call does. */
export const commandOfCall: Readonly<Record<NamedCall, CommandOfCall>> = {
  compileModel: {
    command: 'compile',
    flags: { artifacts: 'artifact', stepsPerRun: 'steps' },
  },
  exportModel: { command: 'export' },
  filterLabels: { command: 'filter' },
  importWeights: { command: 'import' },
  labelDataSet: { command: 'label' },
  predictMemory: { command: 'inspect', by: 'memory' },
};

/**
 * Options in the words of a command line: those of a command by its flags, those of other calls by the
 * flags of their commands. An option that the command has no flag for, such as a config's key, keeps its
 * name.
 */
export function flagNaming(command: string, flags: readonly string[]): Naming {
  const named = Object.values(commandOfCall).find((own) => own.command === command);
  return {
    option(option) {
      if (option.of) return flagOf(option, commandOfCall[option.of]);
      // A library call groups the options that say how to read an .onnx file.
      const [first = '', ...rest] =
        option.option[0] === 'onnx' ? option.option.slice(1) : option.option;
      const isFlag = rest.length === 0 && flags.includes(nameOf(first, named));
      return isFlag ? flagOf({ ...option, option: [first] }, named) : libraryNaming.option(option);
    },
    call({ call, subject, options }) {
      const { by, ...own } = commandOfCall[call];
      const given = Object.entries(options).map(([key, value]) =>
        flagOf({ option: [key], value }, own),
      );
      const words = [
        'gradus',
        own.command,
        subject,
        ...given,
        ...(by === undefined ? [] : [`--${by}`]),
      ];
      return words.join(' ');
    },
  };
}

function flagOf({ option, value }: NamedOption, command: CommandOfCall | undefined): string {
  const flag = `--${nameOf(option.at(-1) ?? '', command)}`;
  return value === undefined || value === true ? flag : `${flag} ${textOf(value)}`;
}

/** `drop-path` of `dropPath`. */
function nameOf(option: string, command: CommandOfCall | undefined): string {
  return (
    command?.flags?.[option] ?? option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  );
}

/** Height and width are written `48x192`. */
function textOf(value: GivenValue): string {
  return typeof value === 'object' ? value.join('x') : String(value);
}
