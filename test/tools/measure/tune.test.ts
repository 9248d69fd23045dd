import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compileModel } from '../../../src/training/build/compileModel.js';
import { machineBlock } from '../../../src/training/build/target.js';
import { writeTunedCosts } from '../../../src/training/build/costFile.js';
import { WorkloadTimer } from '../../../src/tools/measure/tune/timeWorkload.js';
import {
  tracedStep,
  tuneModel,
  type CompiledStep,
} from '../../../src/tools/measure/tune/tuneModel.js';
import { workloadsOf } from '../../../src/tools/measure/tune/workloads.js';
import { cpuTarget } from '../../../src/compiler/targets/cpu/index.js';
import { temporaryFolder } from '../../support/folder.js';
import { madeUpCosts } from '../../support/madeUpCosts.js';
import { tinyNet } from '../../support/tinyDigits.js';

const block = await machineBlock();

beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', temporaryFolder());
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe.skipIf(block === 0)('gradus tune', () => {
  it('finds all that a step has a choice about, and can time every spelling', async () => {
    const { graphs } = await tracedStep(tinyNet(), { batch: 2 }, 'estimated');
    const workloads = workloadsOf([...graphs.values()], cpuTarget({ block }));
    const kinds = new Set(workloads.map(({ key }) => key.split(' ')[0]));
    expect([...kinds]).toEqual(expect.arrayContaining(['conv', 'convKernelGrad', 'convert']));
    const timer = await WorkloadTimer.start(1);
    for (const workload of workloads) {
      const costs = await timer.time(workload);
      expect(Object.keys(costs)).toEqual(workload.lowerings.map(({ name }) => name));
      expect(Math.min(...Object.values(costs))).toBeGreaterThan(0);
    }
  });

  /** Tunes where a step takes so many milliseconds by estimates, and so many by measured costs. */
  function tune(estimated: number, measured: number) {
    const timeSteps = ({ manifest }: CompiledStep) =>
      Promise.resolve([manifest.costs === undefined ? estimated : measured]);
    return tuneModel(tinyNet(), { batch: 2, threads: 1, timeSteps });
  }

  it('keeps what it measured where steps get faster, and times nothing twice', async () => {
    const first = await tune(20, 10);
    expect(first).toMatchObject({ known: 0, kept: true });
    expect(first.step).toEqual(first.changed.length > 0 ? { before: 20, after: 10 } : null);
    expect(existsSync(first.path)).toBe(true);
    const options = { target: 'cpu', batch: 2, threads: 1 } as const;
    expect((await compileModel(tinyNet(), options)).manifest.costs).toBe(first.hash);
    const again = await tune(20, 10);
    expect(again).toMatchObject({ timed: 0, known: first.timed, changed: [], hash: first.hash });
  });

  it('times again a node of which it knows no time of some lowering', async () => {
    const table = await madeUpCosts(tinyNet(), 1, { batch: 2 });
    const [[key, own] = ['', {}], ...rest] = Object.entries(table.costs);
    const fewer = Object.fromEntries(Object.entries(own).slice(1));
    const machine = { ...table.machine, threads: 1 };
    writeTunedCosts({ machine, costs: { ...Object.fromEntries(rest), [key]: fewer } });
    expect(await tune(20, 10)).toMatchObject({ timed: 1, known: rest.length });
  });

  it('forgets what it measured where steps get slower', async () => {
    const result = await tune(10, 20);
    const slower = result.changed.length > 0;
    expect(result).toMatchObject({ kept: !slower, path: expect.stringContaining('costs') });
    expect(existsSync(result.path)).toBe(!slower);
    expect(result.hash === null).toBe(slower);
  });

  it('leaves the table as it was where it is interrupted', async () => {
    const path = writeTunedCosts(await madeUpCosts(tinyNet(), 1, { batch: 2 }));
    const before = readFileSync(path, 'utf8');
    const abort = new AbortController();
    const onEvent = ({ kind }: { readonly kind: string }): void => {
      if (kind === 'progress') abort.abort();
    };
    const options = { batch: 2, again: true, signal: abort.signal, onEvent };
    await expect(tuneModel(tinyNet(), options)).rejects.toThrow(/abort/);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });
});
