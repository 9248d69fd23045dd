import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile/compile.js';
import {
  adamw,
  createOptimizer,
  sgd,
  type OptimizerConfig,
} from '../../../src/compiler/optim/index.js';
import { tinyNet } from '../../support/tinyDigits.js';

describe('an optimizer of a trainer', () => {
  it('may be an object or a call, to the same graph', () => {
    const step = (optimizer: Parameters<typeof createOptimizer>[0]) =>
      Buffer.from(
        compile(tinyNet(), {
          artifacts: ['update'],
          batch: 4,
          optimizer: createOptimizer(optimizer),
        }).artifacts.update?.onnx.bytes ?? [],
      );
    const options = { learningRate: 0.01, beta1: 0.8 };
    expect(step(adamw(options)).equals(step({ kind: 'adamw', ...options }))).toBe(true);
    expect(createOptimizer(sgd({ momentum: 0.5 })).config).toEqual(sgd({ momentum: 0.5 }).config);
  });

  it('takes no key that its function does not take', () => {
    // @ts-expect-error a misspelt key
    const misspelt: OptimizerConfig = { kind: 'sgd', momentm: 0.9 };
    // @ts-expect-error the key of another optimizer
    const foreign: OptimizerConfig = { kind: 'sgd', beta1: 0.9 };
    for (const wrong of [misspelt, foreign])
      expect(() => createOptimizer(wrong)).toThrow(/unknown option .+ of the optimizer sgd/);
  });
});
