import { describe, expect, it } from 'vitest';
import { shippedModels } from '../../src/models/index.js';
import { traceModel } from '../../src/nn/index.js';
import { staticSize } from '../../src/support/shape.js';

/** Parameters of the EfficientNets with 1,000 classes, as published and as torchvision's. */
const published: Readonly<Record<string, number>> = {
  b0: 5_288_548,
  b1: 7_794_184,
  b2: 9_109_994,
  b3: 12_233_232,
  b4: 19_341_616,
  b5: 30_389_784,
  b6: 43_040_704,
  b7: 66_347_960,
  b8: 87_413_142,
  l0: 140_764_664,
  l1: 272_630_564,
  l2: 480_309_308,
};

describe('the shipped EfficientNets', () => {
  it.each(Object.entries(published))(
    '%s has %d parameters, however it is named',
    (scale, count) => {
      const variants = shippedModels.filter(({ name }) => name.endsWith(`efficientnet_${scale}`));
      expect(variants.length).toBeGreaterThanOrEqual(2);
      for (const { model } of variants) {
        const { params } = traceModel(model, { mode: 'eval', batch: 1 });
        expect(params.reduce((sum, { shape }) => sum + staticSize(shape), 0)).toBe(count);
      }
    },
  );
});
