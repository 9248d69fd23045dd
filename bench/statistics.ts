import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import { round } from '../src/support/statistics/spread.js';

/** Where results are kept. */
export const resultsFolder = fileURLToPath(new URL('../docs/results/bench', import.meta.url));

/** Instruction sets of x86 that numeric libraries choose their code by, as Linux names them. */
const telling = ['avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_tile'];

/** Those of this processor; undefined where they are not known. */
function instructions(): readonly string[] | undefined {
  if (platform() !== 'linux' || arch() !== 'x64') return undefined;
  const [, flags = ''] = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
  const own = new Set(flags.split(' '));
  return telling.filter((name) => own.has(name));
}

/**
 * Prints a benchmark's result, as `text` if there is one, and unless told otherwise keeps it in
 * docs/results/bench/<name>.json.
 */
export function report(
  name: string,
  result: object,
  { keep = true, text }: { readonly keep?: boolean; readonly text?: string } = {},
): void {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    instructions: instructions(),
    cores: availableParallelism(),
    /** Above the number of cores, others compete for them. */
    load: loadavg().map(round),
    node: process.version,
  };
  const json = JSON.stringify({ name, ...result, machine }, null, 2);
  if (keep) {
    mkdirSync(resultsFolder, { recursive: true });
    writeFileSync(`${resultsFolder}/${name}.json`, `${json}\n`);
  }
  process.stdout.write(`${text ?? json}\n`);
}
