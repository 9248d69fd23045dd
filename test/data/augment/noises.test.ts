import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inputNoises, leastNoise, type InputNoise } from '../../../src/data/augment/imageNoise.js';
import { parseTrainingConfig, trainingConfigSchema } from '../../../src/training/config/config.js';
import { preparationOf } from '../../../src/training/record/trainingData.js';
import type { Option } from '../../../src/support/options.js';
import { repositoryRoot } from '../../support/paths.js';

/** Something that a config may give an option. */
function exampleOf(option: Option): unknown {
  switch (option.type) {
    case 'group':
      return {};
    case 'flag':
      return true;
    case 'number':
      return Math.max(option.least, Math.min(option.most, 4));
    case 'pair':
      return [option.least, option.most];
  }
}

const all = Object.fromEntries(inputNoises.map(([key, { option }]) => [key, exampleOf(option)]));

function noiseOf(noise: unknown) {
  const config = { name: 'a', model: 'resnet18', data: { labelled: 'a' }, epochs: 1, noise };
  return parseTrainingConfig({ ...config, optimizer: { kind: 'sgd' } }, 'c').noise;
}

function prepared(noise: unknown): InputNoise | undefined {
  return preparationOf(noiseOf(noise), {}, [3, 32, 32]).noise;
}

describe('an input noise', () => {
  it('is listed where it is defined in a file', () => {
    const folder = join(repositoryRoot, 'src/data/augment');
    const list = readFileSync(join(folder, 'noises.ts'), 'utf8');
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
    const defining = files.filter((file) =>
      readFileSync(join(folder, file), 'utf8').includes('= defineNoise('),
    );
    expect(defining.length).toBe(inputNoises.length);
    expect(defining.filter((file) => !list.includes(`'./${file.replace('.ts', '.js')}'`))).toEqual(
      [],
    );
  });

  it.each(inputNoises)('reaches a training: %s', (key, { make }) => {
    const { [key]: given, ...others } = prepared({ [key]: all[key] }) ?? {};
    expect(given).toBeDefined();
    expect(others).toEqual({});
    expect(make(given)).toBeTypeOf('function');
    expect(JSON.stringify(trainingConfigSchema())).toContain(`"${key}":{`);
  });

  it('has a turn of its own', () => {
    for (const kind of ['whole', 'cropped'] as const) {
      const turns = inputNoises.flatMap(([, { turn }]) => turn[kind] ?? []);
      expect(new Set(turns).size).toBe(turns.length);
    }
  });

  it('is refused where it has no turn, and never left out in silence', () => {
    for (const [key, { turn }] of inputNoises) {
      const noise = noiseOf({ [key]: all[key], crop: 'random' });
      const prepare = () => preparationOf(noise, {}, [3, 32, 32]).noise?.[key];
      if (turn.cropped === undefined) expect(prepare).toThrow(`noise.${key} is for whole images`);
      else expect(prepare()).toBeDefined();
    }
  });

  it('goes in an ablation, unless it is a part of the least augmentation', () => {
    const noise = noiseOf({ ...all, dropout: 0.5, crop: 'whole' });
    const kept: string[] = inputNoises.filter(([, { ablated }]) => !ablated).map(([key]) => key);
    const left = Object.entries(noise).filter(([key]) =>
      [...kept, 'dropout', 'crop'].includes(key),
    );
    expect(leastNoise(noise)).toEqual(Object.fromEntries(left));
    expect(kept).toEqual(['pad', 'flip']);
  });
});
