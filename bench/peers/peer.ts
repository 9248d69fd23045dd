import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Processes that run, which a stop would keep beyond our own end. */
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** A process to start: a script of this folder, and what it is told. */
export interface PeerScript {
  readonly program: string;
  readonly script: string;
  readonly args: readonly (string | number)[];
}

/**
 * A process that works for each line that it gets, and answers with a line of JSON. Between its answers it
 * is stopped, so that no pool of threads that waits by spinning takes time from another.
 */
export class Peer {
  readonly #answers: AsyncIterator<string>;
  #errors = '';

  private constructor(
    private readonly child: ChildProcess,
    lines: AsyncIterable<string>,
  ) {
    this.#answers = lines[Symbol.asyncIterator]();
    running.add(child);
  }

  /** Runs a script until it says that it is ready, with what else it says then. Throws if it ends before. */
  static async start({
    program,
    script,
    args,
  }: PeerScript): Promise<{ readonly peer: Peer; readonly version: string }> {
    const file = fileURLToPath(new URL(script, import.meta.url));
    const child = spawn(program, [file, ...args.map(String)]);
    const peer = new Peer(child, createInterface(child.stdout));
    child.stderr.setEncoding('utf8').on('data', (text) => (peer.#errors += text));
    child.on('error', ({ message }) => (peer.#errors += message));
    for (;;) {
      const [word, version = ''] = (await peer.#answer()).split(' ');
      // A library may say something first.
      if (word !== 'ready') continue;
      child.kill('SIGSTOP');
      return { peer, version };
    }
  }

  /** The answer to a line, for which it is alone awake. Throws if the process has ended. */
  async ask(line: string | number): Promise<unknown> {
    this.child.kill('SIGCONT');
    this.child.stdin?.write(`${line}\n`);
    const answer = await this.#answer();
    this.child.kill('SIGSTOP');
    return JSON.parse(answer);
  }

  /** The most memory that the process ever had. */
  get peakBytes(): number {
    const status = readFileSync(`/proc/${String(this.child.pid)}/status`, 'utf8');
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  }

  close(): void {
    this.child.kill('SIGKILL');
  }

  async #answer(): Promise<string> {
    const { value, done } = await this.#answers.next();
    if (!done) return value;
    const lines = this.#errors.trim().split('\n');
    throw new Error(lines.find((line) => /^\w*Error: /.test(line)) ?? lines.at(-1) ?? 'it ended');
  }
}
