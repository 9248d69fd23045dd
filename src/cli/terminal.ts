/** The parts of a standard stream that the command line uses. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Facts that a command may know about the process around it; tests pass their own. */
export interface Environment {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Colour is for a terminal that wants it: NO_COLOR (no-color.org) and dumb terminals get none. */
export function wantsColour(stream: Stream, variables: Environment['variables']): boolean {
  if (variables['NO_COLOR'] !== undefined && variables['NO_COLOR'] !== '') return false;
  return stream.isTTY === true && variables['TERM'] !== 'dumb';
}

export type Paint = (text: string) => string;

export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
}

/** ANSI styles, or none of them if `colour` is false. */
export function palette(colour: boolean): Palette {
  const style =
    (on: number, off: number): Paint =>
    (text) =>
      colour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { bold: style(1, 22), dim: style(2, 22), green: style(32, 39), yellow: style(33, 39) };
}
