/**
 * Texts that name options. Code outside the command line knows options as properties of library calls;
 * a phrase keeps them apart from its words, so that each reader gets the name that he writes: the command
 * line a flag, `--threshold 0.3`; a config its key, `labels.threshold: 0.3`; a library call its property,
 * `threshold: 0.3`.
 */

/** Path of an option: `['batch']`, or within others `['labels', 'threshold']`. */
export type OptionPath = readonly string[];

/** An option's value as a text gives it; in capitals it stands for what the user has to put there. */
export type GivenValue = string | number | boolean | readonly number[];

/** Library calls that texts name, each of which the command line has a command for. */
export const namedCalls = [
  'compileModel',
  'exportModel',
  'filterLabels',
  'importWeights',
  'labelDataSet',
  'predictMemory',
] as const;

export type NamedCall = (typeof namedCalls)[number];

/** An option within a text. */
export interface NamedOption {
  readonly option: OptionPath;
  readonly value?: GivenValue | undefined;
  /** The call that takes it, if it is another than the one that failed. */
  readonly of?: NamedCall | undefined;
}

/** A call within a text, with what it is given. */
export interface CallWithOptions {
  readonly call: NamedCall;
  readonly subject: string;
  readonly options: Readonly<Record<string, GivenValue>>;
}

/** A part of a phrase; plain data, which threads can hand over. */
export type Piece = string | NamedOption | CallWithOptions;

/** Style in which one audience reads options and calls. */
export interface Naming {
  option(named: NamedOption): string;
  call(call: CallWithOptions): string;
}

/** A text, with or without options in it. */
export type Prose = string | Phrase;

/** A text with options in it; as a string it names them as a library call does. */
export class Phrase {
  constructor(readonly pieces: readonly Piece[]) {}

  toString(naming: Naming = libraryNaming): string {
    return this.pieces
      .map((piece) =>
        typeof piece === 'string'
          ? piece
          : 'option' in piece
            ? naming.option(piece)
            : naming.call(piece),
      )
      .join('');
  }

  toJSON(): string {
    return this.toString();
  }

  /** The same with its options below others, as in a config that holds them: `labels.threshold`. */
  under(path: OptionPath): Phrase {
    return new Phrase(
      this.pieces.map((piece) =>
        typeof piece === 'object' && 'option' in piece && piece.of === undefined
          ? { ...piece, option: [...path, ...piece.option] }
          : piece,
      ),
    );
  }
}

/** Tag of a template whose values may be options, calls and phrases: `` phrase`leave ${option('size')} out` ``. */
export function phrase(
  texts: TemplateStringsArray,
  ...values: readonly (Piece | Phrase | number)[]
): Phrase {
  const inner = values.map((value) => {
    if (value instanceof Phrase) return value.pieces;
    return [typeof value === 'number' ? String(value) : value];
  });
  return new Phrase(
    texts.flatMap((text, i) => [text, ...(inner[i] ?? [])]).filter((piece) => piece !== ''),
  );
}

/** An option by its name or path, with the value to give it if a text says one. */
export function option(path: string | OptionPath, value?: GivenValue): NamedOption {
  return { option: typeof path === 'string' ? [path] : path, value };
}

/** An option of another call than the one that fails. */
export function optionOf(of: NamedCall, name: string, value?: GivenValue): NamedOption {
  return { option: [name], value, of };
}

/** A call to make: `exportModel(CHECKPOINT, { out: 'model.onnx' })`. */
export function call(
  name: NamedCall,
  subject: string,
  options: CallWithOptions['options'] = {},
): CallWithOptions {
  return { call: name, subject, options };
}

/** Options as properties, which is also how a config has them. */
export const libraryNaming: Naming = {
  option: ({ option: path, value }) => property(path.join('.'), value),
  call: ({ call: name, subject, options }) => {
    const properties = Object.entries(options).map(([key, value]) => property(key, value));
    const given = properties.length === 0 ? '' : `, { ${properties.join(', ')} }`;
    return `${name}(${literal(subject)}${given})`;
  },
};

/** A text in the words of a reader. */
export function inWords(text: Prose, naming: Naming = libraryNaming): string {
  return typeof text === 'string' ? text : text.toString(naming);
}

/** A text whose options stand below others, as in a config that holds them. */
export function placed(text: Prose, path: OptionPath): Prose {
  return typeof text === 'string' ? text : text.under(path);
}

function property(name: string, value: GivenValue | undefined): string {
  return value === undefined ? name : `${name}: ${literal(value)}`;
}

function literal(value: GivenValue): string {
  if (typeof value === 'string') return /^[A-Z_]+$/.test(value) ? value : `'${value}'`;
  return typeof value === 'object' ? `[${value.join(', ')}]` : String(value);
}
