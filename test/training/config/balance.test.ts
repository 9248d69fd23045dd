import { describe, expect, it } from 'vitest';
import { parseTrainingConfig, scheduleOf } from '../../../src/training/config/config.js';

const least = {
  ...{ name: 'a', model: 'tiny', data: { labelled: 'images' }, epochs: 1 },
  optimizer: { kind: 'sgd', learningRate: 0.2 },
};
const parse = (keys: object) => parseTrainingConfig({ ...least, ...keys }, 'c.json');

describe('keys of losses, classes and mixing', () => {
  it('are missing unless they are given, as in runs before them', () => {
    for (const key of ['criterion', 'classWeights', 'sampler'])
      expect(parse({})).not.toHaveProperty(key);
    expect(parse({}).noise).not.toHaveProperty('mix');
    expect(parse({}).validation).not.toHaveProperty('metric');
  });

  it('take a word, or an object whose other keys have defaults', () => {
    expect(parse({ criterion: 'focal' }).criterion).toBe('focal');
    expect(parse({ criterion: { kind: 'focal', gamma: 1 } }).criterion).toEqual({
      ...{ kind: 'focal', gamma: 1, alpha: 1 },
    });
    expect(parse({ classWeights: { cat: 2, dog: 0.5 } }).classWeights).toEqual({
      cat: 2,
      dog: 0.5,
    });
    expect(parse({ classWeights: { kind: 'effectiveNumber' } }).classWeights).toEqual({
      ...{ kind: 'effectiveNumber', beta: 0.999 },
    });
    expect(parse({ noise: { mix: { mixup: 0.2 } } }).noise.mix).toEqual({
      ...{ mixup: 0.2, cutmix: 0, prob: 1, switchProb: 0.5, mode: 'batch', offEpoch: 0 },
    });
  });

  it.each([
    [{ criterion: 'fokal' }, 'criterion: "fokal" is not known (did you mean focal?)'],
    [
      { criterion: { kind: 'fokal' } },
      'criterion.kind: "fokal" is not known (did you mean focal?); allowed: binaryCrossEntropy, crossEntropy, focal',
    ],
    [{ criterion: { kind: 'focal', gamma: -1 } }, 'criterion.gamma: expected at least 0, not -1'],
    [
      { criterion: { kind: 'focal', gama: 1 } },
      'criterion.gama: unknown key (did you mean gamma?); allowed: kind, gamma, alpha',
    ],
    [{ classWeights: { cat: 0 } }, 'classWeights.cat: expected more than 0, not 0'],
    [{ classWeights: 'balance' }, 'classWeights: "balance" is not known (did you mean balanced?)'],
    [{ sampler: 'weighted' }, 'sampler: "weighted" is not known'],
    [{ noise: { mix: {} } }, 'noise.mix: expected mixup or cutmix above 0'],
    [{ validation: { metric: 'f1' } }, 'validation.metric: "f1" is not known'],
  ])('name what is wrong with %j', (keys, message) => {
    expect(() => parse(keys)).toThrow(message);
  });
});

describe('the schedule of a config', () => {
  it('has the rate of the optimizer, and a one-cycle one no warm-up', () => {
    expect(scheduleOf(parse({ schedule: { kind: 'oneCycle' } }))).toEqual({
      ...{ kind: 'oneCycle', rate: 0.2, pctStart: 0.3, divFactor: 25, finalDivFactor: 1e4 },
      anneal: 'cosine',
    });
    expect(() => parse({ schedule: { kind: 'oneCycle', warmup: 1 } })).toThrow('schedule.warmup');
    expect(
      scheduleOf(parse({ schedule: { kind: 'cosineRestarts', warmup: 2, factor: 2 } })),
    ).toEqual({
      kind: 'warmup',
      length: { epochs: 2 },
      then: { kind: 'cosineRestarts', rate: 0.2, period: { epochs: 10 }, factor: 2, final: 0 },
    });
    expect(scheduleOf(parse({ schedule: { kind: 'polynomial', power: 2 } }))).toEqual({
      ...{ kind: 'polynomial', rate: 0.2, power: 2 },
    });
  });
});
