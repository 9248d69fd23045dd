import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { enterSite, leaveSite } from '../../../src/compiler/trace/callSites.js';
import * as nn from '../../../src/language/nn/index.js';
import type { Value } from '../../../src/language/nn/index.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { formatShape } from '../../../src/support/shape.js';
import { namedValue } from '../../support/namedValue.js';

const gated = nn.defineLayer('gated', (x: Value, { out }: { out: number }) =>
  nn.mul(nn.linear(x, { name: 'value', out }), nn.sigmoid(nn.linear(x, { name: 'gate', out }))),
);

const scaled = nn.defineLayer('scaled', (x: Value) =>
  nn.mul(
    x,
    nn.parameter(x, { name: 'gamma', shape: [12], init: { kind: 'constant', value: 0.5 } }),
  ),
);

const merged = nn.defineLayer('merged', ([a, b]: readonly [Value, Value]) =>
  nn.linear(nn.concat([a, b]), { name: 'fc', out: 12 }),
);

const mixed = nn.defineModel({
  name: 'mixed',
  input: nn.image(2, 6, 6),
  classes: 5,
  drop: 0.1,
  dropPath: 0.4,
  build(x, { classes, drop, dropPath }) {
    x = nn.convBnAct(x, { name: 'stem', out: 12, kernel: 3, stride: 2, act: nn.relu });
    x = nn.scope(x, 'stages.0', (y) =>
      nn.residual(y, (z) => nn.squeezeExcite(z, { reduced: 3 }), {
        name: 'block',
        survival: 1 - dropPath,
      }),
    );
    const left = gated(nn.globalAvgPool(x), { out: 12 });
    const right = scaled(nn.globalMaxPool(x), { name: 'right' });
    x = nn.dropout(merged([left, right]), { rate: drop });
    return nn.linear(x, { name: 'head', out: classes });
  },
});

const train = { mode: 'train', batch: 'dynamic' } as const;

describe('a network of library and own layers', () => {
  it('has stable dotted names, in order, with shapes and decay', () => {
    const { params, buffers } = nn.traceModel(mixed, train);
    const lines = params.map(
      ({ name, shape, decay }) => `${name} ${formatShape(shape)}${decay ? ' decays' : ''}`,
    );
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "stem.conv.weight [12,2,3,3] decays
      stem.bn1.weight [12]
      stem.bn1.bias [12]
      stages.0.block.se.conv_reduce.weight [3,12,1,1] decays
      stages.0.block.se.conv_reduce.bias [3]
      stages.0.block.se.conv_expand.weight [12,3,1,1] decays
      stages.0.block.se.conv_expand.bias [12]
      gated.value.weight [12,12] decays
      gated.value.bias [12]
      gated.gate.weight [12,12] decays
      gated.gate.bias [12]
      right.gamma [12]
      merged.fc.weight [12,24] decays
      merged.fc.bias [12]
      head.weight [5,12] decays
      head.bias [5]"
    `);
    expect(buffers.map(({ name }) => name)).toMatchInlineSnapshot(`
      [
        "stem.bn1.running_mean",
        "stem.bn1.running_var",
      ]
    `);
  });

  it('declares the same parameters in either mode, for every batch and rate', () => {
    const names = [
      train,
      { mode: 'eval', batch: 4 } as const,
      { mode: 'train', batch: 3, drop: 0, dropPath: 0 } as const,
    ].map((options) => {
      const { params, layers } = nn.traceModel(mixed, options);
      return [params.map(({ name }) => name), layers.map(({ name, kind }) => [name, kind])];
    });
    expect(names[1]).toEqual(names[0]);
    expect(names[2]).toEqual(names[0]);
  });

  it('draws noise in training only, each mask under the hash of its own name', () => {
    expect(nn.traceModel(mixed, { mode: 'eval', batch: 2 }).noise).toEqual([]);
    const { noise, graph } = nn.traceModel(mixed, train);
    const masks = noise.map(
      ({ name, kind, keep, shape }) => `${name} ${kind} ${keep} ${formatShape(shape)}`,
    );
    expect(masks.join('\n')).toMatchInlineSnapshot(`
      "noise.stages.0.block.drop_path stochasticDepth 0.6 [N,1,1,1]
      noise.dropout dropout 0.9 [N,12]"
    `);
    for (const { name, siteName, site, shape } of noise) {
      expect(name).toBe(`noise.${siteName}`);
      expect(site).toBe(fnv1a32(siteName));
      expect(graph.findInput(name)?.shape).toEqual(shape);
    }
  });

  it('lists its layers with shapes, parameters and multiply-adds of one image', () => {
    const { layers } = nn.traceModel(mixed, { mode: 'eval', batch: 7 });
    const table = layers.map(
      ({ name, kind, inputShapes, outputShape, params, multiplyAdds, rate }) =>
        `${name} (${kind}) ${inputShapes.map(formatShape).join(' ')} -> ${formatShape(outputShape)} ${params.length} ${multiplyAdds}${rate === undefined ? '' : ` rate ${rate}`}`,
    );
    expect(table.join('\n')).toMatchInlineSnapshot(`
      "stem.conv (conv2d) [7,2,6,6] -> [7,12,3,3] 1 1944
      stem.bn1 (batchNorm) [7,12,3,3] -> [7,12,3,3] 2 0
      stem.relu (relu) [7,12,3,3] -> [7,12,3,3] 0 0
      stages.0.block.se.globalAvgPool (globalAvgPool) [7,12,3,3] -> [7,12,1,1] 0 0
      stages.0.block.se.conv_reduce (conv2d) [7,12,1,1] -> [7,3,1,1] 2 36
      stages.0.block.se.silu (silu) [7,3,1,1] -> [7,3,1,1] 0 0
      stages.0.block.se.conv_expand (conv2d) [7,3,1,1] -> [7,12,1,1] 2 36
      stages.0.block.se.sigmoid (sigmoid) [7,12,1,1] -> [7,12,1,1] 0 0
      stages.0.block.se.mul (mul) [7,12,3,3] [7,12,1,1] -> [7,12,3,3] 0 0
      stages.0.block.drop_path (stochasticDepth) [7,12,3,3] -> [7,12,3,3] 0 0 rate 0.4
      stages.0.block.add (add) [7,12,3,3] [7,12,3,3] -> [7,12,3,3] 0 0
      globalAvgPool (globalAvgPool) [7,12,3,3] -> [7,12] 0 0
      gated.value (linear) [7,12] -> [7,12] 2 144
      gated.gate (linear) [7,12] -> [7,12] 2 144
      gated.sigmoid (sigmoid) [7,12] -> [7,12] 0 0
      gated.mul (mul) [7,12] [7,12] -> [7,12] 0 0
      globalMaxPool (globalMaxPool) [7,12,3,3] -> [7,12] 0 0
      right.gamma (parameter)  -> [12] 1 0
      right.mul (mul) [7,12] [12] -> [7,12] 0 0
      merged.concat (concat) [7,12] [7,12] -> [7,24] 0 0
      merged.fc (linear) [7,24] -> [7,12] 2 288
      dropout (dropout) [7,12] -> [7,12] 0 0 rate 0.1
      head (linear) [7,12] -> [7,5] 2 60"
    `);
  });

  it('leads each node back to its layer and to the line of the user', () => {
    const line = (number: number, build: () => Value): Value =>
      leaveSite(enterSite({ file: 'a.ts', line: number, column: 1 }), build());
    const model = nn.defineModel({
      name: 'two-lines',
      input: nn.image(1, 4, 4),
      classes: 2,
      build(x) {
        const y = line(3, () => nn.convBnAct(x, { name: 'stem', out: 2, kernel: 3 }));
        return line(4, () => nn.classifier(y, { classes: 2 }));
      },
    });
    const { graph, layers } = nn.traceModel(model, { mode: 'eval', batch: 1 });
    expect(graph.nodes.map(({ op, origin }) => `${op.name} ${origin.scope} ${origin.site?.line}`))
      .toMatchInlineSnapshot(`
      [
        "conv stem.conv 3",
        "batchNormInference stem.bn1 3",
        "silu stem.silu 3",
        "reduceMean globalAvgPool 4",
        "matmul classifier 4",
        "add classifier 4",
      ]
    `);
    expect(layers.map(({ site }) => site?.line)).toEqual([3, 3, 3, 4, 4, 4]);
  });
});

describe('an image', () => {
  const model = nn.defineModel({
    name: 'pixels',
    input: nn.image(3, 1, 2, { mean: [0.5, 0, 0.25], std: [0.5, 1, 0.25] }),
    classes: 6,
    build: nn.flatten,
  });

  it('of bytes in NHWC order is normalised in the graph', () => {
    const { graph } = nn.traceModel(model, {
      mode: 'eval',
      batch: 'dynamic',
      dtype: 'float64',
      imageFormat: 'uint8-nhwc',
    });
    const image = namedValue(graph, 'image');
    expect([image.dtype, formatShape(image.shape)]).toEqual(['uint8', '[N,1,2,3]']);
    const bytes = ndarray([1, 1, 2, 3], [255, 51, 0, 0, 255, 255]);
    const y = evaluate(graph, new Map([['image', bytes]])).get('logits');
    const expected = [1, -1, 0.2, 1, -1, 3];
    expected.forEach((v, i) => expect(y?.data[i]).toBeCloseTo(v, 6));
  });

  it('takes another size, and the classes that go with it', () => {
    const traced = nn.traceModel(model, { ...train, image: [1, 4, 4], classes: 16 });
    const { shape } = namedValue(traced.graph, 'image');
    expect([formatShape(shape), traced.imageShape, traced.classes]).toEqual([
      '[N,1,4,4]',
      [1, 4, 4],
      16,
    ]);
  });
});

it('tells a model from anything else', () => {
  expect(nn.isModel(mixed)).toBe(true);
  for (const other of [undefined, null, 3, {}, { ...mixed, build: 1, name: 'x' }.build])
    expect(nn.isModel(other)).toBe(false);
});

it('decays survival from block 0 on, as EfficientNet', () => {
  expect(nn.linearDecay(4, 0.8).map((v) => Number(v.toFixed(4)))).toEqual([1, 0.95, 0.9, 0.85]);
});

it('decays survival to that of the last block, counted from 1, as the stochastic-depth ResNets', () => {
  const survivals = nn.linearDecay(4, 0.8, { from: 1 });
  expect(survivals.map((v) => Number(v.toFixed(4)))).toEqual([0.95, 0.9, 0.85, 0.8]);
});
