import { Worker } from 'node:worker_threads';
import { InternalError } from '../../support/errors.js';
import { workerUrl } from '../../support/workerUrl.js';
import type { TransformResult } from './callSites.js';
import type { LocalFile } from './localFiles.js';
import type { TypeProblem } from './typecheck.js';

/*
 * Types are checked beside the compilation. TypeScript needs about a second, so a thread has it: it first
 * returns the file as JavaScript, and later what is wrong with its types. Compiling goes on meanwhile, but
 * nothing is written or trained before the check has passed, and of two errors the type error is reported.
 * `compileModel` and `Trainer` work this way; configs, and the commands that trace a model before they write
 * anything (`gradus train`, `selftrain`), wait for the check first.
 */

/** Request to the thread: read `root` and its local imports, and check their types. */
export interface CheckRequest {
  readonly id: number;
  readonly root: string;
  readonly declarations: Readonly<Record<string, string>>;
}

/** A user's file and its local imports, itself first. */
export interface Sources {
  readonly files: readonly LocalFile[];
  /** JavaScript of the files that run, by absolute path. */
  readonly transformed: ReadonlyMap<string, TransformResult>;
}

/**
 * Reply of the thread: first the sources, then the faults in their types; or why neither is
 * available.
 */
export type CheckReply = { readonly id: number } & (
  | { readonly kind: 'sources'; readonly sources: Sources }
  | { readonly kind: 'checked'; readonly problems: readonly TypeProblem[] }
  | { readonly kind: 'failed'; readonly error: Error }
);

/** Results about a user's file: the code that runs is known long before the faults in its types. */
export interface CheckedSources {
  readonly sources: Promise<Sources>;
  readonly problems: Promise<readonly TypeProblem[]>;
}

interface Pending {
  readonly resolveSources: (sources: Sources) => void;
  readonly resolveProblems: (problems: readonly TypeProblem[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Idle time after which the thread ends: a run's model follows its config at once, and TypeScript
 * takes 100 MB.
 */
const idleMilliseconds = 2000;

let thread: Worker | undefined;
let lastId = 0;
let idle: NodeJS.Timeout | undefined;
const pending = new Map<number, Pending>();

/**
 * Reads and checks a user's file in a thread of its own, which TypeScript keeps busy for a second: the
 * file can be evaluated and compiled meanwhile.
 */
export function checkSources(
  root: string,
  declarations: Readonly<Record<string, string>>,
): CheckedSources {
  const id = (lastId += 1);
  let rejectSources: Pending['reject'];
  let resolveSources: Pending['resolveSources'];
  const sources = new Promise<Sources>((resolve, reject) => {
    resolveSources = resolve;
    rejectSources = reject;
  });
  const problems = new Promise<readonly TypeProblem[]>((resolve, reject) => {
    pending.set(id, {
      resolveSources,
      resolveProblems: resolve,
      reject: (error) => {
        rejectSources(error);
        reject(error);
      },
    });
  });
  // Whoever waits for the sources alone has heard of the failure.
  problems.catch(() => undefined);
  clearTimeout(idle);
  thread ??= startThread();
  thread.ref();
  thread.postMessage({ id, root, declarations } satisfies CheckRequest);
  return { sources, problems };
}

function startThread(): Worker {
  const started = new Worker(workerUrl(import.meta.url, 'checkWorker'));
  const end = (cause: unknown): void => {
    if (thread === started) thread = undefined;
    const error = new InternalError('the type-checking thread ended', {
      code: 'worker-ended',
      cause,
    });
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  started.on('message', receive);
  started.on('error', end);
  started.on('exit', (code) => {
    if (thread === started) end(new Error(`it ended with code ${code}`));
  });
  return started;
}

function receive(reply: CheckReply): void {
  const waiting = pending.get(reply.id);
  if (reply.kind === 'sources') {
    waiting?.resolveSources(reply.sources);
    return;
  }
  pending.delete(reply.id);
  if (reply.kind === 'checked') waiting?.resolveProblems(reply.problems);
  else waiting?.reject(reply.error);
  if (pending.size === 0) endWhenIdle();
}

/** Keeps the process alive for work under way only. */
function endWhenIdle(): void {
  thread?.unref();
  idle = setTimeout(() => {
    const ending = thread;
    thread = undefined;
    void ending?.terminate();
  }, idleMilliseconds).unref();
}
