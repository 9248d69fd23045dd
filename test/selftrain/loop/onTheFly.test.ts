import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Labeller } from '../../../src/training/labelling/labeller.js';
import { runTraining } from '../../../src/training/run/runTraining.js';
import { cleanImages } from '../../../src/data/loader/cleanImages.js';
import { ShuffledBatches } from '../../../src/data/loader/batches.js';
import { openImageFolder } from '../../../src/data/sets/folder.js';
import { range } from '../../../src/data/loader/imageSource.js';
import { LoaderPool } from '../../../src/data/loader/loaderPool.js';
import { Mixer } from '../../../src/data/loader/mixing.js';
import { PreparedBatches } from '../../../src/data/loader/preparedBatches.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import type { BatchArrays } from '../../../src/runtime/engine/batchArrays.js';
import { softmaxRows } from '../../../src/support/statistics/scores.js';
import { MixedBatches } from '../../../src/selftrain/loop/mixedBatches.js';
import {
  onTheFlyBatches,
  type OnTheFlyOptions,
} from '../../../src/selftrain/loop/onTheFlyBatches.js';
import { temporaryFolder } from '../../support/folder.js';
import { quarters } from '../../support/tinyDigits.js';
import { filesBelow, tinyRun } from '../../support/tinyRun.js';
import { quarterImages } from '../../support/tinySelfTraining.js';
import { tinyTeacher } from '../../support/tinyTeacher.js';
import { tolerances, relativeError } from '../../support/tolerances.js';
import { write } from '../../data/fixtures.js';

const classes = 4;
const shape = [1, 8, 8] as const;

const folder = mkdtempSync(join(tmpdir(), 'gradus-on-the-fly-'));
let labeller: Labeller;
beforeAll(async () => {
  labeller = await Labeller.create(await tinyTeacher(folder), { batch: 4, threads: 1 });
});
afterAll(async () => {
  await labeller.close();
  rmSync(folder, { recursive: true });
});

function pool(workers = 1): LoaderPool {
  const made = new LoaderPool({ workers });
  onTestFinished(() => made.close());
  return made;
}

const images = quarterImages(20, 5);
const noised = {
  shape,
  crop: { kind: 'whole' },
  noise: { flip: true, pad: 2, cutout: 3 },
} as const;

/** Batches of 6, which are no multiple of the teacher's 4. */
function options(changes: Partial<OnTheFlyOptions> = {}): OnTheFlyOptions {
  return {
    labeller,
    images,
    pool: changes.pool ?? pool(),
    unreadable: new UnreadableImages({ limit: 0 }),
    preparation: noised,
    batch: 6,
    seed: 1,
    name: 'pseudo',
    kind: 'soft',
    ...changes,
  };
}

/** Arrays of 8 rows, of which the part fills the last 6. */
async function fill(changes: Partial<OnTheFlyOptions> = {}, step = 0, pixels = 64) {
  const arrays = {
    image: new Float32Array(8 * pixels).fill(-1),
    target: new Float32Array(8 * classes).fill(-1),
    weight: new Float32Array(8).fill(-1),
  } satisfies BatchArrays;
  await onTheFlyBatches(options(changes)).fill(arrays, step, 2);
  return arrays;
}

/** What the teacher says of the clean images of a step's rows, when it labels the set as a whole. */
async function expected(step: number, temperature = 1): Promise<Float32Array> {
  const shared = { pool: pool(), unreadable: new UnreadableImages({ limit: 0 }) };
  const order = new PreparedBatches(images, { ...options(), preparations: [], ...shared });
  const all = new Float32Array(images.count * classes);
  const source = cleanImages(images, shared);
  const labels = labeller.predict(source, range(0, images.count), temperature);
  for await (const { indices, probabilities } of labels)
    all.set(probabilities, (indices[0] ?? 0) * classes);
  const rows = Array.from({ length: 6 }, (_, row) => order.index(step, row));
  return Float32Array.from(rows.flatMap((i) => [...all.subarray(i * classes, (i + 1) * classes)]));
}

describe('labels on the fly', () => {
  it('are what the teacher says of the clean copies of the noised images', async () => {
    const { image, target, weight } = await fill({}, 1);
    const wanted = await expected(1);
    expect(relativeError(target.subarray(2 * classes), wanted)).toBeLessThan(tolerances.float32);
    expect([...weight]).toEqual([-1, -1, 1, 1, 1, 1, 1, 1]);
    expect(image.subarray(0, 128).every((v) => v === -1)).toBe(true);
    const plain = await fill({ preparation: { shape, crop: { kind: 'whole' } } }, 1);
    expect(plain.image).not.toEqual(image);
    expect(plain.target).toEqual(target);
  });

  it('are mixed with the images where a student mixes its batches, and only those', async () => {
    const mix = {
      mixup: 1,
      cutmix: 0,
      prob: 1,
      switchProb: 0.5,
      mode: 'batch',
      offEpoch: 0,
    } as const;
    const mixer = new Mixer(mix, { seed: 1, name: 'pseudo', until: 3 });
    const [plain, mixed] = [await fill({}, 1), await fill({ mixer }, 1)];
    for (const key of ['image', 'target'] as const) expect(mixed[key]).not.toEqual(plain[key]);
    expect(mixed.image.subarray(0, 128)).toEqual(plain.image.subarray(0, 128));
    // Row 2 + i has a share of 2 + (5 - i), the same of pixels and of labels.
    const shareOf = (all: Float32Array, now: Float32Array, size: number): number => {
      const [own, other] = [2 * size, 7 * size];
      const at = Array.from({ length: size }, (_, i) => i).find(
        (i) => Math.abs((all[own + i] ?? 0) - (all[other + i] ?? 0)) > 0.05,
      );
      const [a, b, c] = [own, other]
        .map((start) => all[start + (at ?? NaN)] ?? NaN)
        .concat(now[own + (at ?? NaN)] ?? NaN);
      return ((c ?? NaN) - (b ?? NaN)) / ((a ?? NaN) - (b ?? NaN));
    };
    const share = shareOf(plain.target, mixed.target, classes);
    expect(share).toBeCloseTo(shareOf(plain.image, mixed.image, 64), 4);
    expect(await fill({ mixer }, 3)).toEqual(await fill({}, 3));
  });

  it('are softened by a temperature, or the likeliest class alone', async () => {
    const soft = await fill({ temperature: 2 }, 1);
    const wanted = await expected(1, 2);
    expect(relativeError(soft.target.subarray(2 * classes), wanted)).toBeLessThan(
      tolerances.float32,
    );
    const hard = await fill({ kind: 'hard', temperature: 2 }, 1);
    for (let row = 0; row < 6; row++) {
      const at = (2 + row) * classes;
      const own = [...soft.target.subarray(at, at + classes)];
      const oneHot = own.map((p) => Number(p === Math.max(...own)));
      expect([...hard.target.subarray(at, at + classes)]).toEqual(oneHot);
    }
  });

  it('of little confidence weigh nothing, whatever the temperature', async () => {
    const { target } = await fill({}, 1);
    const confidences = Array.from({ length: 6 }, (_, row) =>
      Math.max(...target.subarray((2 + row) * classes, (3 + row) * classes)),
    );
    const threshold = confidences.toSorted((a, b) => a - b)[3] ?? NaN;
    // Half way to the next lower one, since the label is rounded to a float.
    const below = (threshold + (confidences.toSorted((a, b) => a - b)[2] ?? NaN)) / 2;
    for (const temperature of [1, 4]) {
      const { weight } = await fill({ threshold: below, temperature }, 1);
      expect([...weight.subarray(2)]).toEqual(confidences.map((c) => Number(c > below)));
    }
  });

  it('are a function of seed and step, wherever a run begins and with any number of threads', async () => {
    const source = onTheFlyBatches(options({ pool: pool(2) }));
    const arrays = {
      image: new Float32Array(8 * 64).fill(-1),
      target: new Float32Array(8 * classes).fill(-1),
      weight: new Float32Array(8).fill(-1),
    };
    for (const step of [0, 1, 2, 3]) await source.fill(arrays, step, 2);
    expect(await fill({}, 3)).toEqual(arrays);
    expect((await fill({ seed: 2 }, 3)).image).not.toEqual(arrays.image);
  });

  it('come at the teacher\u2019s size for a student of another', async () => {
    const preparation = { ...noised, shape: [1, 12, 12] } as const;
    const { image, target } = await fill({ preparation }, 1, 144);
    expect(target).toEqual((await fill({}, 1)).target);
    expect(image.subarray(2 * 144).every((v) => v >= 0 && v <= 1)).toBe(true);
  });

  it('of an image that cannot be read go to the one that takes its row', async () => {
    const images = temporaryFolder();
    const raw = { width: 8, height: 8, channels: 1 } as const;
    for (let i = 0; i < 5; i++) {
      const data = Uint8Array.from({ length: 64 }, (_, p) => (p * (i + 3)) % 200);
      write(images, `some/${i}.png`, await sharp(data, { raw }).png().toBuffer());
    }
    writeFileSync(join(images, 'some/broken.png'), 'no image');
    const unreadable = new UnreadableImages({ limit: 1 });
    const changes = { images: openImageFolder(images), unreadable };
    const first = await fill(changes);
    const again = await fill({ ...changes, unreadable: new UnreadableImages({ limit: 1 }) });
    expect(unreadable.count).toBe(1);
    expect(first).toEqual(again);
    for (let row = 2; row < 8; row++) {
      const sum = first.target.subarray(row * classes, (row + 1) * classes).reduce((a, b) => a + b);
      expect(sum).toBeCloseTo(1, 6);
    }
  });

  it('of another number of classes than the student has are refused', async () => {
    const arrays = { ...(await fill()), target: new Float32Array(8 * 10) };
    await expect(onTheFlyBatches(options()).fill(arrays, 0, 2)).rejects.toThrow(
      'the teacher tiny-net has 4 classes, but the student has 10',
    );
  });

  it('train a student, which ends with the same bytes where it was interrupted', async () => {
    const plan = (out: string) =>
      tinyRun(out, {
        source: new MixedBatches({
          labelled: new ShuffledBatches(quarters(16), { batch: 2, seed: 1, name: 'labelled' }),
          pseudo: onTheFlyBatches(options({ until: 9 })),
          batch: 2,
          ratio: 3,
          kind: 'soft',
        }),
        steps: 9,
      });
    const run = async (out: string, until = NaN, resume = false): Promise<boolean> => {
      const abort = new AbortController();
      const { trainer, interrupted } = await runTraining(plan(out), {
        resume,
        signal: abort.signal,
        onEvent: (event) => {
          if (event.kind === 'step' && event.step === until) abort.abort();
        },
      });
      await trainer.close();
      return interrupted;
    };
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    await run(whole);
    expect(await run(parts, 5)).toBe(true);
    expect(await run(parts, NaN, true)).toBe(false);
    expect(filesBelow(parts)).toEqual(filesBelow(whole));
  });
});

it('has a teacher that is sure of some images and not of all', async () => {
  const source = cleanImages(images, {
    pool: pool(),
    unreadable: new UnreadableImages({ limit: 0 }),
  });
  const confidences: number[] = [];
  for await (const { scores } of labeller.predict(source, range(0, 20))) {
    const own = new Float64Array(scores.length);
    softmaxRows(scores, classes, own);
    for (let at = 0; at < own.length; at += classes)
      confidences.push(Math.max(...own.subarray(at, at + classes)));
  }
  expect(Math.max(...confidences) - Math.min(...confidences)).toBeGreaterThan(0.2);
});
