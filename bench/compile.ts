import { compileModel } from '../src/index.js';
import { b0, trainerOptions } from './b0.js';
import { spread } from '../src/support/spread.js';
import type { Settings } from './run.js';

/** Seconds to compile the training step of EfficientNet-B0, from the model to bytes. */
export async function benchCompile({ batch, size, steps }: Settings): Promise<object> {
  const options = { ...trainerOptions, batch, artifacts: ['train'] } as const;
  const model = b0(size);
  await compileModel(model, options);
  const seconds: number[] = [];
  let bytes = 0;
  for (let i = 0; i < Math.min(steps, 10); i++) {
    const compiled = await compileModel(model, options);
    seconds.push(compiled.seconds);
    bytes = compiled.artifacts.train?.onnx.bytes.length ?? 0;
  }
  return { batch, size, bytes, seconds: spread(seconds) };
}
