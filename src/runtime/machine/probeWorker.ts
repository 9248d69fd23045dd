/**
 * A process of its own that tries one execution provider and prints what came of it as JSON; probe.ts
 * starts it. A driver may print to standard error or end the process: neither may happen to the user's.
 */
import { env } from '../executors/onnxruntime.js';
import { GradusError } from '../../support/errors.js';
import { addModel, copyOf, partOf, sumOf } from '../engine/device/deviceModels.js';
import { messageOf } from '../storage/fileErrors.js';
import { onnxruntimeNode } from '../executors/onnxruntimeNode.js';
import { hostDevice } from '../devices/index.js';
import { onHost } from '../devices/lookup.js';
import { zeroTensor } from '../../support/tensor.js';

const [, , provider = hostDevice.name] = process.argv;
// onnxruntime's log names the libraries that it could not load; its errors do not.
env.logLevel = 'error';

/** Why the provider cannot add two numbers of a type, or undefined if it can. */
async function failure(dtype: 'float32' | 'float16'): Promise<string | undefined> {
  try {
    const model = addModel([{ name: 'x', dtype, shape: [1] }]);
    const providers = [provider];
    const executor = onnxruntimeNode({ providers, strict: !onHost({ providers }) });
    const session = await executor.create(model);
    const [a, b] = [zeroTensor(dtype, [1]), zeroTensor(dtype, [1])];
    await session.run(
      { [sumOf('x')]: a, [partOf('x')]: b },
      { [copyOf('x')]: zeroTensor(dtype, [1]) },
    );
    await session.release();
    return undefined;
  } catch (error) {
    const cause = error instanceof GradusError && error.cause !== undefined ? error.cause : error;
    return messageOf(cause).trim();
  }
}

const reason = await failure('float32');
const float16 = reason === undefined && (await failure('float16')) === undefined;
process.stdout.write(JSON.stringify({ reason, float16 }));
