import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inFolder } from './work.js';

const script = fileURLToPath(new URL('steps.mjs', import.meta.url));

interface Sample {
  readonly step: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly descriptors: number | null;
  readonly metrics: number;
}

/** What the second half of a run may take above the first, of memory: what a heap's rhythm explains. */
const mostGrowth = 20 * 2 ** 20;

/** A long run of a small net: memory, open descriptors and metrics.jsonl over its steps. */
export function trainLong(count: number): Promise<{ readonly failures: readonly string[] }> {
  return inFolder((folder) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--expose-gc', script, folder, String(count)],
      { encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    const samples = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Sample);
    const failures: string[] = [];
    if (status !== 0) failures.push(`it ended with ${status}: ${stderr}`);
    const parts = { early: tenth(samples, 1), middle: tenth(samples, 5), late: tenth(samples, 9) };
    if (parts.late.rss - parts.middle.rss > mostGrowth)
      failures.push('memory grows with the steps');
    if (parts.late.descriptors !== parts.early.descriptors) failures.push('descriptors grow');
    const metrics = join(folder, 'metrics.jsonl');
    const lines = readFileSync(metrics, 'utf8').split('\n').length - 1;
    const file = { bytes: statSync(metrics).size, lines };
    if (lines > 20_000 + count / 1000) failures.push('metrics.jsonl grows with the steps');
    return Promise.resolve({ steps: count, ...parts, metrics: file, failures });
  });
}

/** Medians of a tenth of the samples. */
function tenth(samples: readonly Sample[], which: number) {
  const length = samples.length / 10;
  const own = samples.slice(Math.floor(which * length), Math.floor((which + 1) * length));
  const median = (of: (sample: Sample) => number | null): number =>
    own.map((sample) => of(sample) ?? 0).toSorted((a, b) => a - b)[Math.floor(own.length / 2)] ?? 0;
  return {
    step: median(({ step }) => step),
    rss: median(({ rss }) => rss),
    heapUsed: median(({ heapUsed }) => heapUsed),
    descriptors: median(({ descriptors }) => descriptors),
  };
}
