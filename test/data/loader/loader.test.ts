import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cleanImages } from '../../../src/data/loader/cleanImages.js';
import { openImageFolder } from '../../../src/data/sets/folder.js';
import { ImageBatches, type ImageBatchesOptions } from '../../../src/data/loader/imageBatches.js';
import { hardTargets, type LabelledImages } from '../../../src/data/sets/images.js';
import { range } from '../../../src/data/loader/imageSource.js';
import { LoaderPool, type LoaderPoolOptions } from '../../../src/data/loader/loaderPool.js';
import type { Preparation } from '../../../src/data/loader/preparation.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import type { BatchArrays } from '../../../src/runtime/engine/batchArrays.js';
import { temporaryFolder } from '../../support/folder.js';
import { repositoryRoot } from '../../support/paths.js';
import { busyJpeg, write } from '../fixtures.js';

const shape = [3, 12, 12] as const;
const pixels = 3 * 12 * 12;
const noisy: Preparation = {
  shape,
  crop: { kind: 'random' },
  noise: { flip: true, randAugment: { n: 2, m: 9 } },
};

function pool(options: LoaderPoolOptions = {}): LoaderPool {
  const made = new LoaderPool({ workers: 1, ...options });
  onTestFinished(() => made.close());
  return made;
}

/** Classes are shades of grey: 40, 120 and 200, with a little pattern that tells the images apart. */
async function shades(folder: string, count = 5): Promise<LabelledImages> {
  for (const [label, name] of ['dark', 'grey', 'light'].entries())
    for (let i = 0; i < count; i++) {
      const data = Uint8Array.from(
        { length: 40 * 30 * 3 },
        (_, p) => 40 + 80 * label + ((p * (p >> 4) * (i + 7)) % 23),
      );
      const raw = { width: 40, height: 30, channels: 3 } as const;
      write(folder, `${name}/${i}.png`, await sharp(data, { raw }).png().toBuffer());
    }
  return openImageFolder(folder);
}

function arrays(rows: number, bytes: boolean): BatchArrays {
  return {
    image: bytes ? new Uint8Array(rows * pixels) : new Float32Array(rows * pixels),
    target: new Float32Array(rows * 3),
    weight: new Float32Array(rows),
  };
}

function batches(images: LabelledImages, options: Partial<ImageBatchesOptions> = {}): ImageBatches {
  return new ImageBatches(images, hardTargets(images), {
    batch: 4,
    seed: 1,
    pool: options.pool ?? pool(),
    preparation: noisy,
    unreadable: new UnreadableImages({ limit: 0 }),
    ...options,
  });
}

async function steps(
  source: ImageBatches,
  numbers: Iterable<number>,
  bytes = true,
): Promise<BatchArrays[]> {
  const all: BatchArrays[] = [];
  for (const step of numbers) {
    const into = arrays(4, bytes);
    await source.fill(into, step);
    all.push(into);
  }
  return all;
}

function meanOf(values: Float32Array | Uint8Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The class that the pixels of each row show, and the one that its target says. */
function classesOf({ image, target }: BatchArrays): { shown: number[]; said: number[] } {
  const mean = (row: number): number => meanOf(image.subarray(row * pixels, (row + 1) * pixels));
  const rows = Array.from({ length: target.length / 3 }, (_, row) => row);
  return {
    shown: rows.map((row) => Math.round(mean(row) / 80 - 0.25)),
    said: rows.map((row) => target.indexOf(1, 3 * row) - 3 * row),
  };
}

/** The same, but so that shades stay. */
const plain: Preparation = { shape, crop: { kind: 'random' }, noise: { flip: true } };

describe('batches of images from files', () => {
  it('are the same whatever the threads and how far they are ahead', async () => {
    const images = await shades(temporaryFolder());
    const wanted = await steps(batches(images), range(0, 8));
    const others = [
      { pool: pool({ workers: 2 }) },
      { pool: pool({ workers: 3, concurrency: 1 }), prefetch: 0 },
      { pool: pool({ workers: 1, concurrency: 8 }), prefetch: 5 },
    ];
    for (const options of others)
      expect(await steps(batches(images, options), range(0, 8))).toEqual(wanted);
  });

  it('are the same in the middle of an epoch, after a jump, and for somebody who starts there', async () => {
    const images = await shades(temporaryFolder());
    const source = batches(images);
    expect(source.stepsPerEpoch).toBe(3);
    const wanted = await steps(source, range(0, 9));
    expect(await steps(batches(images), range(4, 9))).toEqual(wanted.slice(4));
    const jumps = [7, 2, 3, 8, 0];
    expect(await steps(source, jumps)).toEqual(jumps.map((step) => wanted[step]));
    expect(source.position(4)).toEqual({ epoch: 1, position: 4 });
  });

  it('show each image once an epoch, each epoch in another order and with other noise', async () => {
    const images = await shades(temporaryFolder(), 4);
    const source = batches(images, { preparation: plain });
    const orders = [0, 1].map((epoch) =>
      Array.from({ length: 12 }, (_, i) => source.index(3 * epoch + Math.floor(i / 4), i % 4)),
    );
    for (const order of orders)
      expect(order.toSorted((a, b) => a - b)).toEqual([...Array(12).keys()]);
    expect(orders[0]).not.toEqual(orders[1]);
    const rows = (await steps(source, range(0, 6))).flatMap(({ image }) =>
      [0, 1, 2, 3].map((row) => image.slice(row * pixels, (row + 1) * pixels).join()),
    );
    expect(new Set(rows).size).toBe(24);
  });

  it('have the class of the image that they show', async () => {
    const images = await shades(temporaryFolder());
    for (const bytes of [true, false]) {
      const shown = bytes ? plain : { ...plain, mean: [0, 0, 0], std: Array(3).fill(1 / 255) };
      for (const batch of await steps(
        batches(images, { preparation: shown }),
        range(0, 6),
        bytes,
      )) {
        const { shown, said } = classesOf(batch);
        expect(shown).toEqual(said);
        expect([...batch.weight]).toEqual([1, 1, 1, 1]);
      }
    }
  });

  it('differ with the seed and the name of the stream', async () => {
    const images = await shades(temporaryFolder());
    const one = async (options: Partial<ImageBatchesOptions>) =>
      (await steps(batches(images, options), [0]))[0]?.image.join();
    const all = await Promise.all([one({}), one({ seed: 2 }), one({ name: 'pseudo' })]);
    expect(new Set(all).size).toBe(3);
  });

  it('are given as floats of the mean and deviation, channel by channel', async () => {
    const images = await shades(temporaryFolder());
    const [mean, std] = [
      [0.5, 0.4, 0.3],
      [0.2, 0.3, 0.4],
    ];
    const [bytes] = await steps(batches(images, { preparation: plain }), [1]);
    const normalised = { ...plain, mean, std };
    const [floats] = await steps(batches(images, { preparation: normalised }), [1], false);
    const wanted = Float32Array.from({ length: 4 * pixels }, (_, i) => {
      const [row, c, p] = [Math.floor(i / pixels), Math.floor(i / 144) % 3, i % 144];
      const value = bytes?.image[row * pixels + 3 * p + c] ?? NaN;
      return (value / 255 - (mean[c] ?? 0)) / (std[c] ?? 1);
    });
    expect(floats?.image).toEqual(wanted);
  });

  it('fill the rows behind others, and refuse a set that is smaller than a batch', async () => {
    const images = await shades(temporaryFolder());
    const into = arrays(6, true);
    await batches(images).fill(into, 0, 2);
    const [alone] = await steps(batches(images), [0]);
    expect(into.image.slice(2 * pixels)).toEqual(alone?.image);
    expect(into.target.slice(6)).toEqual(alone?.target);
    expect([...into.weight]).toEqual([0, 0, 1, 1, 1, 1]);
    expect(() => batches(images, { batch: 16 })).toThrow(/15 images do not fill a batch of 16/);
  });
});

describe('images that cannot be read', () => {
  async function withBroken() {
    const folder = temporaryFolder();
    const jpeg = await busyJpeg();
    write(folder, 'dark/zero.jpg', '');
    write(folder, 'grey/text.png', 'no image');
    write(folder, 'light/short.jpg', jpeg.subarray(0, jpeg.length - 40));
    return { folder, images: await shades(folder), file: join(folder, 'unreadable.jsonl') };
  }

  it('give their rows to others, with the class of these, and are listed once', async () => {
    const { folder, images, file } = await withBroken();
    expect(images.count).toBe(18);
    const unreadable = new UnreadableImages({ file, limit: 3 });
    const source = batches(images, { preparation: plain, unreadable });
    for (const batch of await steps(source, range(0, 12))) {
      const { shown, said } = classesOf(batch);
      expect(shown).toEqual(said);
    }
    expect(unreadable.count).toBe(3);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const listed: { image: string; reason: string }[] = JSON.parse(`[${lines.join()}]`);
    expect(listed.toSorted((a, b) => (a.image < b.image ? -1 : 1))).toEqual([
      { image: join(folder, 'dark/zero.jpg'), reason: 'the file is empty' },
      { image: join(folder, 'grey/text.png'), reason: expect.stringMatching(/unsupported/) },
      { image: join(folder, 'light/short.jpg'), reason: 'the file is cut short' },
    ]);
    await steps(
      batches(images, { unreadable: new UnreadableImages({ file, limit: 3 }) }),
      range(0, 12),
    );
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(3);
  });

  it('are replaced by the same ones whatever the threads, and in a run that is resumed', async () => {
    const { images } = await withBroken();
    const options = (workers: number) => ({
      pool: pool({ workers }),
      unreadable: new UnreadableImages({ limit: 3 }),
    });
    const wanted = await steps(batches(images, options(1)), range(0, 12));
    expect(await steps(batches(images, options(3)), range(0, 12))).toEqual(wanted);
    expect(await steps(batches(images, options(2)), range(7, 12))).toEqual(wanted.slice(7));
  });

  it('stop the run where they are more than the limit', async () => {
    const { images, file } = await withBroken();
    const source = batches(images, { unreadable: new UnreadableImages({ file, limit: 2 }) });
    await expect(steps(source, range(0, 12))).rejects.toMatchObject({
      name: 'DataError',
      code: 'unreadable-images',
      message: `more than 2 images cannot be read; ${file} lists them`,
      hint: expect.stringMatching(/data\.unreadable/),
    });
  });

  it('stop the run where there is no other', async () => {
    const folder = temporaryFolder();
    for (const name of ['a/1.jpg', 'a/2.jpg', 'b/1.jpg', 'b/2.jpg']) write(folder, name, '');
    const unreadable = new UnreadableImages({ limit: 100 });
    const source = batches(openImageFolder(folder), { unreadable });
    await expect(steps(source, [0])).rejects.toThrow(/^too few images of .* can be read$/);
  });

  it('are left out of an evaluation', async () => {
    const { images } = await withBroken();
    const unreadable = new UnreadableImages({ limit: 3 });
    const source = cleanImages(images, { pool: pool({ workers: 2 }), unreadable });
    const seen: number[] = [];
    for (const format of ['uint8-nhwc', 'float32-nchw'] as const)
      for await (const { indices, pixels: data } of source.batches(range(0, source.count), {
        batch: 5,
        shape,
        format,
      })) {
        for (const [row, index] of indices.entries()) {
          const mean = meanOf(data.subarray(row * pixels, (row + 1) * pixels));
          const scale = format === 'uint8-nhwc' ? 1 : 255;
          expect(Math.round((scale * mean) / 80 - 0.25)).toBe(images.label(index));
        }
        if (format === 'uint8-nhwc') seen.push(...indices);
      }
    const names = seen.map((i) => images.id(i));
    expect(names).toHaveLength(15);
    expect(names).toEqual(names.toSorted());
    expect(names.filter((name) => /zero|text|short/.test(name))).toEqual([]);
    expect(unreadable.count).toBe(3);
  });
});

describe('packed images', () => {
  const [height, width] = [12, 12];
  const count = 10;
  const data = Uint8Array.from({ length: count * pixels }, (_, i) => (i * 31 + (i >> 7)) & 255);
  const packedImages = (layout: 'nhwc' | 'nchw', channels: number): LabelledImages => ({
    name: 'packed',
    count,
    fingerprint: '',
    packed: { data, layout, shape: [channels, height, width] },
    classNames: ['a', 'b', 'c'],
    id: String,
    where: (i) => i,
    label: (i) => i % 3,
  });
  const clean = async (images: LabelledImages, size: number, channels = 3) => {
    const unreadable = new UnreadableImages({ limit: 0 });
    const source = cleanImages(images, { pool: pool(), unreadable });
    const layout = { batch: 4, shape: [channels, size, size], format: 'uint8-nhwc' } as const;
    const all: number[] = [];
    for await (const { indices, pixels: data } of source.batches([7, 2], layout)) {
      expect(indices).toEqual([7, 2]);
      all.push(...data.slice(0, 2 * channels * size * size));
    }
    return all;
  };

  it('of the size of the network are taken as they are, in either layout', async () => {
    const at = (i: number) => [...data.subarray(i * pixels, (i + 1) * pixels)];
    expect(await clean(packedImages('nhwc', 3), 12)).toEqual([...at(7), ...at(2)]);
    const planes = (i: number) =>
      Array.from(
        { length: pixels },
        (_, p) => data[i * pixels + (p % 3) * 144 + Math.floor(p / 3)],
      );
    expect(await clean(packedImages('nchw', 3), 12)).toEqual([...planes(7), ...planes(2)]);
  });

  it('of one channel are grey, and stay so', async () => {
    const grey = [7, 2].flatMap((i) => [...data.subarray(i * 144, (i + 1) * 144)]);
    expect(await clean(packedImages('nchw', 1), 12)).toEqual(grey.flatMap((v) => [v, v, v]));
    expect(await clean(packedImages('nchw', 1), 12, 1)).toEqual(grey);
  });

  it('of another size are resized', async () => {
    expect(await clean(packedImages('nhwc', 3), 20)).toHaveLength(2 * 3 * 400);
  });

  it('get their noise in the threads, the same whatever their number', async () => {
    const images = packedImages('nhwc', 3);
    const preparation: Preparation = {
      shape,
      crop: { kind: 'whole' },
      noise: {
        augment: { shift: 1, rotate: 10, scale: 0.1, shear: 0.1 },
        randAugment: { n: 1, m: 5 },
        cutout: 4,
        pad: 2,
        flip: true,
      },
    };
    const wanted = await steps(batches(images, { preparation }), range(0, 4));
    const again = batches(images, { preparation, pool: pool({ workers: 3 }) });
    expect(await steps(again, range(0, 4))).toEqual(wanted);
    const whole = { shape, crop: { kind: 'whole' } } as const;
    const quiet = batches(images, { preparation: whole });
    expect(await steps(quiet, range(0, 4))).not.toEqual(wanted);
  });
});

it('a pool that is closed while it loads keeps the process alive until its threads end', () => {
  const script = `
    import { LoaderPool } from ${JSON.stringify(`file://${repositoryRoot}/dist/src/data/loader/loaderPool.js`)};
    const pool = new LoaderPool({ workers: 2 });
    const packed = { data: new Uint8Array(3072), layout: 'nhwc', shape: [3, 32, 32] };
    const preparation = { shape: [3, 32, 32], crop: { kind: 'whole' }, noise: { flip: true } };
    const plan = pool.plan({ preparation, packed, seed: 1, site: 1 });
    const rows = Array.from({ length: 2000 }, (_, index) => ({ row: 0, index, where: 0 }));
    void pool.load(plan, 0, new Uint8Array(new SharedArrayBuffer(3072)), rows);
    await pool.close();
    console.log('closed');`;
  const file = write(temporaryFolder(), 'close.mjs', script);
  const { status, stdout } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, 'closed\n']);
});
