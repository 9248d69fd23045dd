import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compiler/compile/compile.js';
import { Programs } from '../../../src/compiler/compile/programs.js';
import type { Graph, Node, Value } from '../../../src/compiler/ir/graph.js';
import {
  classifier,
  convBnAct,
  defineModel,
  image,
  mbConv,
} from '../../../src/language/nn/index.js';
import { after } from '../../../src/compiler/ops/after.js';
import { createOptimizer } from '../../../src/compiler/optim/index.js';
import { optimize } from '../../../src/compiler/passes/pipeline.js';
import { recomputeBlocks } from '../../../src/compiler/passes/recomputeBlocks.js';
import { invariant } from '../../../src/support/errors.js';
import { runArtifact } from '../compile/artifacts.js';
import { checkPass, reasonsOf } from './equivalence.js';

/** Blocks with and without a shortcut, squeeze-and-excitation, dropout and stochastic depth. */
const model = defineModel({
  name: 'blocks',
  input: image(3, 8, 8),
  classes: 4,
  drop: 0.2,
  build(x, { classes, drop }) {
    x = convBnAct(x, { name: 'stem', out: 6, kernel: 3 });
    for (let i = 0; i < 5; i++)
      x = mbConv(x, { name: `blocks.${i}`, out: 6, expand: 2, survival: 0.8 });
    return classifier(x, { classes, dropout: drop });
  },
});

function gradients(): Graph {
  return new Programs(model, {
    trace: { batch: 3, dtype: 'float64' },
    update: { optimizer: createOptimizer({ kind: 'sgd' }), clip: false, ema: false },
    labelSmoothing: 0,
  }).grad().graph;
}

const isMap = ({ shape }: Value): boolean => shape.length === 4 && Number(shape[2]) > 1;

/** Maps of the forward pass that the backward pass reads. */
function kept(graph: Graph): Set<Value> {
  const isForward = (node: Node | undefined): boolean => node?.origin.phase === 'forward';
  const read = graph.nodes.flatMap((node) => (isForward(node) ? [] : node.inputs));
  return new Set(
    read
      .filter((value) => value !== undefined && isForward(value.producer))
      .flatMap((value) => (value && isMap(value) ? [value] : [])),
  );
}

describe('recomputing blocks', () => {
  it('changes no result, and keeps a third of the maps', () => {
    const before = optimize(gradients());
    const result = optimize(checkPass(gradients(), recomputeBlocks));
    expect(kept(before).size).toBeGreaterThan(40);
    expect(kept(result).size).toBeLessThan(kept(before).size / 3);
  });

  it('says which maps it keeps, and why', () => {
    const reasons = reasonsOf(recomputeBlocks, gradients());
    expect(reasons).toContainEqual(expect.stringMatching(/: it is a border/));
    expect(reasons).toContainEqual(expect.stringMatching(/: it is in the last segment/));
  });

  it('lets each copy wait for a gradient', () => {
    const waits = recomputeBlocks(gradients()).nodes.filter(({ op }) => op === after);
    expect(waits.length).toBeGreaterThan(1);
    for (const { inputs } of waits) {
      const [, token] = inputs;
      expect(token?.producer?.origin.phase).toBe('backward');
    }
  });

  it('leaves a network without segments as it is', () => {
    const flat = defineModel({
      name: 'flat',
      input: image(1, 4, 4),
      classes: 2,
      build: (x, { classes }) => classifier(x, { classes }),
    });
    const request = { artifacts: ['train'], batch: 2 } as const;
    const [plain, checkpointed] = [false, true].map((checkpointing) =>
      compile(flat, { ...request, checkpointing }),
    );
    expect(checkpointed?.artifacts.train?.onnx.bytes).toEqual(plain?.artifacts.train?.onnx.bytes);
  });

  it('gives onnxruntime the same step, bit for bit', async () => {
    const steps = [false, true].map(async (checkpointing) => {
      const compiled = compile(model, { artifacts: ['train'], batch: 3, checkpointing });
      return new Map(await runArtifact(compiled, 'train'));
    });
    const [plain, checkpointed] = await Promise.all(steps);
    invariant(plain && checkpointed, 'two steps were taken');
    expect(checkpointed).toEqual(plain);
  });
});
