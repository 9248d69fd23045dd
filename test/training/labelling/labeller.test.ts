import { beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Labeller, LabellerOptions } from '../../../src/training/labelling/labeller.js';
import { loadTeacher, type TeacherSource } from '../../../src/training/labelling/teacher.js';
import { Trainer } from '../../../src/training/trainer/trainer.js';
import { arraySource, range } from '../../../src/data/loader/imageSource.js';
import {
  classifier,
  defineModel,
  dropout,
  flatten,
  image,
  linear,
} from '../../../src/language/nn/index.js';
import { NoiseSource } from '../../../src/runtime/engine/noise.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { numbersOf } from '../../../src/support/tensor.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { temporaryFolder } from '../../support/folder.js';
import { quarters } from '../../support/tinyDigits.js';
import { tinyTeacher, withLabeller } from '../../support/tinyTeacher.js';
import { relativeError } from '../../support/tolerances.js';

const images = quarters(11, 3);
const source = arraySource(images, { name: 'quarters' });

/** Scores of some images, by index. */
async function scoresOf(labeller: Labeller, indices: Iterable<number> = range(0, 11)) {
  const rows = new Map<number, number[]>();
  const classes = labeller.manifest.classes;
  for await (const { indices: own, scores } of labeller.predict(source, indices))
    for (const [row, i] of own.entries())
      rows.set(i, [...scores.subarray(row * classes, (row + 1) * classes)]);
  return rows;
}

const label = (teacher: TeacherSource, options: LabellerOptions, indices?: Iterable<number>) =>
  withLabeller(teacher, (labeller) => scoresOf(labeller, indices), options);

/** softmax of each row, as its logarithm. */
function logSoftmax(row: readonly number[]): number[] {
  const sum = row.reduce((total, x) => total + Math.exp(x), 0);
  return row.map((x) => x - Math.log(sum));
}

let teacher: TeacherSource;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-labeller-'));
  teacher = await tinyTeacher(join(folder, 'run'));
  return () => {
    rmSync(folder, { recursive: true });
  };
});

describe('several sessions', () => {
  it('give what one gives, in the order of the images, and can be left early', async () => {
    const options = { batch: 2, threads: 1, device: 'cpu' } as const;
    const one = await label(teacher, options);
    const three = await label(teacher, { ...options, sessions: 3 });
    expect([...three.keys()]).toEqual([...range(0, 11)]);
    expect([...three]).toEqual([...one]);
    const first = await withLabeller(
      teacher,
      async (labeller) => {
        for await (const { indices } of labeller.predict(source, range(0, 11))) return [...indices];
        return [];
      },
      { ...options, sessions: 2 },
    );
    expect(first).toEqual([0, 1]);
  });
});

describe('float16', () => {
  it('is refused on the CPU, and for a network that was written in something else', async () => {
    const options = { device: 'cpu', precision: 'float16' } as const;
    await expect(label(teacher, options)).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'precision',
      message: 'the CPU cannot label in float16',
    });
    const exported = loadTeacher('network.onnx', { batch: 4, precision: 'float16' });
    await expect(exported).rejects.toMatchObject({ name: 'ConfigError', code: 'precision' });
  });
});

describe('a noised teacher', () => {
  it('multiplies by the masks of the seed, the pass and the image', async () => {
    const keep = 0.75;
    const model = defineModel({
      name: 'dropped',
      input: image(1, 8, 8),
      classes: 4,
      drop: 1 - keep,
      build: (x, { classes, drop }) =>
        linear(dropout(flatten(x), { rate: drop }), { name: 'fc', out: classes }),
    });
    const trainer = await Trainer.create(model, { batch: 4, threads: 1, seed: 2 });
    const checkpoint = await trainer.save(temporaryFolder(), {
      epoch: 0,
      position: 0,
      best: null,
      config: {},
    });
    const state = await trainer.state();
    await trainer.close();
    const numbers = (name: string): ArrayLike<number> => {
      const tensor = state.get(name);
      return tensor ? numbersOf(tensor) : [];
    };
    const [weight, bias] = [numbers('fc.weight'), numbers('fc.bias')];
    const found = await label({ checkpoint, model }, { noise: { seed: 5 } }, [7, 2]);
    const info = {
      name: 'noise.dropout',
      role: 'noise',
      dtype: 'float32',
      shape: [1, 64],
      kind: 'dropout',
      site: fnv1a32('dropout'),
      keep,
    } as const;
    const [mask, pixels] = [new Float32Array(64), new Float32Array(64)];
    for (const i of [7, 2]) {
      new NoiseSource(info, mask, 1).fill({ seed: 5, step: 0, sampleOffset: i });
      images.image(i, pixels);
      const expected = Array.from({ length: 4 }, (_, c) =>
        pixels.reduce(
          (sum, x, p) => sum + ((x * (mask[p] ?? 0)) / keep) * (weight[64 * c + p] ?? 0),
          bias[c] ?? 0,
        ),
      );
      expect(relativeError(found.get(i) ?? [], expected)).toBeLessThan(1e-5);
    }
  });

  it('is the teacher itself where the rates are 0, in one pass or in several', async () => {
    const clean = await label(teacher, {});
    const zero = { seed: 1, drop: 0, dropPath: 0 };
    expect(await label(teacher, { noise: zero })).toEqual(clean);
    const several = await label(teacher, { noise: { ...zero, passes: 3 } });
    for (const [i, row] of clean)
      expect(relativeError(several.get(i) ?? [], logSoftmax(row))).toBeLessThan(1e-6);
  });

  it('averages the probabilities of its passes, each with masks of its own', async () => {
    const one = await label(teacher, { noise: { seed: 4 } });
    expect(one).not.toEqual(await label(teacher, {}));
    expect(await label(teacher, { noise: { seed: 4, passes: 1 } })).toEqual(one);
    expect(await label(teacher, { noise: { seed: 5 } })).not.toEqual(one);
    const two = await label(teacher, { noise: { seed: 4, passes: 2 } });
    for (const [i, row] of two) {
      const sum = row.reduce((total, x) => total + Math.exp(x), 0);
      expect(sum).toBeCloseTo(1, 5);
      const first = logSoftmax(one.get(i) ?? []);
      // What the second pass says follows from the mean, and has to be a probability.
      for (const [c, x] of row.entries()) {
        const second = 2 * Math.exp(x) - Math.exp(first[c] ?? 0);
        expect(second).toBeGreaterThan(-1e-6);
        expect(second).toBeLessThan(1 + 1e-6);
      }
    }
  });

  it('gives the same whatever the batch and the neighbours, batch norm being as in evaluation', async () => {
    const noise = { seed: 3, passes: 2 };
    const all = await label(teacher, { noise });
    const some = await label(teacher, { noise, batch: 4 }, [1, 4, 5, 9, 10]);
    expect([...some.keys()]).toEqual([1, 4, 5, 9, 10]);
    for (const [i, row] of some) expect(relativeError(row, all.get(i) ?? [])).toBeLessThan(1e-6);
  });

  it('is another teacher than the clean one', async () => {
    const fingerprint = (options: LabellerOptions) =>
      withLabeller(teacher, async (labeller) => labeller.teacher.fingerprint, options);
    const clean = await fingerprint({});
    const noised = await fingerprint({ noise: { seed: 1 } });
    expect(noised).not.toBe(clean);
    expect(await fingerprint({ noise: { seed: 2 } })).not.toBe(noised);
    expect(await fingerprint({ noise: { seed: 1 } })).toBe(noised);
  });

  it('has to have noise, and cannot be an .onnx file', async () => {
    const silent = defineModel({
      name: 'silent',
      input: image(1, 8, 8),
      classes: 4,
      build: (x, { classes }) => classifier(x, { classes, dropout: 0 }),
    });
    const trainer = await Trainer.create(silent, { batch: 4, threads: 1 });
    const meta = { epoch: 0, position: 0, best: null, config: {} };
    const checkpoint = await trainer.save(temporaryFolder(), meta);
    await trainer.close();
    const noise = { seed: 1 };
    await expect(label({ checkpoint, model: silent }, { noise })).rejects.toThrow(
      expect.objectContaining({
        code: 'no-noise',
        message: 'silent cannot draw noise: it has no dropout and no stochastic depth',
      }),
    );
    const out = join(temporaryFolder(), 'silent.onnx');
    await exportModel(checkpoint, { model: silent, out });
    await expect(label(out, { noise })).rejects.toThrow(
      expect.objectContaining({ code: 'no-noise', where: out }),
    );
  });
});
