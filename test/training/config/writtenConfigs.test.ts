import { describe, expectTypeOf, expect, it } from 'vitest';
import type { z } from 'zod';
import type { WrittenSelfTraining, WrittenTraining } from '../../../generated/config.js';
import type { TrainingConfigInput, trainingSchema } from '../../../src/training/config/config.js';
import { modelNames, shippedModels } from '../../../src/language/models/index.js';
import type {
  SelfTrainingConfigInput,
  writtenSelfTraining,
} from '../../../src/selftrain/loop/config.js';

type Frozen<T> = T extends readonly unknown[] | object
  ? { readonly [K in keyof T]: Frozen<T[K]> }
  : T;

describe('the types of configs for editors', () => {
  it('take what the schemas take, and nothing else', () => {
    type One = Frozen<z.input<typeof trainingSchema>>;
    type Many = Frozen<z.input<typeof writtenSelfTraining>>;
    expectTypeOf<One>().toEqualTypeOf<WrittenTraining<string, never>>();
    expectTypeOf<WrittenTraining<string, never>>().toEqualTypeOf<One>();
    expectTypeOf<Many>().toEqualTypeOf<WrittenSelfTraining<string, never>>();
    expectTypeOf<WrittenSelfTraining<string, never>>().toEqualTypeOf<Many>();
  });

  it('refuse a misspelt key, and take any file as a model', () => {
    const model = './my.model.ts';
    const optimizer = { kind: 'sgd' } as const;
    const name = 'a';
    const data = { labelled: 'a', unlabelled: 'b', test: 'c' };
    const one: TrainingConfigInput = { name, model, data, optimizer };
    // @ts-expect-error a misspelt key
    const misspelt: TrainingConfigInput = { ...one, noise: { cutuot: 3 } };
    const many: SelfTrainingConfigInput = {
      name,
      data,
      teacher: { model, optimizer },
      students: [{}],
    };
    expect([misspelt, many]).toHaveLength(2);
  });

  it('know the names of all shipped models', () => {
    expect(modelNames).toEqual(shippedModels.map(({ name }) => name));
  });
});
