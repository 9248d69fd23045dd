/**
 * Feeds float16 tensors to sessions of an installed package: `node float16.mjs node_modules/gradus`. On the
 * CPU provider they are added. SwiftShader, the software Vulkan of chromium, lacks 16-bit arithmetic: WebGPU
 * copies them there, and says of the sum that the device, and nothing else, cannot do it.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';
const swiftshader = existsSync(driver);
if (swiftshader) Object.assign(process.env, { VK_ICD_FILENAMES: driver, XDG_RUNTIME_DIR: '/tmp' });

const [, , folder = '.'] = process.argv;
const part = (name) => import(pathToFileURL(resolve(folder, 'dist/src/runtime', name)).href);
const { onnxruntimeNode } = await part('executors/onnxruntimeNode.js');
const { addModel, copyModel, copyOf, partOf, sumOf } = await part('engine/device/deviceModels.js');

/** 1, 2 and -3 in 16 bits. */
const numbers = Uint16Array.of(0x3c00, 0x4000, 0xc200);
const specs = [{ name: 'x', dtype: 'float16', shape: [3] }];
const tensor = (data) => ({ dtype: 'float16', shape: [3], data });

async function copied(providers) {
  const executor = onnxruntimeNode({ providers, strict: providers[0] !== 'cpu' });
  const session = await executor.create(copyModel(specs));
  const copy = new Uint16Array(3);
  await session.run({ x: tensor(numbers) }, { [copyOf('x')]: tensor(copy) });
  assert.deepEqual(copy, numbers);
  await session.release();
}

async function added(providers) {
  const session = await onnxruntimeNode({ providers }).create(addModel(specs));
  const sum = new Uint16Array(3);
  await session.run(
    { [sumOf('x')]: tensor(numbers), [partOf('x')]: tensor(numbers) },
    { [copyOf('x')]: tensor(sum) },
  );
  assert.deepEqual([...sum], [0x4000, 0x4400, 0xc600]);
  await session.release();
}

await copied(['cpu']);
await added(['cpu']);
if (swiftshader) {
  await copied(['webgpu']);
  await assert.rejects(added(['webgpu']), /device does not support it/);
}
const where = swiftshader ? 'the CPU and WebGPU' : `the CPU; not on WebGPU, for want of ${driver}`;
console.log(`float16 tensors are taken by ${where}`);
