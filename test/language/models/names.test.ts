import { describe, expect, it } from 'vitest';
import {
  parameterNames,
  shippedModels,
  translateName,
  type ShippedModel,
} from '../../../src/language/models/index.js';
import { shippedModel, traced } from './measure.js';

const sets = ['timm', 'torchvision'] as const;

function nativeNames({ model }: ShippedModel): string[] {
  const { params, buffers } = traced(model);
  return [...params, ...buffers].map(({ name }) => name);
}

describe('the names of every shipped model', () => {
  it.each(shippedModels)('$name translate one to one, all of them', (shipped) => {
    for (const set of sets) {
      const table = parameterNames(shipped, set);
      expect([...table.keys()]).toEqual(nativeNames(shipped));
      expect(new Set(table.values()).size).toBe(table.size);
    }
    const own = parameterNames(shipped, shipped.names);
    expect([...own.values()]).toEqual([...own.keys()]);
  });
});

describe('translateName', () => {
  const b0 = shippedModel('efficientnet_b0');

  it('finds stem, blocks with and without expansion, gates, head and classifier', () => {
    const translated = [
      'conv_stem.weight',
      'blocks.0.0.conv_dw.weight',
      'blocks.0.0.conv_pw.weight',
      'blocks.0.0.bn2.running_var',
      'blocks.3.1.conv_pw.weight',
      'blocks.3.1.bn1.bias',
      'blocks.3.1.se.conv_expand.bias',
      'blocks.3.1.conv_pwl.weight',
      'conv_head.weight',
      'bn2.running_mean',
      'classifier.bias',
    ].map((name) => translateName(name, b0, 'torchvision'));
    expect(translated).toMatchInlineSnapshot(`
      [
        "features.0.0.weight",
        "features.1.0.block.0.0.weight",
        "features.1.0.block.2.0.weight",
        "features.1.0.block.2.1.running_var",
        "features.4.1.block.0.0.weight",
        "features.4.1.block.0.1.bias",
        "features.4.1.block.2.fc2.bias",
        "features.4.1.block.3.0.weight",
        "features.8.0.weight",
        "features.8.1.running_mean",
        "classifier.1.bias",
      ]
    `);
  });

  it('leads back by way of the model with the other names', () => {
    const tv = shippedModel('tv_efficientnet_b0');
    for (const name of nativeNames(b0))
      expect(translateName(translateName(name, b0, 'torchvision'), tv, 'timm')).toBe(name);
  });

  it('leaves the names of a ResNet alone, which both sets share', () => {
    const name = 'layer2.0.downsample.1.running_var';
    for (const set of sets) expect(translateName(name, shippedModel('resnet50'), set)).toBe(name);
  });

  it('refuses a name that the model lacks, and knows the nearest', () => {
    expect(() => translateName('conv_stm.weight', b0, 'torchvision')).toThrow(
      expect.objectContaining({
        code: 'no-such-parameter',
        message: 'efficientnet_b0 has no parameter or batch statistic conv_stm.weight',
        hint: 'did you mean conv_stem.weight?',
      }),
    );
  });
});
