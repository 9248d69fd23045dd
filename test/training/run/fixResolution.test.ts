import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  fixResolution,
  shallowBlocks,
  type FixResolutionRequest,
  type ResolutionFix,
} from '../../../src/training/run/fixResolution.js';
import { Labeller } from '../../../src/training/labelling/labeller.js';
import { runTraining, type TrainingPlan } from '../../../src/training/run/runTraining.js';
import { parseManifest } from '../../../src/contract/manifest.js';
import { cleanImages } from '../../../src/data/loader/cleanImages.js';
import { ImageBatches } from '../../../src/data/loader/imageBatches.js';
import { hardTargets } from '../../../src/data/sets/images.js';
import { LoaderPool } from '../../../src/data/loader/loaderPool.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import { findShippedModel } from '../../../src/language/models/registry.js';
import { defineModel, flatten, image, linear } from '../../../src/language/nn/index.js';
import { traceModel } from '../../../src/compiler/trace/traceModel.js';
import { loadCheckpoint, resolveCheckpoint } from '../../../src/runtime/storage/checkpoint.js';
import { readMetrics } from '../../../src/runtime/storage/metrics.js';
import { temporaryFolder } from '../../support/folder.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { filesBelow, tinyRun } from '../../support/tinyRun.js';
import { quarterImages } from '../../support/tinySelfTraining.js';

/** The first phase, at 8 px, with the checkpoint that it chose. */
async function firstPhase(changes: Partial<TrainingPlan> = {}) {
  const first = tinyRun(temporaryFolder(), changes);
  const { trainer } = await runTraining(first, {});
  await trainer.close();
  return { first, checkpoint: resolveCheckpoint(first.folder) };
}

type First = Awaited<ReturnType<typeof firstPhase>>;

/** Two epochs of three steps at 12 px. */
async function fix(
  { first, checkpoint }: First,
  changes: Partial<ResolutionFix> = {},
  until = NaN,
) {
  const pool = new LoaderPool({ workers: 1 });
  onTestFinished(() => pool.close());
  const clean = { pool, unreadable: new UnreadableImages({ limit: 0 }) };
  const images = quarterImages(15, 6);
  const request: FixResolutionRequest = {
    first,
    checkpoint,
    fix: { size: 12, epochs: 2, ...changes },
    batch: 5,
    source: new ImageBatches(images, hardTargets(images), {
      ...clean,
      batch: 5,
      seed: 1,
      preparation: { shape: [1, 12, 12], crop: { kind: 'whole' } },
    }),
    validation: cleanImages(quarterImages(8, 7), clean),
    evaluateEvery: 3,
    checkpointEvery: 2,
  };
  const abort = new AbortController();
  const steps: number[] = [];
  const outcome = await fixResolution(request, {
    signal: abort.signal,
    onEvent: (event) => {
      if (event.kind !== 'step') return;
      steps.push(event.step);
      if (event.step === until) abort.abort();
    },
  });
  await outcome.trainer.close();
  return { ...outcome, steps };
}

describe('the fix of the resolution', () => {
  it('trains deep layers at a larger size from the averaged weights, in a folder of its own', async () => {
    const start = await firstPhase();
    const before = filesBelow(start.first.folder);
    const { checkpoint, interrupted } = await fix(start);
    expect(interrupted).toBe(false);
    const folder = join(start.first.folder, 'fixed');
    const manifest = parseManifest(
      readFileSync(join(folder, 'artifacts/manifest.json'), 'utf8'),
      '',
    );
    expect(manifest.image).toEqual([1, 12, 12]);
    expect(filesBelow(start.first.folder)).toMatchObject(before);
    const [first, fixed] = [loadCheckpoint(start.checkpoint), loadCheckpoint(checkpoint)];
    const frozen = ['stem.weight', 'bn.weight', 'bn.running_mean', 'bn.running_var'];
    for (const name of frozen)
      expect(fixed.tensors.get(name), name).toEqual(first.tensors.get(`ema.${name}`));
    const deep = ['block.conv_pw.weight', 'block.bn1.running_mean', 'classifier.weight'];
    for (const name of deep)
      expect(fixed.tensors.get(name), name).not.toEqual(first.tensors.get(`ema.${name}`));
    // A hundredth of the first phase's rate.
    const rates = [...readMetrics(join(folder, 'metrics.jsonl'))].flatMap(
      ({ kind, learningRate }) => (kind === 'step' ? [learningRate] : []),
    );
    expect(rates).toEqual(Array.from({ length: 6 }, () => 0.02 / 100));
  });

  it('makes the run stand for it, at the larger size', async () => {
    const start = await firstPhase();
    const { best } = await fix(start);
    const path = resolveCheckpoint(start.first.folder);
    expect(path).toContain(join(start.first.folder, 'fixed/checkpoints/step-0000000'));
    expect(path).toMatch(new RegExp(`${best?.step ?? NaN}$`));
    const labeller = await Labeller.create({ checkpoint: start.first.folder, model: tinyNet() });
    onTestFinished(() => labeller.close());
    expect(labeller.manifest.image).toEqual([1, 12, 12]);
  });

  it('goes on where it was interrupted, with the same bytes', async () => {
    const start = await firstPhase();
    await fix(start);
    const whole = filesBelow(start.first.folder);
    const again = await fix(start);
    expect(again.steps).toEqual([]);
    expect(filesBelow(start.first.folder)).toEqual(whole);
    const other = await firstPhase();
    expect((await fix(other, {}, 4)).interrupted).toBe(true);
    expect((await fix(other)).steps).toEqual([5, 6]);
    expect(filesBelow(other.first.folder)).toEqual(whole);
  });

  it('starts over where the first phase, the size or the frozen layers are others', async () => {
    const start = await firstPhase();
    await fix(start);
    expect((await fix(start, { freeze: ['stem'] })).steps).toHaveLength(6);
    const longer = { ...start.first, steps: 15 };
    const { trainer, checkpoint } = await runTraining(longer, { resume: true });
    await trainer.close();
    expect((await fix({ first: longer, checkpoint }, { freeze: ['stem'] })).steps).toHaveLength(6);
  });

  it('refuses a network whose weights depend on the size', async () => {
    const model = defineModel({
      name: 'flat',
      input: image(1, 8, 8),
      classes: 4,
      build: (x, { classes }) =>
        linear(linear(flatten(x), { name: 'fc1', out: 6 }), { name: 'fc2', out: classes }),
    });
    const start = await firstPhase({ model });
    await expect(fix(start)).rejects.toThrow(
      /another architecture than flat:\n {2}fc1.weight: \[6,64\] in the checkpoint, \[6,144\] in the model/,
    );
  });
});

describe('the shallow half of a network', () => {
  const half = (name: string) => {
    const shipped = findShippedModel(name);
    if (!shipped) throw new TypeError(`no model ${name}`);
    const { params } = traceModel(shipped.model, { mode: 'eval', batch: 1 });
    return shallowBlocks(params.map((param) => param.name));
  };

  it('is the stem and the first blocks', () => {
    expect(half('efficientnet_b0')).toEqual([
      ...['conv_stem', 'bn1', 'blocks.0.0', 'blocks.1.0', 'blocks.1.1', 'blocks.2.0'],
      ...['blocks.2.1', 'blocks.3.0', 'blocks.3.1', 'blocks.3.2'],
    ]);
    expect(half('resnet18')).toEqual(['conv1', 'bn1', 'layer1.0', 'layer1.1', 'layer2.0']);
  });

  it('does not take a block for a part of another', () => {
    expect(shallowBlocks(['a.weight', 'a.1.weight', 'a.10.weight', 'b', 'c.bias'])).toEqual(['a']);
  });
});
