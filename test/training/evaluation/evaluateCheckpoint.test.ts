import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateCheckpoint } from '../../../src/training/evaluation/evaluateCheckpoint.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { importWeights } from '../../../src/training/weights/importWeights.js';
import { write } from '../../data/fixtures.js';
import { brightModule, brightTeacher } from '../../support/brightNet.js';
import { suiteFolder, temporaryFolder } from '../../support/folder.js';

const folder = suiteFolder();
const model = join(folder, 'bright.model.ts');
const data = join(folder, 'test');
const options = { batch: 4, threads: 1 };

/** A folder with a subfolder for each class, of images of one level each. */
async function writeImages(root: string, levels: Readonly<Record<string, readonly number[]>>) {
  for (const [name, own] of Object.entries(levels))
    for (const [i, level] of own.entries()) {
      const image = { width: 8, height: 8, channels: 3 } as const;
      const create = { ...image, background: { r: level, g: level, b: level } };
      write(root, `${name}/${i}.png`, await sharp({ create }).png().toBuffer());
    }
}

beforeAll(async () => {
  writeFileSync(model, brightModule);
  // One of five is on the wrong side.
  await writeImages(data, { bright: [255, 204, 51], dark: [0, 20] });
});

describe('evaluateCheckpoint', () => {
  it('measures an import, which lies in no run, and an .onnx file on the images it is given', async () => {
    const trained = brightTeacher(temporaryFolder());
    const weights = join(folder, 'weights.safetensors');
    await exportModel(trained.checkpoint, { model: trained.model, out: weights });
    const imported = join(folder, 'imported');
    await importWeights(weights, { model, out: imported });
    const found = await evaluateCheckpoint(imported, { ...options, data });
    expect(found).toMatchObject({
      ...{ checkpoint: imported, name: 'bright', step: 0, data },
      ...{ images: 5, ofImages: 5, unreadable: 0, accuracy: 4 / 5 },
      confusion: [
        [2, 1],
        [0, 2],
      ],
      classNames: ['bright', 'dark'],
      ...{ corruptions: null, perturbations: null, monteCarlo: null },
    });
    const onnx = join(folder, 'bright.onnx');
    await exportModel(trained.checkpoint, { model: trained.model, out: onnx });
    const same = await evaluateCheckpoint(onnx, { ...options, data });
    expect(same).toMatchObject({ checkpoint: onnx, name: 'bright', step: null });
    const { accuracy, confusion } = found;
    expect(same).toMatchObject({ accuracy, confusion, loss: expect.closeTo(found.loss, 6) });
  });

  it('asks for images where nothing names a test set', async () => {
    const { checkpoint } = brightTeacher(temporaryFolder());
    const code = expect.objectContaining({ name: 'ConfigError', code: 'no-test-set' });
    await expect(evaluateCheckpoint(checkpoint, options)).rejects.toThrow(code);
    await expect(evaluateCheckpoint('model.onnx', options)).rejects.toThrow(code);
  });

  it("takes a self-training's test set, with its classes in the run's order", async () => {
    const run = temporaryFolder();
    const config = { model };
    const { checkpoint } = brightTeacher(join(run, 'student-1', 'checkpoints'), config);
    const info = { configFolder: folder, config: { data: { test: 'test' } } };
    const classes = ['dark', 'bright'];
    writeFileSync(join(run, 'run.json'), JSON.stringify({ ...info, classes }));
    expect(await evaluateCheckpoint(checkpoint, options)).toMatchObject({
      classNames: classes,
      // The network's first class is the bright one.
      accuracy: 1 / 5,
    });
    const other = join(run, 'other');
    mkdirSync(other);
    await writeImages(other, { bright: [255], pale: [128] });
    await expect(evaluateCheckpoint(checkpoint, { ...options, data: other })).rejects.toThrow(
      expect.objectContaining({ name: 'DataError', code: 'classes-differ' }),
    );
  });

  it('lists the images that it cannot read, with the reason, until they are mended', async () => {
    const run = temporaryFolder();
    const checkpoints = join(run, 'checkpoints');
    const { checkpoint } = brightTeacher(checkpoints, { imported: {}, model });
    const images = join(run, 'images');
    await writeImages(images, { bright: [255], dark: [0] });
    const broken = write(images, 'dark/1.png', 'no picture');
    const list = join(run, 'eval.unreadable.jsonl');
    const found = await evaluateCheckpoint(checkpoint, { ...options, data: images });
    expect(found).toMatchObject({ images: 2, unreadable: 1, unreadableList: list });
    expect(JSON.parse(readFileSync(list, 'utf8'))).toEqual({
      image: broken,
      reason: expect.any(String) as string,
    });
    rmSync(broken);
    const mended = await evaluateCheckpoint(checkpoint, { ...options, data: images });
    expect(mended).toMatchObject({ images: 2, unreadable: 0, unreadableList: null });
    expect(existsSync(list)).toBe(false);
  });

  it('takes a sample, corrupts, perturbs and says what it is about', async () => {
    const { checkpoint } = brightTeacher(temporaryFolder(), { imported: {}, model });
    const begun: string[] = [];
    const found = await evaluateCheckpoint(checkpoint, {
      ...options,
      ...{ data, images: 2, corruptions: { severities: [5] }, perturbations: true },
      onEvent: (event) => {
        if (event.kind === 'begin') begun.push(event.title);
      },
    });
    expect(begun).toEqual(['corruptions', 'perturbations']);
    expect(found).toMatchObject({
      ...{ images: 2, ofImages: 5, monteCarlo: null, unreadableList: null },
      corruptions: { images: 2, severities: [5], seed: 1 },
      perturbations: { images: 2, seed: 1 },
    });
  });
});
