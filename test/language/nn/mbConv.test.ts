import { describe, expect, it } from 'vitest';
import {
  classifier,
  defineModel,
  image,
  mbConv,
  traceModel,
  type Traced,
} from '../../../src/language/nn/index.js';
import { formatShape } from '../../../src/support/shape.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import { efficientnet } from '../../../src/language/models/index.js';

const eval1 = { mode: 'eval', batch: 1 } as const;

function total(traced: Traced): number {
  return traced.params.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

const namesIn = (traced: Traced, prefix: string): string[] =>
  [...traced.params, ...traced.buffers]
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, shape }) => `${name.slice(prefix.length)} [${shape.join(',')}]`);

describe('EfficientNet-B0 from mbConv', () => {
  it('has the published number of parameters and multiply-adds', () => {
    const traced = traceModel(efficientnet({ name: 'b0' }), eval1);
    expect(total(traced)).toBe(5_288_548);
    const multiplyAdds = traced.layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0);
    // Published as 0.39 billion (arXiv 1905.11946, table 2).
    expect(multiplyAdds / 1e9).toBeCloseTo(0.39, 2);
  });

  it('counts the same whatever the batch and the padding', () => {
    const counts = [
      traceModel(efficientnet({ name: 'b0', padding: 'same' }), {
        mode: 'train',
        batch: 'dynamic',
      }),
      traceModel(efficientnet({ name: 'b0' }), { mode: 'train', batch: 8 }),
    ].map((traced) => [total(traced), traced.layers.reduce((sum, l) => sum + l.multiplyAdds, 0)]);
    expect(counts[0]).toEqual(counts[1]);
  });

  it("has timm's names in a block with expansion and in one without", () => {
    const traced = traceModel(efficientnet({ name: 'b0' }), eval1);
    expect(namesIn(traced, 'blocks.1.0.').join('\n')).toMatchInlineSnapshot(`
      "conv_pw.weight [96,16,1,1]
      bn1.weight [96]
      bn1.bias [96]
      conv_dw.weight [96,1,3,3]
      bn2.weight [96]
      bn2.bias [96]
      se.conv_reduce.weight [4,96,1,1]
      se.conv_reduce.bias [4]
      se.conv_expand.weight [96,4,1,1]
      se.conv_expand.bias [96]
      conv_pwl.weight [24,96,1,1]
      bn3.weight [24]
      bn3.bias [24]
      bn1.running_mean [96]
      bn1.running_var [96]
      bn2.running_mean [96]
      bn2.running_var [96]
      bn3.running_mean [24]
      bn3.running_var [24]"
    `);
    expect(namesIn(traced, 'blocks.0.0.').join('\n')).toMatchInlineSnapshot(`
      "conv_dw.weight [32,1,3,3]
      bn1.weight [32]
      bn1.bias [32]
      se.conv_reduce.weight [8,32,1,1]
      se.conv_reduce.bias [8]
      se.conv_expand.weight [32,8,1,1]
      se.conv_expand.bias [32]
      conv_pw.weight [16,32,1,1]
      bn2.weight [16]
      bn2.bias [16]
      bn1.running_mean [32]
      bn1.running_var [32]
      bn2.running_mean [16]
      bn2.running_var [16]"
    `);
  });

  it('drops residual branches only, with a rate that grows over all blocks', () => {
    const traced = traceModel(efficientnet({ name: 'b0' }), { mode: 'train', batch: 2 });
    verifyGraph(traced.graph);
    expect(
      traced.noise.map(
        ({ name, keep, shape }) => `${name} ${keep.toFixed(4)} ${formatShape(shape)}`,
      ),
    ).toMatchInlineSnapshot(`
      [
        "noise.blocks.1.1.drop_path 0.9750 [2,1,1,1]",
        "noise.blocks.2.1.drop_path 0.9500 [2,1,1,1]",
        "noise.blocks.3.1.drop_path 0.9250 [2,1,1,1]",
        "noise.blocks.3.2.drop_path 0.9125 [2,1,1,1]",
        "noise.blocks.4.1.drop_path 0.8875 [2,1,1,1]",
        "noise.blocks.4.2.drop_path 0.8750 [2,1,1,1]",
        "noise.blocks.5.1.drop_path 0.8500 [2,1,1,1]",
        "noise.blocks.5.2.drop_path 0.8375 [2,1,1,1]",
        "noise.blocks.5.3.drop_path 0.8250 [2,1,1,1]",
        "noise.classifier.dropout 0.8000 [2,1280]",
      ]
    `);
  });

  it("numbers its parts as torchvision's, those that it has", () => {
    const model = defineModel({
      name: 'net',
      input: image(16, 8, 8),
      classes: 10,
      build: (x) => {
        x = mbConv(x, { name: 'full', out: 16, expand: 4, names: 'torchvision', survival: 0.8 });
        x = mbConv(x, { name: 'plain', out: 16, expand: 1, seRatio: 0, names: 'torchvision' });
        return classifier(x, { classes: 10 });
      },
    });
    const traced = traceModel(model, { mode: 'train', batch: 2 });
    const weights = traced.params.map(({ name }) => name).filter((name) => /weight$/.test(name));
    expect([...weights, ...traced.noise.map(({ name }) => name)]).toMatchInlineSnapshot(`
      [
        "full.block.0.0.weight",
        "full.block.0.1.weight",
        "full.block.1.0.weight",
        "full.block.1.1.weight",
        "full.block.2.fc1.weight",
        "full.block.2.fc2.weight",
        "full.block.3.0.weight",
        "full.block.3.1.weight",
        "plain.block.0.0.weight",
        "plain.block.0.1.weight",
        "plain.block.1.0.weight",
        "plain.block.1.1.weight",
        "classifier.weight",
        "noise.full.stochastic_depth",
      ]
    `);
  });
});
