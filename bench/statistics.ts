import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { round } from '../src/support/statistics/spread.js';

/** Where results are kept. */
export const resultsFolder = fileURLToPath(new URL('../docs/results/bench', import.meta.url));

/** Prints a benchmark's result and, unless told otherwise, keeps it in docs/results/bench/<name>.json. */
export function report(name: string, result: object, { keep = true } = {}): void {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    /** Above the number of cores, others compete for them. */
    load: loadavg().map(round),
    node: process.version,
  };
  const text = JSON.stringify({ name, ...result, machine }, null, 2);
  if (keep) {
    mkdirSync(resultsFolder, { recursive: true });
    writeFileSync(`${resultsFolder}/${name}.json`, `${text}\n`);
  }
  process.stdout.write(`${text}\n`);
}
