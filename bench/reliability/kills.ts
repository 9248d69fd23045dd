import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { round } from '../../src/support/statistics/spread.js';
import { differing, snapshot } from './snapshot.mjs';
import { firstLines, inFolder, kinds, runJob, type Kind } from './work.js';

/** Kills that one folder sees before its job is left to end. */
const killsOfFolder = 5;

interface KindResult {
  kills: number;
  folders: number;
  /** Runs that were over before the kill came. */
  missed: number;
  undisturbedMilliseconds: number;
}

/**
 * SIGKILL at random moments over each kind of job, several times in one folder; then the same job goes on to
 * its end, and every file must have the bytes of an undisturbed job's, with none beside them.
 */
export function killJobs(count: number): Promise<{ readonly failures: readonly string[] }> {
  return inFolder(async (base) => {
    const inputs = join(base, 'inputs');
    mkdirSync(inputs);
    await finish('prepare', [inputs]);
    const results: Partial<Record<Kind, KindResult>> = {};
    const failures: string[] = [];
    for (const [i, kind] of kinds.entries()) {
      const own =
        Math.floor(((i + 1) * count) / kinds.length) - Math.floor((i * count) / kinds.length);
      results[kind] = await killKind(kind, { count: own, base, inputs, failures });
      process.stderr.write(`${kind}: ${JSON.stringify(results[kind])}\n`);
    }
    return { kills: count, results, failures };
  });
}

async function killKind(
  kind: Kind,
  given: { count: number; base: string; inputs: string; failures: string[] },
): Promise<KindResult> {
  const { count, base, inputs, failures } = given;
  const place = (name: string): string => {
    const folder = join(base, `${kind}-${name}`);
    mkdirSync(folder);
    return folder;
  };
  const whole = place('whole');
  const { milliseconds } = await finish(kind, [whole, inputs]);
  const wanted = snapshot(whole);
  const result: KindResult = {
    ...{ kills: 0, folders: 0, missed: 0 },
    undisturbedMilliseconds: round(milliseconds),
  };
  while (result.kills < count) {
    const folder = place(`${result.folders++}`);
    const delays: number[] = [];
    const until = Math.min(count, result.kills + killsOfFolder);
    while (result.kills < until) {
      const delay = Math.random() * milliseconds;
      const { code, signal, errors } = await runJob(kind, [folder, inputs], delay);
      if (signal === 'SIGKILL') {
        delays.push(round(delay));
        result.kills += 1;
        continue;
      }
      result.missed += 1;
      if (code !== 0) failures.push(`${folder}: ended with ${code}: ${firstLines(errors)}`);
      if (delays.length > 0) break;
    }
    const told = `${folder}, killed after ${delays.join(', ')} ms`;
    const { code, errors } = await runJob(kind, [folder, inputs]);
    if (code !== 0) failures.push(`${told}: exit ${code}: ${firstLines(errors)}`);
    const names = differing(wanted, snapshot(folder));
    if (names.length > 0) failures.push(`${told}: other bytes or files: ${names.join(', ')}`);
  }
  return result;
}

async function finish(kind: Kind | 'prepare', folders: readonly string[]) {
  const ended = await runJob(kind, folders);
  if (ended.code !== 0) throw new Error(`${kind} failed undisturbed: ${ended.errors}`);
  return ended;
}
