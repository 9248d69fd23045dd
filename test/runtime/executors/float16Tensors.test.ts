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
const { dataOf, ortTensor, Session, zeroTensor } =
  await import('../../../src/runtime/executors/session.js');

describe('where JavaScript has a Float16Array', () => {
  it('the native half of onnxruntime is fed 16-bit integers, the only ones that it knows', () => {
    const bits = Uint16Array.of(0x3c00);
    expect(ortTensor('float16', bits, [1]).data).toBe(bits);
    expect(zeroTensor('float16', [1]).data).not.toBeInstanceOf(Float16Array);
  });

  it('results come as 16-bit integers, too', async () => {
    const session = await Session.create(addModel([{ name: 'x', dtype: 'float16', shape: [1] }]));
    const feeds = {
      [sumOf('x')]: ortTensor('float16', Uint16Array.of(0x3c00), [1]),
      [partOf('x')]: ortTensor('float16', Uint16Array.of(0x4000), [1]),
    };
    const given = zeroTensor('float16', [1]);
    await session.run(feeds, { [copyOf('x')]: given });
    const { [copyOf('x')]: made } = await session.compute(feeds, [copyOf('x')]);
    await session.release();
    expect(made?.data).toBeInstanceOf(Float16Array);
    for (const tensor of [given, made]) expect(tensor && [...dataOf(tensor)]).toEqual([0x4200]);
  });
});
