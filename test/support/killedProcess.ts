import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

/** When to kill a process: some milliseconds after its line of this number. */
export interface Moment {
  readonly line: number;
  readonly delay: number;
}

/** Runs a script on a folder, and `more` arguments, until its end or the kill; gives the exit code (null where it was killed) and its lines. */
export async function runUntil(
  script: string,
  folder: string,
  moment?: Moment,
  more: readonly string[] = [],
) {
  const child = spawn(process.execPath, [script, folder, ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (lines.length !== moment?.line) continue;
    await wait(moment.delay);
    child.kill('SIGKILL');
  }
  return { code: await ended, lines, errors };
}
