import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile/compile.js';
import { cifarResnet } from '../../../src/language/models/index.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { invariant } from '../../../src/support/errors.js';

/** Nodes and outputs of the training step of a CIFAR ResNet. */
function trainingStep(depth: number): { nodes: number; outputs: number } {
  const { artifacts } = compile(cifarResnet({ depth }), { batch: 1, artifacts: ['train'] });
  invariant(artifacts.train, 'a training step');
  const { nodes, outputs } = readModel(artifacts.train.onnx.bytes).graph;
  return { nodes: nodes.length, outputs: outputs.length };
}

describe('the training step of a deep network', () => {
  it('grows by the same nodes with each block, and needs no stack for its 1,202 layers', () => {
    const [small, middle, large] = [20, 26, 1202].map(trainingStep);
    invariant(small && middle && large, 'three networks');
    // Six more layers are one more block in each of the three stages.
    const perSix = middle.nodes - small.nodes;
    expect(large.nodes).toBe(small.nodes + (perSix * (1202 - 20)) / 6);
    expect(large.nodes).toBeGreaterThan(70_000);
    expect(large.outputs).toBeGreaterThan(9_000);
  });
});
