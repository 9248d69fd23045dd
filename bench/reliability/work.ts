import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const kinds = ['train', 'selftrain', 'label', 'filter', 'export'] as const;
export type Kind = (typeof kinds)[number];

const script = fileURLToPath(new URL('jobs.mjs', import.meta.url));

export interface Ended {
  /** Null after a kill. */
  readonly code: number | null;
  /** The signal that ended it, if one did. */
  readonly signal: NodeJS.Signals | null;
  /** From the moment that its code was loaded, in milliseconds. */
  readonly milliseconds: number;
  readonly errors: string;
}

/** Runs a job as a process, to its end or for so many milliseconds from when its code is loaded. */
export async function runJob(
  kind: Kind | 'prepare',
  folders: readonly string[],
  killAfter?: number,
): Promise<Ended> {
  const child = spawn(process.execPath, [script, kind, ...folders], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<Pick<Ended, 'code' | 'signal'>>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  );
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
  const start = performance.now();
  child.stdout.resume();
  if (killAfter !== undefined) {
    await Promise.race([wait(killAfter), ended]);
    child.kill('SIGKILL');
  }
  return { ...(await ended), milliseconds: performance.now() - start, errors };
}

/** Runs `body` with a new folder, which is left where it fails. */
export async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-reliability-'));
  const result = await body(folder);
  rmSync(folder, { recursive: true });
  return result;
}

/** The first lines of an error's text. */
export function firstLines(errors: string): string {
  return errors.split('\n').slice(0, 12).join('\n');
}
