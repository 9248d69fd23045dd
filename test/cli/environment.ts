import type { Environment } from '../../src/cli/terminal.js';

/** An environment whose streams remember what was written, with a clock set by hand. */
export class FakeEnvironment implements Environment {
  out = '';
  err = '';
  /** Milliseconds. */
  time = 0;
  readonly cwd = '/project';
  readonly now = (): number => this.time;
  readonly stdout;
  readonly stderr;
  readonly variables: Record<string, string>;

  constructor(
    options: { tty?: boolean; columns?: number; variables?: Record<string, string> } = {},
  ) {
    const { tty: isTTY = false, columns = 100, variables = {} } = options;
    this.variables = variables;
    this.stdout = { isTTY, columns, write: (text: string) => (this.out += text) };
    this.stderr = { isTTY, columns, write: (text: string) => (this.err += text) };
  }
}
