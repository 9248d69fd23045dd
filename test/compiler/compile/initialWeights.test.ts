import { describe, expect, it } from 'vitest';
import { InitialWeights } from '../../../src/compiler/compile/initialWeights.js';
import { initialize } from '../../../src/compiler/trace/init.js';

const specs = [
  { name: 'conv.weight', shape: [4, 3, 3, 3], init: { kind: 'fanOutNormal' } },
  { name: 'bn.running_var', shape: [4], init: { kind: 'ones' } },
] as const;

describe('initial weights', () => {
  it('are a map of what each initializer draws, in order', () => {
    const weights = new InitialWeights(specs, 5);
    const drawn = specs.map(({ name, init, shape }) => initialize(init, name, shape, 5));
    expect([...weights.keys()]).toEqual(specs.map(({ name }) => name));
    expect([...weights.values()]).toEqual(drawn);
    expect([...weights]).toEqual([...weights.held()]);
    expect(weights.size).toBe(2);
    expect(weights.get('conv.weight')).toEqual(drawn[0]);
    expect(weights.get('conv.bias')).toBeUndefined();
    expect(weights.info('conv.weight')).toEqual({ dtype: 'float32', shape: [4, 3, 3, 3] });
  });

  it('are drawn anew each time, so that nothing keeps them, until all are held', () => {
    const weights = new InitialWeights(specs, 5);
    expect(weights.get('conv.weight')).not.toBe(weights.get('conv.weight'));
    const held = weights.held();
    expect(weights.held()).toBe(held);
    expect(weights.get('conv.weight')).toBe(held.get('conv.weight'));
  });
});
