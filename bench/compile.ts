import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { currentCosts } from '../src/training/build/target.js';
import { userCacheFolder } from '../src/language/frontend/cache.js';
import { makeFolder } from '../src/runtime/storage/atomic.js';
import { spread, type Spread } from '../src/support/statistics/spread.js';
import { classes } from './b0.js';
import type { Settings } from './run.js';

const phases = ['load', 'compile', 'step', 'all'] as const;

type FirstStep = Readonly<Record<(typeof phases)[number], number>>;
const turns = 5;

/**
 * Seconds from EfficientNet-B0 in a TypeScript file to the end of its first training step, each in a process of
 * its own: with an empty cache but for what `gradus tune` measured, type check included; and `again`,
 * with what the first start left there.
 */
export async function benchCompile({ batch, size, steps, threads }: Settings): Promise<object> {
  const all = Array.from({ length: Math.min(steps, turns) }, () =>
    twoStarts({ batch, size, threads }),
  );
  const spreads = (runs: readonly FirstStep[]): Readonly<Record<string, Spread>> =>
    Object.fromEntries(phases.map((phase) => [phase, spread(runs.map((run) => run[phase]))]));
  const tuned = (await currentCosts(threads)) !== 'estimated';
  const seconds = spreads(all.map(([first]) => first));
  return { batch, size, threads, tuned, seconds, again: spreads(all.map(([, again]) => again)) };
}

function twoStarts({ batch, size, threads }: Pick<Settings, 'batch' | 'size' | 'threads'>) {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-compile-'));
  try {
    const file = join(folder, 'b0.model.ts');
    const call = `efficientnet({ name: 'b0', size: ${size}, classes: ${classes} })`;
    writeFileSync(
      file,
      `import { efficientnet } from 'gradus/models';\n\nexport default ${call};\n`,
    );
    makeFolder(join(folder, 'gradus'));
    symlinkSync(userCacheFolder('costs'), join(folder, 'gradus/costs'));
    const script = fileURLToPath(new URL('firstStep.mjs', import.meta.url));
    const args = [script, file, String(batch), String(threads)];
    const env = { ...process.env, GRADUS_CACHE: join(folder, 'gradus') };
    const start = (): FirstStep =>
      JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env })) as FirstStep;
    return [start(), start()] as const;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
