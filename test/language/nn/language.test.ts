import { describe, expect, expectTypeOf, it } from 'vitest';
import * as nn from '../../../src/language/nn/index.js';
import type { Value } from '../../../src/language/nn/index.js';

/** Never called: what the editor refuses in a model file. */
function refusedByTypes(x: Value): unknown[] {
  return [
    // @ts-expect-error the kernel is missing
    nn.conv2d(x, { out: 8 }),
    // @ts-expect-error a kernel is a number or a pair
    nn.conv2d(x, { out: 8, kernel: '3' }),
    // @ts-expect-error padding has three named kinds, and this is none
    nn.conv2d(x, { out: 8, kernel: 3, padding: 'valid' }),
    // @ts-expect-error three pads are neither a pair nor four sides
    nn.conv2d(x, { out: 8, kernel: 3, padding: [1, 1, 1] }),
    // @ts-expect-error there is no option `filters`
    nn.conv2d(x, { filters: 8, kernel: 3, out: 8 }),
    // @ts-expect-error depthwise has no `out`
    nn.depthwise(x, { kernel: 3, out: 8 }),
    // @ts-expect-error an activation is a function
    nn.convBnAct(x, { out: 8, kernel: 3, act: 'relu' }),
    // @ts-expect-error linear takes a value
    nn.linear(3, { out: 8 }),
    // @ts-expect-error squeezeExcite needs `reduced`
    nn.squeezeExcite(x),
    // @ts-expect-error nothing to join
    nn.concat([]),
    // @ts-expect-error a rate is needed
    nn.dropout(x, {}),
    // @ts-expect-error an initializer is one of the known kinds
    nn.linear(x, { out: 8, init: { kind: 'xavier' } }),
    // @ts-expect-error averages have no dilation
    nn.avgPool(x, { kernel: 2, dilation: 2 }),
    // @ts-expect-error a branch returns a value
    nn.residual(x, () => 3),
    nn.defineModel({
      name: 'net',
      // @ts-expect-error the input is made by image()
      input: [1, 28, 28],
      classes: 10,
      build: (y) => y,
    }),
    // @ts-expect-error build returns logits
    nn.defineModel({ name: 'net', input: nn.image(1, 8, 8), classes: 10, build: () => undefined }),
  ];
}

describe('the types of the language', () => {
  it('refuse wrong kinds of arguments', () => {
    expect(refusedByTypes).toBeTypeOf('function');
  });

  it('let options be left out where none is required', () => {
    const plain = nn.defineLayer('plain', (x: Value) => x);
    const sized = nn.defineLayer('sized', (x: Value, { out }: { out: number }) =>
      nn.linear(x, { out }),
    );
    const pair = nn.defineLayer('pair', ([a, b]: readonly [Value, Value]) => [a, b] as const);
    const calls = (x: Value): Value[] => [plain(x), plain(x, { name: 'a' }), sized(x, { out: 8 })];
    expectTypeOf(calls).returns.toEqualTypeOf<Value[]>();
    expectTypeOf(plain).parameter(1).toBeNullable();
    expectTypeOf(sized).parameter(1).not.toBeNullable();
    expectTypeOf(pair).returns.toEqualTypeOf<readonly [Value, Value]>();
  });

  it('carry what build gets', () => {
    expectTypeOf<nn.BuildContext>().toEqualTypeOf<{
      readonly classes: number;
      readonly drop: number;
      readonly dropPath: number;
    }>();
  });
});

it('reads as the sketch of a digits network', () => {
  const model = nn.defineModel({
    name: 'digits-s',
    input: nn.image(1, 28, 28),
    classes: 10,
    build(x, { classes }) {
      x = nn.convBnAct(x, { name: 'conv_stem', out: 16, kernel: 3, stride: 2 });
      for (const [i, survival] of nn.linearDecay(4, 0.8).entries())
        x = nn.mbConv(x, { name: `blocks.${i}`, out: 24, expand: 4, survival });
      return nn.classifier(x, { name: 'classifier', classes, dropout: 0.2 });
    },
  });
  const { noise, layers } = nn.traceModel(model, { mode: 'train', batch: 32 });
  expect(noise.map(({ name }) => name)).toEqual([
    'noise.blocks.1.drop_path',
    'noise.blocks.2.drop_path',
    'noise.blocks.3.drop_path',
    'noise.classifier.dropout',
  ]);
  expect(layers.at(-1)).toMatchObject({ name: 'classifier', outputShape: [32, 10] });
});
