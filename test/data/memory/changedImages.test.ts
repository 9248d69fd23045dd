import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { corrupt } from '../../../src/data/augment/corruptions/corrupt.js';
import { framesOf, perturb } from '../../../src/data/augment/perturbations/perturb.js';
import { smallImageNoise } from '../../../src/data/augment/imageNoise.js';
import { changedImages, cleanImages } from '../../../src/data/loader/cleanImages.js';
import { openFlatFolder } from '../../../src/data/sets/folder.js';
import type { Images } from '../../../src/data/sets/images.js';
import type { ImageSource } from '../../../src/data/loader/imageSource.js';
import { LoaderPool } from '../../../src/data/loader/loaderPool.js';
import { perturbedImages } from '../../../src/data/loader/perturbedImages.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import { drawImage } from '../augment/images.js';
import { temporaryFolder } from '../../support/folder.js';
import { write } from '../fixtures.js';

const side = 16;
const length = 3 * side * side;

/** Images in memory, all different. */
const packed: Images = {
  name: 'drawn',
  count: 7,
  fingerprint: 'drawn',
  packed: {
    data: drawImage('noise', side, 7 * side).data,
    layout: 'nhwc',
    shape: [3, side, side],
  },
  id: String,
  where: (i) => i,
};

const imageAt = (i: number) => ({
  width: side,
  height: side,
  data: packed.packed?.data.slice(i * length, (i + 1) * length) ?? new Uint8Array(),
});

const pools = { one: new LoaderPool({ workers: 1 }), three: new LoaderPool({ workers: 3 }) };
afterAll(() => Promise.all([pools.one.close(), pools.three.close()]));

function options(threads: keyof typeof pools = 'one') {
  return { pool: pools[threads], unreadable: new UnreadableImages({ limit: 10 }) };
}

/** All rows of a source, with their images. */
async function rowsOf(
  source: ImageSource,
  indices: Iterable<number>,
  { batch = 4, size = side } = {},
) {
  const rows: { readonly index: number; readonly pixels: Uint8Array }[] = [];
  const layout = { batch, shape: [3, size, size], format: 'uint8-nhwc' } as const;
  for await (const { indices: own, pixels } of source.batches(indices, layout)) {
    expect(own.length).toBeLessThanOrEqual(batch);
    for (const [row, index] of own.entries())
      rows.push({
        index,
        pixels: Uint8Array.from(
          pixels.subarray(row * 3 * size * size, (row + 1) * 3 * size * size),
        ),
      });
  }
  return rows;
}

describe('corrupted images', () => {
  it('are those of the corruption, by seed and index, with any number of threads', async () => {
    for (const name of ['gaussianNoise', 'jpeg', 'contrast'] as const) {
      const corruption = { name, severity: 3 } as const;
      const source = changedImages(packed, { ...options(), seed: 5, corruption });
      const rows = await rowsOf(source, [6, 0, 3, 2, 1]);
      expect(rows.map(({ index }) => index)).toEqual([6, 0, 3, 2, 1]);
      for (const { index, pixels } of rows) {
        const request = { ...corruption, seed: 5, sample: index };
        const { data } = await corrupt(imageAt(index), request);
        expect(Buffer.compare(pixels, data)).toBe(0);
      }
      const three = changedImages(packed, { ...options('three'), seed: 5, corruption });
      expect(await rowsOf(three, [6, 0, 3, 2, 1], { batch: 5 })).toEqual(rows);
    }
  });

  it('tell by their fingerprint what was done', () => {
    const shared = options();
    const fingerprints = [
      cleanImages(packed, shared),
      changedImages(packed, { ...shared, seed: 1 }),
      changedImages(packed, { ...shared, seed: 1, corruption: { name: 'fog', severity: 1 } }),
      changedImages(packed, { ...shared, seed: 1, corruption: { name: 'fog', severity: 2 } }),
      changedImages(packed, { ...shared, seed: 2, noise: { flip: true } }),
    ].map(({ fingerprint }) => fingerprint);
    expect(fingerprints[1]).toBe(fingerprints[0]);
    expect(new Set(fingerprints).size).toBe(4);
  });
});

describe('noised images', () => {
  it('are flipped by seed and index', async () => {
    const noised = (seed: number) =>
      rowsOf(
        changedImages(packed, { ...options('three'), seed, noise: { flip: true } }),
        [0, 1, 2, 3, 4],
      );
    const rows = await noised(1);
    expect(rows).toEqual(await noised(1));
    expect(rows).not.toEqual(await noised(2));
    const flipped = rows.map(({ index, pixels }) => {
      const { data } = imageAt(index);
      if (Buffer.compare(pixels, data) === 0) return false;
      const mirror = { width: side, height: side, data: new Uint8Array(length) };
      const always = { uniform: () => 0 } as never;
      smallImageNoise({ flip: true })(imageAt(index), always, mirror);
      expect(pixels).toEqual(mirror.data);
      return true;
    });
    expect(new Set(flipped).size).toBe(2);
  });
});

describe('perturbed images', () => {
  it.each(['shotNoise', 'spatter'] as const)(
    'are the frames of %s, image by image, with any number of threads',
    async (name) => {
      const frames = framesOf(name, { width: side, height: side });
      const source = perturbedImages(packed, { ...options(), perturbation: name, seed: 4 });
      const rows = await rowsOf(source, [5, 2, 3], { batch: 10 });
      expect(rows).toHaveLength(3 * frames);
      for (const [i, index] of [5, 2, 3].entries()) {
        const whole = imageAt(index);
        const canvas = { whole, width: side, height: side };
        const expected = [...perturb(canvas, { name, seed: 4, sample: index })];
        const own = rows.slice(i * frames, (i + 1) * frames);
        expect(own.map((row) => row.index)).toEqual(Array<number>(frames).fill(index));
        for (const [frame, { pixels }] of own.entries())
          expect(Buffer.compare(pixels, expected[frame]?.data ?? pixels.subarray(1))).toBe(0);
      }
      const three = perturbedImages(packed, { ...options('three'), perturbation: name, seed: 4 });
      expect(await rowsOf(three, [5, 2, 3], { batch: 7 })).toEqual(rows);
    },
  );

  it('of large files show what lies beside the middle, and leave out what cannot be read', async () => {
    const folder = temporaryFolder();
    const { data } = drawImage('ramp', 160, 160);
    const raw = { width: 160, height: 160, channels: 3 } as const;
    write(folder, 'a.png', await sharp(data, { raw }).png().toBuffer());
    write(folder, 'b.png', 'no image');
    const images = openFlatFolder(folder);
    const shared = options();
    const source = perturbedImages(images, { ...shared, perturbation: 'translate', seed: 0 });
    const rows = await rowsOf(source, [0, 1], { batch: 20, size: 128 });
    expect(rows).toHaveLength(41);
    expect(shared.unreadable.count).toBe(1);
    // The clean image is the middle; 16 px to the right the canvas's first column stands at its left.
    const columnAt = (frame: number): Uint8Array => rows[frame]?.pixels.subarray(0, 3) ?? data;
    expect(columnAt(20)).toEqual(data.subarray(3 * (16 * 160 + 16), 3 * (16 * 160 + 17)));
    expect(columnAt(36)).toEqual(data.subarray(3 * 16 * 160, 3 * (16 * 160 + 1)));
    expect([...columnAt(37)]).toEqual([0, 0, 0]);
  });
});
