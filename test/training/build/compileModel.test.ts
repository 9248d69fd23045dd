import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { compileModel, writeCompiled } from '../../../src/training/build/compileModel.js';
import { parseManifest } from '../../../src/contract/manifest.js';
import { ConfigError } from '../../../src/support/errors.js';
import { sourceKey, sourceOf } from '../../../src/compiler/onnx/model.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { readSafetensors } from '../../../src/runtime/storage/safetensors.js';
import { temporaryFolder } from '../../support/folder.js';
import { tinyNet } from '../../support/tinyDigits.js';

const source = `import { classifier, conv2d, defineModel, image, relu } from 'gradus';

export default defineModel({
  name: 'two-layers',
  input: image(1, 8, 8),
  classes: 3,
  build(x, { classes }) {
    const options = { name: 'conv', out: 4, kernel: 3 } as const;
    x = relu(conv2d(x, options));
    return classifier(x, { classes, dropout: 0.1 });
  },
});
`;

function modelFile(): string {
  const path = join(temporaryFolder(), 'two.model.ts');
  writeFileSync(path, source);
  return path;
}

describe('compiling a model file', () => {
  it.each([17, 21])(
    'leads from a node back to the line that made it, at opset %i',
    async (opset) => {
      const { artifacts } = await compileModel(modelFile(), {
        artifacts: ['train'],
        opset,
        batch: 2,
      });
      const { graph } = readModel(artifacts.train?.onnx.bytes ?? new Uint8Array());
      const places = new Map(graph.nodes.map((node) => [node.name, sourceOf(node) ?? '']));
      const [line, column] = (places.get('conv/conv/Conv') ?? '').split(':').slice(-2).map(Number);
      expect(places.get('conv/conv/Conv')).toContain('two.model.ts');
      expect(source.split('\n')[(line ?? 0) - 1]?.slice((column ?? 0) - 1)).toMatch(/^conv2d\(x/);
      const gradients = [...places].filter(([name]) => name.startsWith('backward/conv/'));
      expect(gradients.length).toBeGreaterThan(0);
      for (const [name, place] of gradients) expect(place, name).toBe(places.get('conv/conv/Conv'));
      // metadata_props is there from IR version 10 on, which opset 21 takes; below it is doc_string.
      const node = graph.nodes.find(({ name }) => name === 'conv/conv/Conv');
      expect([node?.docString, node?.metadata]).toEqual(
        opset >= 21
          ? ['', { [sourceKey]: places.get('conv/conv/Conv') }]
          : [places.get('conv/conv/Conv'), {}],
      );
      const linear = [...places].find(([name]) => name.startsWith('classifier/'))?.[1] ?? '';
      expect(linear).toMatch(/two\.model\.ts:10:\d+$/);
    },
  );

  it('tells a type error, which is found while the graphs are made, and writes nothing', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'two.model.ts');
    const harmless = source.replace('as const;', "as const;\n    const unused: number = 'three';");
    const fatal = source.replace('out: 4', "out: 'four'");
    for (const text of [harmless, fatal]) {
      writeFileSync(path, text);
      const out = join(folder, 'out');
      await expect(compileModel(path, { out, batch: 2 })).rejects.toMatchObject({
        code: 'type-error',
        where: { line: 9 },
      });
      expect(readdirSync(folder)).toEqual(['two.model.ts']);
    }
  });

  it('writes what the manifest names, the initial weights and a typed module', async () => {
    const out = join(temporaryFolder(), 'deep/out');
    const { files, manifest, initial } = await compileModel(modelFile(), {
      out,
      artifacts: 'all',
      seed: 3,
    });
    expect(files.map(({ name }) => name).toSorted()).toEqual(readdirSync(out).toSorted());
    for (const { name, bytes } of files)
      expect(readFileSync(join(out, name)), name).toHaveLength(bytes);
    const written = parseManifest(
      readFileSync(join(out, 'manifest.json'), 'utf8'),
      'manifest.json',
    );
    expect(written).toEqual(manifest);
    expect(Object.values(written.artifacts)).toHaveLength(7);
    for (const { file } of Object.values(written.artifacts))
      expect(readdirSync(out)).toContain(file);
    expect(readSafetensors(join(out, 'init.safetensors'))).toEqual(initial.held());
    const other = await compileModel(modelFile(), { seed: 4 });
    expect(other.initial.get('conv.weight')).not.toEqual(initial.get('conv.weight'));
    expect(other.manifest.architectureHash).toBe(manifest.architectureHash);
  });

  it('gives the same bytes each time', async () => {
    const path = modelFile();
    const [first, again] = [await compileModel(path), await compileModel(path)];
    expect(again.manifest).toEqual(first.manifest);
    expect(again.artifacts).toEqual(first.artifacts);
  });
});

describe('compiling a model', () => {
  it('writes big weights beside it, where onnxruntime finds them', async () => {
    const compiled = await compileModel(tinyNet({ channels: 16 }), {
      artifacts: ['infer'],
      batch: 1,
    });
    const inside = compiled.artifacts.infer?.onnx.bytes ?? new Uint8Array();
    const onnx = writeModel(readModel(inside), {
      externalName: 'infer.onnx.data',
      maxBytes: 4000,
      externalThreshold: 128,
    });
    const sizes = onnx.external?.chunks.map(({ bytes }) => bytes.length) ?? [];
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(128);
    const out = temporaryFolder();
    const files = writeCompiled(out, {
      ...compiled,
      artifacts: { infer: { file: 'infer.onnx', onnx } },
    });
    expect(files.find(({ name }) => name === 'infer.onnx.data')?.bytes).toBe(
      readFileSync(join(out, 'infer.onnx.data')).length,
    );
    // Each was renamed into place.
    expect(readdirSync(out).toSorted()).toEqual(files.map(({ name }) => name).toSorted());
    const pixels = new Tensor('float32', new Float32Array(64).fill(0.5), [1, 1, 8, 8]);
    const logits = async (session: InferenceSession) =>
      (await session.run({ image: pixels }))['logits']?.data;
    const found = await logits(await InferenceSession.create(join(out, 'infer.onnx')));
    const wanted = await logits(await InferenceSession.create(inside));
    expect(found).toEqual(wanted);
  });

  it('records each pass and each choice of a spelling on request', async () => {
    const dumpIr = join(temporaryFolder(), 'ir');
    const { explanation = [] } = await compileModel(modelFile(), {
      artifacts: ['infer', 'forward'],
      dumpIr,
      explain: true,
    });
    const passes = ['00-start', '01-dce', '02-fold', '03-simplify', '04-cse', '05-dce'];
    expect(readdirSync(dumpIr).toSorted()).toEqual(
      ['forward', 'infer'].flatMap((kind) => passes.map((pass) => `${kind}-${pass}.txt`)),
    );
    expect(readFileSync(join(dumpIr, 'infer-05-dce.txt'), 'utf8')).toMatch(
      /= conv\(.*# conv .*two\.model\.ts:9:\d+$/m,
    );
    expect(explanation).toContain('infer: conv/conv (conv): portable');
    expect(explanation.find((line) => line.includes('(dropout)'))).toMatch(
      /^forward: .*: forward$/,
    );
  });

  it('explains which rewrites left a node alone', async () => {
    const request = { target: 'cpu', batch: 2, explain: true } as const;
    const { explanation } = await compileModel(tinyNet(), { ...request, artifacts: ['grad'] });
    expect(explanation).toContain(
      'grad: bn/batchNormTrain (batchNormTrain): pointwiseMoments declined: its convolution is not 1x1',
    );
  });

  it('takes another size, number of classes and rates than the model has', async () => {
    const { manifest } = await compileModel(tinyNet(), {
      size: 12,
      classes: 7,
      drop: 0.5,
      dropPath: 0.25,
      artifacts: ['train'],
    });
    expect(manifest).toMatchObject({ image: [1, 12, 12], classes: 7 });
    const noise = manifest.artifacts.train?.inputs.filter(({ role }) => role === 'noise');
    expect(noise?.map(({ keep, survival }) => keep ?? survival).toSorted()).toEqual([0.5, 0.75]);
  });

  it('refuses an opset that it cannot write', async () => {
    const failing = compileModel(tinyNet(), { opset: 16 });
    await expect(failing).rejects.toThrow(ConfigError);
    await expect(failing).rejects.toMatchObject({
      hint: 'allowed: 17, 18, 19, 20, 21, 22, 23, 24',
    });
  });
});
