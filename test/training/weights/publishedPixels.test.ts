import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withNetwork } from '../../../src/training/weights/checkpointNetwork.js';
import { importWeights } from '../../../src/training/weights/importWeights.js';
import { publishedPixels } from '../../../src/training/weights/publishedPixels.js';
import { viewOfModel } from '../../../src/training/record/trainingData.js';
import { compile } from '../../../src/compiler/compile/compile.js';
import { writeSafetensors } from '../../../src/runtime/storage/safetensors.js';
import { temporaryFolder } from '../../support/folder.js';
import { tinyNet } from '../../support/tinyDigits.js';

/** As timm writes config.json of a hub folder. */
const stated = {
  input_size: [3, 224, 224],
  test_input_size: [3, 256, 256],
  crop_pct: 0.9,
  test_crop_pct: 1,
  crop_mode: 'center',
  interpolation: 'bilinear',
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.2, 0.2],
};

function beside(config: unknown) {
  const folder = temporaryFolder();
  const file = join(folder, 'config.json');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  return { path: join(folder, 'model.safetensors'), metadata: {}, file };
}

function read(cfg: unknown, size?: number) {
  return publishedPixels(beside({ architecture: 'x', pretrained_cfg: cfg }), 3, size);
}

describe('pixels as the publisher of weights states them', () => {
  it('are those of the test, or of the training at its size', () => {
    const { mean, std } = stated;
    const choices = { mean, std, interpolation: 'bilinear', crop: 'centre', cropPct: 1 };
    expect(read(stated)).toMatchObject({ size: 256, choices, warnings: [] });
    expect(read(stated, 224)?.choices.cropPct).toBe(0.9);
    expect(publishedPixels(beside(stated), 3, undefined)?.choices).toEqual(choices);
  });

  it('may be in the header of the file, and are none where neither has them', () => {
    const metadata = { pretrained_cfg: JSON.stringify({ crop_pct: 0.8 }) };
    const none = { path: join(temporaryFolder(), 'model.safetensors'), metadata: {} };
    expect(publishedPixels(none, 3, undefined)).toBeUndefined();
    expect(publishedPixels({ ...none, metadata }, 3, undefined)).toEqual({
      ...{ from: none.path, size: undefined, warnings: [] },
      choices: { crop: 'centre', cropPct: 0.8 },
    });
    expect(publishedPixels(beside({ id2label: {} }), 3, undefined)).toBeUndefined();
  });

  it('say what has no equal here', () => {
    const found = read({
      ...{ input_size: [3, 224, 200], interpolation: 'hamming' },
      ...{ crop_mode: 'border', crop_pct: 0.9 },
    });
    expect(found).toMatchObject({ size: undefined, choices: { crop: 'pad' } });
    expect(found?.warnings.map((text) => text.replace(/.*config.json: /, ''))).toEqual([
      'input_size 224x200 is not square',
      'interpolation hamming is not known',
      'crop_pct 0.9 with crop_mode border is read as 1',
    ]);
  });

  it.each([
    [{ ...stated, crop_pct: 87.5 }, /crop_pct/],
    [{ ...stated, mean: [0.5] }, /mean: 1 numbers for 3 channels/],
    [{ ...stated, std: [0, 1, 1] }, /std/],
    [{ ...stated, input_size: 224 }, /input_size/],
    ['{"crop_pct": ', /not JSON/],
  ])('are refused where they cannot be: %#', (config, note) => {
    const { file, ...weights } = beside(config);
    expect(() => publishedPixels(weights, 3, undefined)).toThrow(
      expect.objectContaining({
        ...{ code: 'published-pixels', where: file },
        notes: [expect.stringMatching(note) as string],
      }) as Error,
    );
  });

  it('are kept with the checkpoint, which gives its images so', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'model.safetensors');
    const model = tinyNet();
    writeSafetensors(file, compile(model, { artifacts: ['init'], seed: 3 }).initial);
    const pretrained_cfg = {
      ...{ input_size: [1, 12, 12], crop_pct: 0.75, interpolation: 'bilinear' },
      ...{ mean: [0.25], std: [0.5] },
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ pretrained_cfg }));
    const out = join(folder, 'checkpoint');
    const { pixels } = await importWeights(file, { model, out });
    expect(pixels).toMatchObject({ size: 12, choices: { cropPct: 0.75 } });
    const seen = await withNetwork(out, { model }, ({ loaded, network }) => ({
      image: network.image,
      mean: loaded.model.input.mean,
      std: loaded.model.input.std,
      view: viewOfModel(loaded.model, network.image),
    }));
    expect(seen).toMatchObject({ image: [1, 12, 12], mean: [0.25], std: [0.5] });
    expect(seen.view).toMatchObject({ interpolation: 'bilinear', crop: 'centre', cropPct: 0.75 });
  });
});
