import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Settings } from './run.js';

/** A process that does some work for each line that it gets, and answers with a line. */
export class Peer {
  readonly #answers: AsyncIterator<string>;

  private constructor(
    private readonly child: ChildProcess,
    lines: AsyncIterable<string>,
  ) {
    this.#answers = lines[Symbol.asyncIterator]();
  }

  /** Runs a script of this folder; undefined where it does not get ready, with what else it says then. */
  static async start(
    program: string,
    script: string,
    { model, batch, size, threads }: Settings,
  ): Promise<{ readonly peer: Peer; readonly version: string } | undefined> {
    const file = fileURLToPath(new URL(script, import.meta.url));
    const child = spawn(program, [file, model, ...[batch, size, threads].map(String)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      // Threads that spin while they wait are at their worst on a machine that others use, too.
      env: { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' },
    });
    const peer = new Peer(child, createInterface(child.stdout));
    const [word, version = ''] = (await peer.#answer())?.split(' ') ?? [];
    return word === 'ready' ? { peer, version } : undefined;
  }

  /** The answer to a line. Throws where the process has ended. */
  async ask(line = ''): Promise<string> {
    this.child.stdin?.write(`${line}\n`);
    const answer = await this.#answer();
    if (answer === undefined) throw new Error(`${this.child.spawnfile} ended`);
    return answer;
  }

  /** The most memory that the process ever had. */
  get peakBytes(): number {
    const status = readFileSync(`/proc/${String(this.child.pid)}/status`, 'utf8');
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  }

  close(): void {
    this.child.stdin?.end();
  }

  async #answer(): Promise<string | undefined> {
    const { value, done } = await this.#answers.next();
    return done ? undefined : value;
  }
}

/** PyTorch, whose scripts answer with milliseconds; undefined where this machine has none. */
export function startTorch(settings: Settings, script: 'torchStep.py' | 'torchLabel.py') {
  return Peer.start('/usr/bin/python3', script, settings);
}
