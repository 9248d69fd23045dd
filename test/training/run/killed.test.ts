import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/folder.js';
import { runUntil } from '../../support/killedProcess.js';
import { repositoryRoot } from '../../support/paths.js';
import { filesBelow } from '../../support/tinyRun.js';

const script = join(repositoryRoot, 'test/support/tinyRunProcess.mjs');

it('a run killed with -9 again and again ends with the bytes of one that was left alone', async () => {
  const [whole, folder] = [temporaryFolder(), temporaryFolder()];
  const undisturbed = runUntil(script, whole);
  // The first kills come early: with the very first checkpoint, and while the first steps are saved.
  const lines = [1, 2, 4, ...Array.from({ length: 3 }, () => 5 + Math.floor(Math.random() * 20))];
  const moments = lines.map((line) => ({ line, delay: Math.random() * 20 }));
  const told = `kills: ${JSON.stringify(moments)}`;
  for (const moment of moments) {
    const { code, errors } = await runUntil(script, folder, moment);
    expect(code, `${told}\n${errors}`).toBeNull();
  }
  const { code, lines: last, errors } = await runUntil(script, folder);
  expect(code, `${told}\n${errors}`).toBe(0);
  expect((await undisturbed).code).toBe(0);
  // Else it would have started over.
  expect(last.filter((line) => line.startsWith('step ')).length, told).toBeLessThan(100);
  const wanted = filesBelow(whole);
  expect(wanted['metrics.jsonl']?.split('\n')).toHaveLength(100 + 20 + 1);
  expect(filesBelow(folder), told).toEqual(wanted);
});
