import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  /** Half of all values lie between the quartiles. */
  readonly quartiles: readonly [number, number];
  readonly count: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.floor(share * sorted.length)] ?? NaN);
  return {
    median: at(0.5),
    lowest: at(0),
    quartiles: [at(0.25), at(0.75)],
    count: values.length,
  };
}

/** Four significant digits: more would only be noise. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}

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
