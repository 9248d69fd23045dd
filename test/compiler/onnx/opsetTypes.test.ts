import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  isSince,
  opsetVersions,
  type Opset,
  type Opset17,
  type Opset20,
  type OpsetsSince,
} from '../../../generated/onnx/index.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import type { OnnxValue } from '../../../src/support/onnxValue.js';

/** Never called: what must and must not compile for code that works at any opset. */
export function anyOpset(b: Opset, x: OnnxValue): void {
  expectTypeOf(b.Conv(x, x, null, { kernel_shape: [3, 3] })).toEqualTypeOf<OnnxValue>();
  expectTypeOf(b.Conv(x, x)).toEqualTypeOf<OnnxValue>();
  expectTypeOf(b.MaxPool(x, { kernel_shape: [2, 2] })).toEqualTypeOf<OnnxValue>();
  expectTypeOf(b.MaxPool(x, { kernel_shape: [2, 2] }, 2)).toEqualTypeOf<[OnnxValue, OnnxValue]>();
  expectTypeOf(b.BatchNormalization(x, x, x, x, x, { training_mode: 1 }, 3)).toEqualTypeOf<
    [OnnxValue, OnnxValue, OnnxValue]
  >();
  expectTypeOf(b.TopK(x, x)).toEqualTypeOf<[OnnxValue, OnnxValue]>();
  expectTypeOf(b.Split(x, x, { axis: 1 }, 2)).toEqualTypeOf<OnnxValue[]>();
  expectTypeOf(b.nchwc.ReorderOutput(x, { channels: 24 })).toEqualTypeOf<OnnxValue>();
  // @ts-expect-error a required attribute
  b.Concat([x, x], {});
  // @ts-expect-error an unknown attribute
  b.Conv(x, x, null, { kernel: [3, 3] });
  // @ts-expect-error an attribute of another type
  b.Conv(x, x, null, { group: 'two' });
  // @ts-expect-error more outputs than the operator has
  b.MaxPool(x, { kernel_shape: [2, 2] }, 3);
  expectTypeOf(b).not.toHaveProperty('Gelu');
  // @ts-expect-error axes are an attribute at opset 17 and an input from 18 on
  b.ReduceMean(x, { axes: [1] });
  if (isSince(b, 20)) b.Gelu(x, { approximate: 'tanh' });
  if (!isSince(b, 18)) b.ReduceMean(x, { axes: [1] });
}

describe('isSince', () => {
  it.each(opsetVersions)('compares versions at opset %i', (opset) => {
    const { b } = new GraphBuilder({ opset, name: 'test' });
    expect(opsetVersions.filter((version) => isSince(b, version))).toEqual(
      opsetVersions.filter((version) => version <= opset),
    );
  });

  it('narrows both ways', () => {
    expectTypeOf<OpsetsSince[17]>().toEqualTypeOf<Opset>();
    expectTypeOf<Exclude<Opset, OpsetsSince[18]>>().toEqualTypeOf<Opset17>();
    expectTypeOf<Opset20>().toExtend<OpsetsSince[20]>();
  });
});

it.each(opsetVersions)('the builder of opset %i has the operators that exist there', (opset) => {
  const names = Object.keys(new GraphBuilder({ opset, name: 'test' }).b);
  expect(names.includes('Gelu')).toBe(opset >= 20);
  expect(names.includes('Swish')).toBe(opset >= 24);
  expect(names.includes('Upsample')).toBe(false);
  expect(names.includes('GroupNormalization')).toBe(opset >= 21);
});
