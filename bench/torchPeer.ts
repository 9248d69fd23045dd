import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Settings } from './run.js';

/** PyTorch in a process of its own that takes a step when it is told to. */
export class TorchPeer {
  readonly #answers: AsyncIterator<string>;

  private constructor(
    private readonly child: ChildProcess,
    readonly lines: Interface,
  ) {
    this.#answers = lines[Symbol.asyncIterator]();
  }

  /** Undefined where this machine has no PyTorch. */
  static async start({ model, batch, size, threads }: Settings, file = 'torchStep.py') {
    const script = fileURLToPath(new URL(file, import.meta.url));
    const child = spawn(
      '/usr/bin/python3',
      [script, model, ...[batch, size, threads].map(String)],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
        // Threads that spin while they wait are at their worst on a machine that others use, too.
        env: { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' },
      },
    );
    const peer = new TorchPeer(child, createInterface(child.stdout));
    const [word, version] = (await peer.#answer())?.split(' ') ?? [];
    return word === 'ready' ? { peer, version } : undefined;
  }

  /** Milliseconds of a step. */
  async step(): Promise<number> {
    this.child.stdin?.write('\n');
    return Number(await this.#answer());
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
