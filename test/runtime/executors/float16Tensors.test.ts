import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  addModel,
  copyOf,
  partOf,
  sumOf,
} from '../../../src/runtime/engine/device/deviceModels.js';

/** As of Node 24, which onnxruntime asks for at its first tensor, so before anything else here. */
class Float16Array extends Uint16Array {}
vi.stubGlobal('Float16Array', Float16Array);
afterAll(() => {
  vi.unstubAllGlobals();
});
const { onnxruntimeNode } = await import('../../../src/runtime/executors/onnxruntimeNode.js');

describe('where JavaScript has a Float16Array', () => {
  it('the native half of onnxruntime is fed 16-bit integers, the only ones that it knows, and gives them', async () => {
    const model = addModel([{ name: 'x', dtype: 'float16', shape: [1] }]);
    const session = await onnxruntimeNode().create(model);
    const one = (bits: number) => ({
      dtype: 'float16' as const,
      shape: [1],
      data: Uint16Array.of(bits),
    });
    const sum = one(0);
    await session.run(
      { [sumOf('x')]: one(0x3c00), [partOf('x')]: one(0x4000) },
      { [copyOf('x')]: sum },
    );
    await session.release();
    expect([...sum.data]).toEqual([0x4200]);
  });
});
