import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { round } from '../src/support/spread.js';

/** Prints a benchmark's result and keeps it in docs/results/bench/<name>.json. */
export function report(name: string, result: object): void {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    /** Above the number of cores, others compete for them. */
    load: loadavg().map(round),
    node: process.version,
  };
  const text = JSON.stringify({ name, ...result, machine }, null, 2);
  const folder = fileURLToPath(new URL('../docs/results/bench', import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}.json`, `${text}\n`);
  process.stdout.write(`${text}\n`);
}
