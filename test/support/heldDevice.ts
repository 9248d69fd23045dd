import { afterAll, beforeAll } from 'vitest';
import type { InferenceSession } from 'onnxruntime-node';
import { Graph } from '../../src/compiler/ir/graph.js';
import { webgpuTarget } from '../../src/compiler/targets/webgpu/index.js';
import { openSession } from './runOnnx.js';
import { spell } from './spell.js';
import { webgpuOnly } from './swiftshader.js';

/**
 * Keeps the process's WebGPU device for a whole suite: it goes, and with it every shader that was
 * compiled, which is what takes the time, when no session is left.
 */
export function holdDevice(): void {
  let held: InferenceSession;
  beforeAll(async () => {
    const graph = new Graph('held');
    graph.output('y', graph.input('x', 'float32', [1]));
    held = await openSession(spell('held', 21, [graph], webgpuTarget), webgpuOnly);
  });
  afterAll(() => held.release());
}
