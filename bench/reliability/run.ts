/** npm run reliability -- kills|mutations|steps|disk|processes|signals [--count N]; needs a built dist/. Not for CI. */
import { parseArgs } from 'node:util';
import { report } from '../statistics.js';
import { failWrites } from './disk.js';
import { killJobs } from './kills.js';
import { mutateInputs } from './mutations.js';
import { runTogether } from './processes.js';
import { interruptCommands } from './signals.js';
import { trainLong } from './steps.js';

interface Proof {
  /** How many at full scale. */
  readonly count: number;
  run(count: number): Promise<{ readonly failures: readonly string[] }>;
}

const proofs: Readonly<Record<string, Proof>> = {
  kills: { count: 1000, run: killJobs },
  mutations: { count: 20_000, run: mutateInputs },
  steps: { count: 100_000, run: trainLong },
  disk: { count: 10_000, run: failWrites },
  processes: { count: 50, run: runTogether },
  // Of each command.
  signals: { count: 4, run: interruptCommands },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' } },
});
const proof = proofs[positionals[0] ?? ''];
const count = Number(values.count ?? proof?.count);
if (!proof || !Number.isInteger(count) || count < 1) {
  process.stderr.write(`npm run reliability -- ${Object.keys(proofs).join('|')} [--count N]\n`);
  process.exitCode = 2;
} else {
  const start = performance.now();
  const result = await proof.run(count);
  const seconds = Math.round((performance.now() - start) / 1000);
  report(`reliability-${positionals[0] ?? ''}`, { ...result, seconds }, { keep: false });
  if (result.failures.length > 0) process.exitCode = 1;
}
