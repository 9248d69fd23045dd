import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { differing, snapshot } from './snapshot.mjs';
import { firstLines, inFolder, runJob } from './work.js';

const together = 3;

/**
 * Three processes of a self-training that begin at once on one folder, of every second round one where a
 * killed process has left its lock: one runs to its end, the others are refused, and the files are those of
 * a single one.
 */
export function runTogether(count: number): Promise<{ readonly failures: readonly string[] }> {
  return inFolder(async (base) => {
    const whole = join(base, 'whole');
    mkdirSync(whole);
    const { milliseconds } = await runJob('selftrain', [whole]);
    const wanted = snapshot(whole);
    const failures: string[] = [];
    const ends = { finished: 0, refused: 0, foundDone: 0, other: 0 };
    let killed = 0;
    for (let round = 0; round < count; round++) {
      const folder = join(base, `round-${round}`);
      mkdirSync(folder);
      if (round % 2 === 1) {
        const { signal } = await runJob(
          'selftrain',
          [folder],
          (0.2 + Math.random() * 0.5) * milliseconds,
        );
        if (signal === 'SIGKILL') killed += 1;
      }
      const all = await Promise.all(
        Array.from({ length: together }, () => runJob('selftrain', [folder])),
      );
      const finished = all.filter(({ code }) => code === 0);
      const refused = all.filter(({ errors }) => /is being written by process/.test(errors));
      ends.finished += Math.min(1, finished.length);
      // One that came after the first had ended, to find all done.
      ends.foundDone += Math.max(0, finished.length - 1);
      ends.refused += refused.length;
      const other = all.filter((own) => own.code !== 0 && !refused.includes(own));
      ends.other += other.length;
      failures.push(...other.map(({ errors }) => `${folder}: ${firstLines(errors)}`));
      if (finished.length === 0) failures.push(`${folder}: no process ended well`);
      const names = differing(wanted, snapshot(folder));
      if (names.length > 0) failures.push(`${folder}: other bytes or files: ${names.join(', ')}`);
      process.stderr.write(`round ${round}: ${JSON.stringify(ends)}\n`);
    }
    return { rounds: count, together, killed, ends, failures };
  });
}
