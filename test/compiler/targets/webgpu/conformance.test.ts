import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../src/compiler/ir/graph.js';
import { argMax } from '../../../../src/compiler/ops/reduce.js';
import { equal } from '../../../../src/compiler/ops/shape.js';
import { webgpuTarget } from '../../../../src/compiler/targets/webgpu/index.js';
import { conformance } from '../../../conformance/tables/index.js';
import { checkSpelling } from '../../../support/checkOp.js';
import { holdDevice } from '../../../support/heldDevice.js';
import type { OpInstance } from '../../../support/opCase.js';
import { openSession } from '../../../support/runOnnx.js';
import { spell } from '../../../support/spell.js';
import { noWebgpu, onWebgpu, webgpuOnly } from '../../../support/swiftshader.js';

/** The provider reads neither 64-bit numbers nor comparisons of bytes; no graph of the target has any. */
const readable = new Set(['float32', 'int32', 'uint8', 'bool']);
/** One batch is enough: compiling shaders takes all the time, and a target's algebra knows no batch. */
const takes = ({ graph, label }: OpInstance): boolean =>
  label.endsWith('batch 2') &&
  graph.inputs.every(({ value }) => readable.has(value.dtype)) &&
  graph.nodes.every(({ outputs }) => outputs.every(({ dtype }) => dtype !== 'float64'));

describe.skipIf(noWebgpu)(onWebgpu('the conformance table on the WebGPU target'), () => {
  holdDevice();

  for (const table of conformance)
    describe(table.op.name, () => {
      checkSpelling(table, webgpuTarget, [21], { session: webgpuOnly, takes });
    });

  it('makes a node that would run on the CPU an error', async () => {
    const graph = new Graph('indices');
    const [a, b] = ['a', 'b'].map((name) => argMax(graph.input(name, 'float32', [2, 3])));
    if (a && b) graph.output('same', equal(a, b));
    const model = spell('indices', 21, [graph], webgpuTarget);
    await expect(openSession(model, webgpuOnly)).rejects.toThrow('default CPU EP');
  });
});
