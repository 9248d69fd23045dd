import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectModelFile } from '../../../src/tools/inspect/inspect.js';
import { loadModel, modelPath } from '../../../src/language/frontend/loadModel.js';
import { temporaryFolder } from '../../support/folder.js';

const source = `import { efficientnet, efficientnetScales, findShippedModel } from 'gradus/models';

const wide = findShippedModel('wrn_28_2');
if (wide === undefined) throw new Error('it is shipped');
export default efficientnet({
  ...efficientnetScales.b1,
  name: 'narrow_b1',
  width: 0.5,
  classes: wide.model.classes,
});
`;

/** Runs `body` with a folder as the working folder. */
async function within<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await body();
  } finally {
    process.chdir(before);
  }
}

describe('a model', () => {
  it('is found by the name of a shipped one', async () => {
    const { model, source: from } = await loadModel('efficientnet_b0');
    expect([model.name, model.classes, from]).toEqual(['efficientnet_b0', 1000, 'efficientnet_b0']);
  });

  it('may be built by a file from what gradus/models exports', async () => {
    const path = join(temporaryFolder(), 'narrow.model.ts');
    writeFileSync(path, source);
    const { name, layers } = await inspectModelFile(path);
    expect(name).toBe('narrow_b1');
    expect(layers.at(-1)).toMatchObject({ name: 'classifier', outputShape: ['N', 10] });
  });

  it('is a file from the folder of a config before it is a shipped one', () => {
    const folder = temporaryFolder();
    expect(modelPath('wrn_28_2', folder)).toBe('wrn_28_2');
    expect(modelPath('./wrn_28_2', folder)).toBe(join(folder, 'wrn_28_2'));
    expect(modelPath('my.model.ts', folder)).toBe(join(folder, 'my.model.ts'));
    // A folder of that name is most likely what was compiled from the model.
    mkdirSync(join(folder, 'resnet18'));
    expect(modelPath('resnet18', folder)).toBe('resnet18');
    writeFileSync(join(folder, 'wrn_28_2'), source);
    expect(modelPath('wrn_28_2', folder)).toBe(join(folder, 'wrn_28_2'));
  });

  it('is a file of the working folder before it is a shipped one', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'resnet18'), source);
    const loading = within(folder, () => loadModel('resnet18'));
    await expect(loading).rejects.toThrow('resnet18 is not a model file');
  });

  it.each([
    ['eficientnet_b0', 'did you mean efficientnet_b0?'],
    ['efficientnet-b0', 'did you mean efficientnet_b0?'],
    ['wrn_28_3', 'did you mean wrn_28_2?'],
    [
      'transformer',
      'name a model file, such as my.model.ts, or a shipped model, such as efficientnet_b0',
    ],
  ])('named %s is refused with the nearest', async (name, hint) => {
    await expect(loadModel(name)).rejects.toThrow(
      expect.objectContaining({
        message: `${name} is neither a file nor a shipped model`,
        hint,
      }),
    );
  });
});

describe('inspecting a shipped model', () => {
  it('takes classes, size and rates from the caller', async () => {
    const { parameters, multiplyAdds, layers } = await inspectModelFile('efficientnet_b0', {
      classes: 10,
      size: 64,
      drop: 0.5,
      dropPath: 0.4,
    });
    // The published count less 990 rows of the classifier.
    expect(parameters).toBe(5_288_548 - 990 * 1281);
    expect(multiplyAdds).toBeLessThan(40e6);
    const rate = (name: string): number | undefined =>
      layers.find((layer) => layer.name === name)?.rate;
    expect(rate('classifier.dropout')).toBe(0.5);
    expect(rate('blocks.5.3.drop_path')).toBeCloseTo((0.4 * 14) / 16, 12);
  });
});
