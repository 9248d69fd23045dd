import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  compileModel,
  type CompileModelOptions,
} from '../../../src/training/build/compileModel.js';
import { runTraining, type TrainingControl } from '../../../src/training/run/runTraining.js';
import { machineBlock } from '../../../src/training/build/target.js';
import { Trainer } from '../../../src/training/trainer/trainer.js';
import {
  costMachine,
  recordedRunCosts,
  recordRunCosts,
  tunedCostsPath,
  writeTunedCosts,
} from '../../../src/training/build/costFile.js';
import { makeFolder } from '../../../src/runtime/storage/atomic.js';
import { ArtifactError } from '../../../src/support/errors.js';
import { costTableHash, type CostTable } from '../../../src/compiler/targets/costTable.js';
import { temporaryFolder } from '../../support/folder.js';
import { madeUpCosts } from '../../support/madeUpCosts.js';
import { quarters, tinyNet } from '../../support/tinyDigits.js';
import { filesBelow, tinyRun } from '../../support/tinyRun.js';
import { ShuffledBatches } from '../../../src/data/loader/batches.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

const block = await machineBlock();
const batch = 8;

beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', temporaryFolder());
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** The training step that `tinyRun` trains by. */
async function compiled(options: CompileModelOptions = {}) {
  const { manifest, artifacts } = await compileModel(tinyNet(), {
    ...{ target: 'cpu', batch, artifacts: ['train'] },
    ...options,
  });
  return { costs: manifest.costs, graph: Buffer.from(artifacts.train?.onnx.bytes ?? []) };
}

describe.skipIf(block === 0)('tuned costs (skipped where onnxruntime has one layout)', () => {
  it('are used by compilations from then on, by none for another number of threads', async () => {
    const before = await compiled();
    expect(before.costs).toBeUndefined();
    const table = await madeUpCosts(tinyNet(), 1, { batch });
    writeTunedCosts(table);
    const after = await compiled();
    expect(after.costs).toBe(costTableHash(table));
    expect(after.graph.equals(before.graph)).toBe(false);
    for (const other of [{ threads: 7 }, { costs: 'estimated' as const }])
      expect(await compiled(other)).toEqual(before);
  });

  it('of another layout are not used', async () => {
    const table = await madeUpCosts(tinyNet(), 1, { batch });
    const foreign = { ...table, machine: { ...table.machine, block: 2 * block } };
    expect(await compiled({ costs: foreign })).toEqual(await compiled());
  });

  it('that cannot be read count as none', async () => {
    const path = tunedCostsPath(costMachine(block));
    makeFolder(dirname(path));
    for (const text of ['{', '{"machine":{},"costs":{"conv":{"portable":"fast"}}}']) {
      writeFileSync(path, text);
      expect((await compiled()).costs).toBeUndefined();
    }
  });

  it('explain a choice', async () => {
    const costs = await madeUpCosts(tinyNet(), 1, { batch });
    const reasons = async (own: CostTable | 'estimated') => {
      const options = { target: 'cpu', batch, costs: own, explain: true } as const;
      return (await compileModel(tinyNet(), options)).explanation?.join('\n') ?? '';
    };
    expect(await reasons(costs)).toMatch(/: \d+ microseconds, not \d+, as measured/);
    expect(await reasons('estimated')).not.toContain('as measured');
  });

  it('never change a result by more than rounding, whatever they say', async () => {
    const trained = async (costs: CostTable | 'estimated') => {
      const trainer = await Trainer.create(tinyNet(), {
        ...{ batch, seed: 1, emaDecay: 0.9, device: 'cpu', costs },
      });
      const source = new ShuffledBatches(quarters(40), { batch, seed: 1 });
      for await (const _ of trainer.run(source, { until: 1, learningRate: () => 0.05 })) continue;
      const state = await trainer.state();
      await trainer.close();
      return [...state].flatMap(([, { data }]) => Array.from(data, Number));
    };
    const wanted = await trained('estimated');
    for (const seed of [1, 2])
      expect(
        relativeError(await trained(await madeUpCosts(tinyNet(), seed, { batch })), wanted),
      ).toBeLessThan(tolerances.float32);
  });
});

describe.skipIf(block === 0)('a run', () => {
  /** Trains until a step, then is stopped. */
  async function run(folder: string, last: number, control: TrainingControl = {}) {
    const abort = new AbortController();
    const onEvent: TrainingControl['onEvent'] = (event) => {
      if (event.kind === 'step' && event.step === last) abort.abort();
    };
    const outcome = await runTraining(tinyRun(folder), {
      ...{ ...control, signal: abort.signal, onEvent },
    });
    await outcome.trainer.close();
  }

  async function tuned(seed: number): Promise<CostTable> {
    const table = await madeUpCosts(tinyNet(), seed, { batch });
    writeTunedCosts(table);
    return table;
  }

  it('goes on with the costs that it began with, to the same bytes, whatever is tuned meanwhile', async () => {
    const [whole, parts, other] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    const first = await tuned(1);
    await run(whole, 12);
    await run(parts, 5);
    await tuned(2);
    await run(parts, 12, { resume: true });
    expect(filesBelow(parts)).toEqual(filesBelow(whole));
    expect(recordedRunCosts(parts)).toEqual(first);
    // The second table is another matter.
    await run(other, 12);
    const graph = 'artifacts/train.onnx';
    expect(filesBelow(other)[graph]).not.toBe(filesBelow(whole)[graph]);
  });

  it('that began with estimates ends with them', async () => {
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    await run(whole, 12);
    await run(parts, 5);
    await tuned(1);
    await run(parts, 12, { resume: true });
    expect(filesBelow(parts)).toEqual(filesBelow(whole));
    await run(parts, 12);
    expect(existsSync(join(parts, 'costs.json'))).toBe(true);
  });

  it('does not go on without them', async () => {
    const folder = temporaryFolder();
    recordRunCosts(folder, await tuned(1));
    writeFileSync(join(folder, 'costs.json'), '{"machine":');
    expect(() => recordedRunCosts(folder)).toThrow(ArtifactError);
  });

  it('names the file of an earlier run that cannot be removed', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'costs.json'));
    expect(() => {
      recordRunCosts(folder, 'estimated');
    }).toThrow(ArtifactError);
  });
});
