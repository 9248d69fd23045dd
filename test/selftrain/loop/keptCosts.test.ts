import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { evaluateClean } from '../../../src/training/evaluation/evaluateNetwork.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { inspectModelFile } from '../../../src/tools/inspect/inspect.js';
import { runTraining } from '../../../src/training/run/runTraining.js';
import { machineBlock } from '../../../src/training/build/target.js';
import { recordedRunCosts, writeTunedCosts } from '../../../src/training/build/costFile.js';
import { arraySource } from '../../../src/data/loader/imageSource.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import { ablate } from '../../../src/selftrain/tasks/ablate.js';
import { runDemo } from '../../../src/selftrain/tasks/demo.js';
import { labelImages } from '../../../src/selftrain/labels/label.js';
import type { RunEvent } from '../../../src/contract/events.js';
import { runSelfTraining } from '../../../src/selftrain/loop/selfTrain.js';
import { suiteFolder } from '../../support/folder.js';
import { madeUpCosts } from '../../support/madeUpCosts.js';
import { quarters, tinyNet } from '../../support/tinyDigits.js';
import { tinyRun } from '../../support/tinyRun.js';
import { tinyOptions, tinySelfTraining } from '../../support/tinySelfTraining.js';
import { quarterNames, quarterSource, withLabeller } from '../../support/tinyTeacher.js';

const folder = suiteFolder();
const block = await machineBlock();
const at = (...path: string[]): string => join(folder, ...path);
const short = { steps: 2 };

beforeAll(async () => {
  vi.stubEnv('XDG_CACHE_HOME', at('cache'));
  const table = await madeUpCosts(tinyNet(), 1, { batch: 8 });
  // Of every number of threads that a command here asks for.
  for (const threads of [0, 1])
    writeTunedCosts({ ...table, machine: { ...table.machine, threads } });
});
afterAll(() => {
  vi.unstubAllEnvs();
});

describe.skipIf(block === 0)('with a table kept by gradus tune and folders not made yet', () => {
  it('a training runs, and its checkpoint is exported, evaluated and used to label', async () => {
    const run = at('runs', 'one');
    const { trainer, checkpoint } = await runTraining(tinyRun(run, { steps: 2 }), {});
    await trainer.close();
    expect(recordedRunCosts(run)).not.toBe('estimated');
    const teacher = { model: tinyNet(), checkpoint };
    await exportModel(checkpoint, { out: at('exported', 'm.onnx'), model: tinyNet() });
    expect(existsSync(at('exported', 'm.onnx'))).toBe(true);
    await withLabeller(teacher, async (labeller) => {
      const labelled = arraySource(quarters(8), { name: 'quarters', classNames: quarterNames });
      expect((await evaluateClean(labeller, labelled)).images).toBe(8);
      const summary = await labelImages(labeller, quarterSource(8), {
        out: at('new', 'labels'),
        topK: 2,
      });
      expect(summary.images).toBe(8);
    });
  });

  it('a self-training and its ablation run', async () => {
    const out = at('runs', 'self');
    const labels = { perClass: 8, threshold: 0, allowEmpty: true };
    const config = tinySelfTraining({ teacher: short, students: [{ ...short, ratio: 1, labels }] });
    expect(await runSelfTraining(config, tinyOptions(out))).toMatchObject({ name: 'tiny' });
    expect(recordedRunCosts(out)).not.toBe('estimated');
    const ablated = at('runs', 'ablated');
    expect(await ablate(config, tinyOptions(ablated))).toMatchObject({ name: 'tiny' });
  });

  it('the demo trains its teacher', async () => {
    const out = at('runs', 'demo');
    const abort = new AbortController();
    const onEvent = (event: RunEvent): void => {
      if (event.kind === 'step') abort.abort();
    };
    const control = { signal: abort.signal, onEvent };
    expect(await runDemo({ seed: 1, out, ...control })).toEqual({ interrupted: true });
    expect(recordedRunCosts(join(out, 'teacher'))).not.toBe('estimated');
  });
});

describe('a file in a folder that does not exist yet', () => {
  it('is drawn by inspect', async () => {
    await inspectModelFile('resnet20_cifar', { graph: at('drawn', 'net.svg') });
    expect(readFileSync(at('drawn', 'net.svg'), 'utf8')).toContain('<svg');
  });

  it('takes the unreadable images', () => {
    const file = at('listed', 'unreadable.jsonl');
    const unreadable = new UnreadableImages({ file, limit: 1 });
    unreadable.add('a.png', 'cut short');
    expect(readFileSync(file, 'utf8')).toBe('{"image":"a.png","reason":"cut short"}\n');
  });
});
