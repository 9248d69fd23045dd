import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileModel } from '../../../src/training/build/compileModel.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { importWeights } from '../../../src/training/weights/importWeights.js';
import { Labeller } from '../../../src/training/labelling/labeller.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { brightModule, brightTeacher } from '../../support/brightNet.js';
import { suiteFolder } from '../../support/folder.js';

const folder = suiteFolder();
const model = join(folder, 'bright.model.ts');
const imported = join(folder, 'imported');
const onnx = (name: string) => join(folder, `${name}.onnx`);

const operators = (name: string) =>
  readModel(readFileSync(onnx(name))).graph.nodes.map(({ opType }) => opType);

/** Code that leaves a trace if it runs. */
const trap = (path: string) =>
  `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(path)}, '');\n`;

beforeAll(async () => {
  writeFileSync(model, brightModule);
  const trained = brightTeacher(join(folder, 'trained'));
  const weights = join(folder, 'weights.safetensors');
  await exportModel(trained.checkpoint, { model: trained.model, out: weights });
  await importWeights(weights, { model, out: imported });
});

describe('the network of a checkpoint', () => {
  it('is evaluated and exported from its record, without running its model file', async () => {
    const ran = join(folder, 'ran');
    await exportModel(imported, { model, out: onnx('by-code') });
    appendFileSync(model, trap(ran));
    await exportModel(imported, { out: onnx('by-record') });
    const labeller = await Labeller.create(imported, { batch: 2, threads: 1, device: 'cpu' });
    await labeller.close();
    expect(existsSync(ran)).toBe(false);
    expect(operators('by-record')).toEqual(operators('by-code'));
    rmSync(model);
    await exportModel(imported, { out: onnx('without-code') });
    writeFileSync(model, brightModule);
  });

  it('runs no model file from within the checkpoint unless it is named or trusted', async () => {
    const [hostile, ran] = [join(folder, 'hostile'), join(folder, 'ran')];
    cpSync(imported, hostile, { recursive: true });
    rmSync(join(hostile, 'architecture.json'));
    const inside = join(hostile, 'bright.model.ts');
    writeFileSync(inside, `${trap(ran)}${brightModule}`);
    const state = JSON.parse(readFileSync(join(hostile, 'state.json'), 'utf8')) as {
      config: { model: string };
    };
    state.config.model = 'bright.model.ts';
    writeFileSync(join(hostile, 'state.json'), JSON.stringify(state));
    const out = onnx('hostile');
    await expect(exportModel(hostile, { out })).rejects.toMatchObject({
      name: 'ArtifactError',
      code: 'untrusted-model',
      where: inside,
    });
    expect(existsSync(ran)).toBe(false);
    await exportModel(hostile, { out, trust: true });
    expect(existsSync(ran)).toBe(true);
    await exportModel(hostile, { out, model });
  });

  it('is not taken from a model file that has changed since the training', async () => {
    const run = join(folder, 'runs', 'r');
    const checkpoint = join(run, 'checkpoints', 'step-00000000');
    cpSync(imported, checkpoint, { recursive: true });
    rmSync(join(checkpoint, 'architecture.json'));
    await compileModel(model, { artifacts: ['infer'], out: join(run, 'artifacts') });
    writeFileSync(model, `// edited\n${brightModule}`);
    await exportModel(checkpoint, { out: onnx('recorded') });
    rmSync(join(run, 'artifacts', 'architecture.json'));
    await expect(exportModel(checkpoint, { out: onnx('changed') })).rejects.toMatchObject({
      code: 'untrusted-model',
    });
  });
});
