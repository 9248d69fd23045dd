import { fork } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inFolder, runJob } from './work.js';

const script = fileURLToPath(new URL('mutate.mjs', import.meta.url));

/** An input that takes longer has hung. */
const patienceMilliseconds = 20_000;
/** Resident bytes that no input may make it take. */
const mostBytes = 1.5 * 2 ** 30;

interface Told {
  readonly kind: 'whole' | 'begin' | 'end' | 'covered';
  readonly i?: number;
  readonly format?: string;
  readonly file?: string;
  readonly word?: string;
  readonly anew?: boolean;
  readonly error?: string;
  readonly milliseconds?: number;
  readonly blocks?: number;
}

interface Tally {
  opened: number;
  taken: number;
  refused: number;
  /** Kept for further damage, since they reached what none before had. */
  anew: number;
  slowestMilliseconds: number;
}

/**
 * Damages files of all formats and opens them in a process with a clock and a bound of memory. Inputs that
 * reach code which none before had reached are damaged further. An input is a fault where it ends as an
 * error of Gradus' own (exit status 1), kills the process, hangs or takes too much memory.
 */
export function mutateInputs(count: number): Promise<{ readonly failures: readonly string[] }> {
  return inFolder(async (base) => {
    const inputs = join(base, 'inputs');
    mkdirSync(inputs);
    const faults = mkdtempSync(join(tmpdir(), 'gradus-faults-'));
    const work: [Parameters<typeof runJob>[0], string[]][] = [
      ['prepare', [inputs]],
      ['export', [inputs, inputs]],
      ['selftrain', [join(inputs, 'self')]],
    ];
    for (const [kind, folders] of work) {
      const { code, errors } = await runJob(kind, folders);
      if (code !== 0) throw new Error(`${kind} failed: ${errors}`);
    }
    const seed = Math.floor(Math.random() * 2 ** 31);
    const run = new MutationRun(inputs, join(base, 'files'), faults, seed);
    for (let first = 0; first < count;) first = await run.from(first, count);
    return {
      inputs: count,
      seed,
      blocks: run.blocks,
      formats: run.formats,
      failures: run.failures,
    };
  });
}

class MutationRun {
  readonly formats: Record<string, Tally> = {};
  readonly failures: string[] = [];
  blocks = 0;

  constructor(
    private readonly inputs: string,
    private readonly files: string,
    private readonly faults: string,
    private readonly seed: number,
  ) {}

  /** Opens inputs in one process until its end; gives the number of the next one. */
  async from(first: number, end: number): Promise<number> {
    const child = fork(script, [this.inputs, this.files, this.seed, first, end].map(String), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--max-old-space-size=1024'],
    });
    let [errors, next] = ['', first];
    let now: { told: Told; since: number } | undefined;
    let why: string | undefined;
    child.stderr?.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-4000)));
    const watch = setInterval(() => {
      if (now && performance.now() - now.since > patienceMilliseconds) why = 'it hangs';
      else if (residentBytes(child.pid) > mostBytes) why = 'it takes too much memory';
      if (why !== undefined) child.kill('SIGKILL');
    }, 200);
    child.on('message', (told: Told) => {
      if (told.kind === 'begin') {
        now = { told, since: performance.now() };
        return;
      }
      if (told.kind === 'covered') this.blocks += told.blocks ?? 0;
      if (told.kind === 'whole' && told.word !== 'taken')
        process.stderr.write(`whole ${told.format}: ${told.word} ${told.error ?? ''}\n`);
      if (told.kind !== 'end' || !now) return;
      next = (told.i ?? next) + 1;
      this.#count(now.told, told);
      now = undefined;
    });
    await new Promise((resolve) => child.on('close', resolve));
    clearInterval(watch);
    if (now) {
      const { signalCode, exitCode } = child;
      this.#fault(now.told, why ?? `the process ended: ${signalCode ?? exitCode}: ${errors}`);
      next = (now.told.i ?? next) + 1;
    } else if (next < end) throw new Error(`the process of mutations ended: ${errors}`);
    return next;
  }

  #count({ format = '', file }: Told, { word, anew, error, milliseconds = 0 }: Told): void {
    const tally = (this.formats[format] ??= {
      ...{ opened: 0, taken: 0, refused: 0, anew: 0, slowestMilliseconds: 0 },
    });
    tally.opened += 1;
    if (word === 'taken') tally.taken += 1;
    if (word === 'refused') tally.refused += 1;
    if (anew) tally.anew += 1;
    tally.slowestMilliseconds = Math.max(tally.slowestMilliseconds, Math.round(milliseconds));
    if (word === 'fault') this.#fault({ kind: 'end', format, ...(file && { file }) }, error ?? '');
  }

  #fault({ format = '', file = '' }: Told, why: string): void {
    const kept = join(this.faults, `${this.failures.length}${extname(file)}`);
    copyFileSync(file, kept);
    const line = `${format}: ${kept}: ${why}`;
    this.failures.push(line);
    process.stderr.write(`${line}\n`);
  }
}

function residentBytes(pid: number | undefined): number {
  try {
    const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1];
    return Number(pages) * 4096;
  } catch {
    return 0;
  }
}
