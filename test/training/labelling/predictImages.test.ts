import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { predictImages } from '../../../src/training/labelling/predictImages.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { DataError } from '../../../src/support/errors.js';
import { suiteFolder } from '../../support/folder.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { tinyTeacher } from '../../support/tinyTeacher.js';

const folder = suiteFolder();
const at = (...path: string[]): string => join(folder, ...path);
const model = at('m.onnx');

/** A picture of 8x8 with one bright quarter. */
async function quarter(path: string, which: number): Promise<void> {
  const pixels = Buffer.alloc(64, 20);
  const [top, left] = [4 * Math.floor(which / 2), 4 * (which % 2)];
  for (let y = 0; y < 4; y++) pixels.fill(235, 8 * (top + y) + left, 8 * (top + y) + left + 4);
  await sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
    .png()
    .toFile(path);
}

beforeAll(async () => {
  const { checkpoint } = await tinyTeacher(at('run'));
  await exportModel(checkpoint, { out: model, model: tinyNet() });
  mkdirSync(at('more', 'below'), { recursive: true });
  await quarter(at('0.png'), 0);
  await quarter(at('more', '1.png'), 1);
  await quarter(at('more', 'below', '3.png'), 3);
  writeFileSync(at('broken.png'), 'no picture');
});

describe('predictImages', () => {
  it('gives the likeliest classes of files and folders, and names what cannot be read', async () => {
    const paths = [at('0.png'), at('broken.png'), at('more'), at('gone.png')];
    const { images, unreadable, ...rest } = await predictImages(paths, { model, topK: 2 });
    expect(images.map(({ image }) => image)).toEqual([
      at('0.png'),
      at('more', '1.png'),
      at('more', 'below', '3.png'),
    ]);
    expect(images.map(({ classes: [first] }) => first?.index)).toEqual([0, 1, 3]);
    for (const { classes } of images) {
      const [first, second] = classes.map(({ probability }) => probability);
      expect(classes).toHaveLength(2);
      expect(first).toBeGreaterThanOrEqual(second ?? 1);
    }
    expect(unreadable.map(({ image }) => image).toSorted()).toEqual([
      at('broken.png'),
      at('gone.png'),
    ]);
    for (const { reason } of unreadable) expect(reason).not.toBe('');
    expect(rest).toMatchObject({ model, classes: 4 });
    expect(rest.assumed[0]).toContain('images become 8x8');
  });

  it('gives all classes, of sum 1, where more are asked for than there are', async () => {
    const { images } = await predictImages([at('0.png')], { model, topK: 9 });
    const sum = images[0]?.classes.reduce((all, { probability }) => all + probability, 0);
    expect(images[0]?.classes).toHaveLength(4);
    expect(sum).toBeCloseTo(1, 5);
  });

  it('is an error of the data where no image can be read, or there is none', async () => {
    const all = predictImages([at('broken.png')], { model });
    await expect(all).rejects.toBeInstanceOf(DataError);
    await expect(all).rejects.toMatchObject({ code: 'unreadable-images', where: at('broken.png') });
    mkdirSync(at('empty'));
    await expect(predictImages([at('empty')], { model })).rejects.toMatchObject({
      code: 'no-images',
    });
  });
});
