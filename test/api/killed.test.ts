import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.js';
import { repositoryRoot } from '../support/paths.js';
import { filesBelow } from '../support/tinyRun.js';

const script = join(repositoryRoot, 'test/support/tinyRunProcess.mjs');

/** When to kill a process: some milliseconds after its line of this number. */
interface Moment {
  readonly line: number;
  readonly delay: number;
}

/** Trains until the end or the kill; gives the exit code (null where it was killed) and its lines. */
async function train(folder: string, moment?: Moment) {
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
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

it('a run killed with -9 again and again ends with the bytes of one that was left alone', async () => {
  const [whole, folder] = [temporaryFolder(), temporaryFolder()];
  const undisturbed = train(whole);
  // The first kills come early: with the very first checkpoint, and while the first steps are saved.
  const lines = [1, 2, 4, ...Array.from({ length: 3 }, () => 5 + Math.floor(Math.random() * 20))];
  const moments = lines.map((line) => ({ line, delay: Math.random() * 20 }));
  const told = `kills: ${JSON.stringify(moments)}`;
  for (const moment of moments) {
    const { code, errors } = await train(folder, moment);
    expect(code, `${told}\n${errors}`).toBeNull();
  }
  const { code, lines: last, errors } = await train(folder);
  expect(code, `${told}\n${errors}`).toBe(0);
  expect((await undisturbed).code).toBe(0);
  // Else it would have started over.
  expect(last.filter((line) => line.startsWith('step ')).length, told).toBeLessThan(100);
  const wanted = filesBelow(whole);
  expect(wanted['metrics.jsonl']?.split('\n')).toHaveLength(100 + 20 + 1);
  expect(filesBelow(folder), told).toEqual(wanted);
});
