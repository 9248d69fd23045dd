import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluationFraming } from '../../../src/data/pixels/framing.js';
import { findShippedModel } from '../../../src/language/models/registry.js';
import { image } from '../../../src/language/nn/index.js';
import { viewOf } from '../../../src/support/imageView.js';
import { repositoryRoot } from '../../support/paths.js';

interface Published {
  readonly name: string;
  readonly interpolation: string;
  readonly resize: number;
  readonly crop: number;
}

const file = join(repositoryRoot, 'test/goldens/resize/images.json');
const { published } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly published: readonly Published[];
};

/** The short side that a shipped model's evaluation resizes to, at a size, and how. */
function evaluationOf(name: string, size?: number) {
  const input = findShippedModel(name)?.model.input ?? image(3, 1, 1);
  const [channels, own] = input.shape;
  const side = size ?? own;
  const view = viewOf([channels, side, side], input, input.mean);
  const square = { width: 1000, height: 1000 };
  const { whole, window } = evaluationFraming(square, { width: side, height: side }, view);
  const { interpolation, crop } = view;
  return { interpolation, crop, resize: whole.width, size: window.width };
}

describe('shipped models are evaluated as published', () => {
  it.each(published)('$name by torchvision', ({ name, interpolation, resize, crop }) => {
    const own = name.startsWith('ResNet') ? name.toLowerCase() : `tv_${name.toLowerCase()}`;
    // torchvision evaluates B2 at another size than it is trained at.
    const size = name === 'EfficientNet_B2' ? 288 : undefined;
    const found = evaluationOf(own, size);
    expect(found).toEqual({ interpolation, crop: 'centre', resize, size: crop });
  });

  it.each([
    ['b0', 256],
    ['b1', 272],
    ['b2', 292],
    ['b3', 331],
    ['b4', 412],
    ['b5', 488],
    ['b6', 560],
    ['b7', 632],
    ['b8', 704],
    ['l2', 507],
  ])("tf_efficientnet_%s by timm, and efficientnet but for timm's own weights", (scale, resize) => {
    const tensorflow = evaluationOf(`tf_efficientnet_${scale}`);
    expect(tensorflow).toMatchObject({ interpolation: 'bicubic', resize });
    const all = ['b1', 'b2', 'b3', 'b4'].includes(scale);
    const own = { ...tensorflow, ...(all && { resize: tensorflow.size }) };
    expect(evaluationOf(`efficientnet_${scale}`)).toEqual(own);
  });

  it('whole where they are small', () => {
    expect(evaluationOf('resnet20_cifar').crop).toBe('squash');
    expect(evaluationOf('efficientnet_b0_32').crop).toBe('squash');
    expect(evaluationOf('resnet50', 64).crop).toBe('squash');
  });
});

describe('image()', () => {
  it('keeps the choices that are made, and no others', () => {
    const chosen = image(3, 64, 64, { crop: 'pad', interpolation: 'lanczos', pixels: 'stored' });
    expect(chosen).toMatchObject({ crop: 'pad', interpolation: 'lanczos', pixels: 'stored' });
    expect(Object.keys(image(3, 8, 8))).toEqual(['kind', 'shape', 'mean', 'std']);
  });

  it.each([
    [{ cropPct: 1.2 }, /cropPct 1\.2$/],
    [{ cropPct: 0.9, crop: 'squash' } as const, /cropPct 0\.9 with crop 'squash'/],
    [{ interpolation: 'bicubik' as 'bicubic' }, /"bicubik" is not one of nearest, box/],
    [{ crop: 'center' as 'centre' }, /"center" is not one of centre, squash, pad/],
  ])('refuses %j', (options, message) => {
    expect(() => image(3, 8, 8, options)).toThrow(message);
  });

  it('takes a cropPct of a small model as a crop of the middle', () => {
    const input = image(3, 64, 64, { cropPct: 0.5 });
    expect(viewOf(input.shape, input)).toMatchObject({ crop: 'centre', cropPct: 0.5 });
  });
});
