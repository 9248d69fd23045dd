import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  parseTrainingConfig,
  type TrainingConfigInput,
} from '../../../src/training/config/config.js';
import {
  classesOf,
  holdOut,
  openTrainingSets,
  preparationOf,
} from '../../../src/training/record/trainingData.js';
import { labelsOf, type Images, type LabelledImages } from '../../../src/data/sets/images.js';
import { ConfigError, DataError } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';

function config(data: TrainingConfigInput['data'], changes: Partial<TrainingConfigInput> = {}) {
  const rest = { name: 'n', model: 'm', epochs: 1, optimizer: { kind: 'sgd' } } as const;
  return parseTrainingConfig({ ...rest, data, ...changes }, 'c.json');
}

/** `train` with 10 images of cats, 4 of dogs and none of cows, `test` with one of each. */
function photos(): string {
  const folder = temporaryFolder();
  const write = (name: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  };
  for (let i = 0; i < 10; i++) write(`train/cat/${i}.jpg`);
  for (let i = 0; i < 4; i++) write(`train/dog/${i}.jpg`);
  for (const name of ['dog', 'cat']) write(`test/${name}/0.jpg`);
  return folder;
}

const ids = (images: Images): string[] =>
  Array.from({ length: images.count }, (_, i) => images.id(i));

describe('the sets of a config', () => {
  const data = { labelled: 'train', test: 'test', unlabelled: 'nowhere' };

  it('hold out a share of each class by the seed, and go without the unlabelled one', async () => {
    const folder = photos();
    const { labelled, validation, test } = await openTrainingSets(config(data), folder);
    expect([...labelsOf(validation)]).toEqual([0, 1]);
    expect([...ids(labelled), ...ids(validation)].toSorted()).toHaveLength(14);
    expect(new Set([...ids(labelled), ...ids(validation)]).size).toBe(14);
    expect(test && [...labelsOf(test)]).toEqual([0, 1]);
    const again = await openTrainingSets(config(data), folder);
    expect(ids(again.validation)).toEqual(ids(validation));
    const drawn = new Set<string>();
    for (let seed = 1; seed < 6; seed++)
      drawn.add(ids((await openTrainingSets(config(data, { seed }), folder)).validation).join());
    expect(drawn.size).toBeGreaterThan(1);
  });

  it('need no test set, whose classes must be those of the labelled one', async () => {
    const folder = photos();
    const { labelled } = data;
    expect((await openTrainingSets(config({ labelled }), folder)).test).toBeUndefined();
    mkdirSync(join(folder, 'other/cow'), { recursive: true });
    writeFileSync(join(folder, 'other/cow/1.jpg'), '');
    await expect(
      openTrainingSets(config({ labelled, test: 'other' }), folder),
    ).rejects.toMatchObject({
      code: 'classes-differ',
      notes: ['missing: cat, dog', 'new: cow'],
    });
  });

  it('are refused where a class has one image alone', () => {
    const one: LabelledImages = {
      ...{ name: 'one', count: 3, fingerprint: '', id: String, where: String },
      ...{ classNames: ['cat', 'dog'], label: (i) => Number(i === 2) },
    };
    expect(() => holdOut(one, 0.1, 1)).toThrow(DataError);
    expect(() => holdOut(one, 0.1, 1)).toThrow(/^class dog of one has a single image$/);
  });

  it('are drawn from the digits where these are asked for', async () => {
    const folder = temporaryFolder();
    const sizes = { kind: 'mnist', labelled: 300, test: 100 } as const;
    const { labelled, validation, test } = await openTrainingSets(config(sizes), folder);
    expect([labelled.count, validation.count, test?.count]).toEqual([270, 30, 100]);
    const all = [labelled, validation, test].flatMap((images) => (images ? ids(images) : []));
    expect(new Set(all).size).toBe(400);
    expect(test && ids(test).at(-1)).toBe('99');
    await expect(
      openTrainingSets(config({ ...sizes, labelled: 9901 }), folder),
    ).rejects.toMatchObject({ code: 'too-few-images', hint: 'ask for at most 9900' });
  });

  it('tell the number of classes, which the config may repeat', async () => {
    const { labelled } = await openTrainingSets(config(data), photos());
    expect(classesOf({}, labelled)).toBe(2);
    expect(classesOf({ classes: 2 }, labelled)).toBe(2);
    expect(() => classesOf({ classes: 3 }, labelled)).toThrow(ConfigError);
  });
});

describe('the noise of a config', () => {
  const noiseOf = (noise: TrainingConfigInput['noise']) =>
    config({ labelled: 'x' }, { noise }).noise;
  const files = {};
  const packed = {
    packed: { data: new Uint8Array(), layout: 'nhwc', shape: [3, 32, 32] },
  } as const;

  it('crops at random for large networks, and takes packed and small images whole', () => {
    const crop = (images: typeof files, size: number) =>
      preparationOf(noiseOf({}), images, [3, size, size]).crop.kind;
    expect([crop(files, 224), crop(files, 64), crop(packed, 32), crop(packed, 224)]).toEqual([
      'random',
      'whole',
      'whole',
      'whole',
    ]);
  });

  it('can say what is cropped', () => {
    const shape = [3, 224, 224] as const;
    const prepared = (crop: NonNullable<TrainingConfigInput['noise']>['crop']) =>
      preparationOf(noiseOf({ crop }), files, shape).crop;
    expect(prepared('middle')).toEqual({ kind: 'middle' });
    expect(prepared({ kind: 'random', area: [0.5, 1] })).toEqual({
      kind: 'random',
      area: [0.5, 1],
      aspect: [3 / 4, 4 / 3],
    });
  });

  it('has all that the config names', () => {
    const noise = { randAugment: { m: 4 }, cutout: 16, pad: 4, flip: true, augment: { shift: 1 } };
    expect(preparationOf(noiseOf(noise), packed, [3, 32, 32]).noise).toEqual({
      randAugment: { n: 2, m: 4 },
      cutout: 16,
      pad: 4,
      flip: true,
      augment: { shift: 1, rotate: 0, scale: 0, shear: 0 },
    });
  });

  it('cannot shift what is cropped at random', () => {
    expect(() => preparationOf(noiseOf({ pad: 4 }), files, [3, 224, 224])).toThrow(
      expect.objectContaining({
        option: ['noise', 'pad'],
        hint: "leave pad out, or set crop: 'whole'",
      }),
    );
  });

  it.each([
    ['tight', /^noise.crop: "tight" is not known; allowed: random, middle, whole, pad$/],
    [{ kind: 'randm' }, /^noise.crop.kind: "randm" is not known \(did you mean random\?\)/],
    [{ kind: 'random', area: 3 }, /^noise.crop.area: expected a list of two numbers, not 3$/],
    [{ kind: 'random', area: [1, 0.5] }, /^noise.crop.area: expected the smaller number first$/],
    [{ kind: 'random', are: 1 }, /^noise.crop.are: unknown key; allowed: kind, area, aspect$/],
  ])('is refused for the crop %j', (crop, message) => {
    const wrong = { labelled: 'x' };
    const noise = { crop } as TrainingConfigInput['noise'];
    expect(() => config(wrong, { noise })).toThrow(message);
  });
});
