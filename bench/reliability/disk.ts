import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { differing, snapshot } from './snapshot.mjs';
import { firstLines, inFolder, runJob, type Kind } from './work.js';

const script = fileURLToPath(new URL('failingCalls.mjs', import.meta.url));
const written: readonly Kind[] = ['train', 'label', 'filter', 'export'];

interface Told {
  readonly n?: number;
  readonly calls?: number;
  readonly outcome?: string;
  readonly again?: string;
  readonly differing?: readonly string[];
}

/**
 * Writes that fail, at most `count` of them for each kind of job, evenly spread; and full disks, of more and
 * more room. Each must end in a named error, and the same job with room again in the bytes of an
 * undisturbed one.
 */
export function failWrites(count: number): Promise<{ readonly failures: readonly string[] }> {
  return inFolder(async (base) => {
    const inputs = join(base, 'inputs');
    mkdirSync(inputs);
    await runJob('prepare', [inputs]);
    const failures: string[] = [];
    const calls: Record<string, object> = {};
    for (const kind of written) {
      const told = await failCalls(kind, { inputs, base, count });
      const tests = told.filter(({ n }) => n !== undefined);
      const of = (outcome: string): number => tests.filter((own) => own.outcome === outcome).length;
      const bad = tests.filter((own) => own.outcome === 'fault' || own.again || own.differing);
      failures.push(...bad.map((own) => JSON.stringify(own)));
      calls[kind] = {
        calls: told[0]?.calls,
        failed: tests.length,
        refused: of('refused'),
        inSpite: of('done in spite of it'),
        faults: bad.length,
      };
      process.stderr.write(`${kind}: ${JSON.stringify(calls[kind])}\n`);
    }
    const disks: Record<string, object | string> = {};
    for (const kind of written) disks[kind] = await fillDisk(kind, { inputs, base, failures });
    return { calls, disks, failures };
  });
}

/** What failingCalls.mjs tells of a kind of job, told twice where the calls have to be counted first. */
async function failCalls(
  kind: Kind,
  { inputs, base, count }: { inputs: string; base: string; count: number },
): Promise<Told[]> {
  const told: Told[] = [];
  const run = async (stride: number): Promise<void> => {
    told.length = 0;
    const child = spawn(process.execPath, [script, inputs, base, kind, String(stride)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface(child.stdout))
      if (line.startsWith('{')) told.push(JSON.parse(line) as Told);
  };
  // A stride beyond all calls only counts them, and fails the first.
  await run(1e9);
  await run(Math.max(1, Math.ceil((told[0]?.calls ?? 0) / count)));
  return told;
}

/** Kilobytes of the first disk, and the factor from one to the next. */
const [leastKilobytes, factor] = [8, 1.5];

/** Runs a job on disks of more and more room until it ends; then makes room and runs it again. */
async function fillDisk(
  kind: Kind,
  { inputs, base, failures }: { inputs: string; base: string; failures: string[] },
): Promise<object | string> {
  const mount = (...args: string[]): boolean =>
    spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
  const whole = join(base, `${kind}-disk-whole`);
  mkdirSync(whole);
  await runJob(kind, [whole, inputs]);
  const wanted = snapshot(whole);
  let full = 0;
  for (let kilobytes = leastKilobytes; ; kilobytes = Math.ceil(kilobytes * factor)) {
    const disk = join(base, `${kind}-disk-${kilobytes}`);
    mkdirSync(disk);
    if (!mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', disk))
      return 'not tried: mounting a tmpfs needs root on Linux';
    try {
      const { code, errors } = await runJob(kind, [disk, inputs]);
      // The job as a process prints the error's stack, and ends with 1, whatever it is.
      if (code !== 0 && !/^(Training|Config|Artifact|Data)Error: /m.test(errors))
        failures.push(`${kind} on ${kilobytes} kB: ${firstLines(errors)}`);
      mount('-o', 'remount,size=64m', disk);
      const again = await runJob(kind, [disk, inputs]);
      const names = differing(wanted, snapshot(disk));
      if (again.code !== 0)
        failures.push(`${kind} after ${kilobytes} kB: ${firstLines(again.errors)}`);
      if (names.length > 0)
        failures.push(`${kind} after ${kilobytes} kB differs: ${names.join(', ')}`);
      if (code === 0) return { fullDisks: full, enoughKilobytes: kilobytes };
      full += 1;
    } finally {
      spawnSync('umount', [disk]);
    }
  }
}
