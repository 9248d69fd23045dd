import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/contract/manifest.js';
import { compile, type CompileOptions } from '../../../src/compiler/compile/compile.js';
import {
  defineModel,
  flatten,
  image,
  linear,
  stochasticDepth,
} from '../../../src/language/nn/index.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { repositoryRoot } from '../../support/paths.js';
import { requirePython, runPython } from '../../support/python.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { relativeError, tolerances } from '../../support/tolerances.js';
import {
  artifactOf,
  onnxKinds,
  opTypes,
  runArtifact,
  runBytes,
  someWeights,
  valueOf,
} from './artifacts.js';
import { mbConvNet } from './trajectory/nets.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-compile-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const everything = { artifacts: [...onnxKinds, 'init'], emaDecay: 0.99, maxNorm: 1 } as const;

/** Compilations that spell every part of the compiler. */
const variants: Readonly<Record<string, CompileOptions>> = {
  open: { batch: 'dynamic', optimizer: { kind: 'rmspropTf' } },
  fixed: { batch: 4, optimizer: { kind: 'adamw' } },
  folded: { batch: 4, foldBatchNorm: true, imageFormat: 'uint8-nhwc' },
  fed: { batch: 'dynamic', weightInputs: true },
};

describe('every artifact', () => {
  it("passes onnx's checker with full shape inference at opset 17", (context) => {
    requirePython(context, ['onnx']);
    const files = Object.entries(variants).flatMap(([name, options]) => {
      const { artifacts } = compile(mbConvNet, { ...everything, ...options, opset: 17 });
      return Object.values(artifacts).map(({ file, onnx }) => {
        const path = join(folder, `${name}-${file}`);
        writeFileSync(path, onnx.bytes);
        return path;
      });
    });
    expect(files).toHaveLength(24);
    const lines = runPython(`${repositoryRoot}/test/compiler/onnx/check.py`, files)
      .trim()
      .split('\n');
    expect(lines).toHaveLength(24);
    expect(lines[onnxKinds.indexOf('forward')]).toContain("['StochasticDepth']");
  });

  it.each([17, 21, 24] as const)('runs in onnxruntime at opset %i', async (opset) => {
    const compiled = compile(mbConvNet, { ...everything, ...variants['open'], opset });
    for (const kind of onnxKinds) {
      const { manifest, artifacts } = compiled;
      // What a runtime sees of a model with training info is the inference graph.
      const told = manifest.artifacts[kind === 'training-info' ? 'infer' : kind];
      const results = await runBytes(artifacts[kind]?.onnx.bytes, told?.inputs);
      const names = told?.outputs.map(({ name }) => name) ?? [];
      expect([...results.keys()].toSorted(), kind).toEqual(names.toSorted());
      for (const [name, { data }] of results)
        expect(data.every(Number.isFinite), `${kind} ${name}`).toBe(true);
    }
  });

  it.each(Object.keys(variants))('of the variant %s fits the schema of manifests', (name) => {
    const { manifest } = compile(mbConvNet, { ...everything, ...variants[name] });
    expect(Object.keys(manifest.artifacts)).toHaveLength(7);
    expect(parseManifest(JSON.stringify(manifest), 'manifest.json')).toEqual(manifest);
  });

  it('is described by the manifest as it is in its file', () => {
    const compiled = compile(mbConvNet, { ...everything, batch: 'dynamic' });
    for (const kind of onnxKinds.filter((name) => name !== 'training-info')) {
      const { graph } = artifactOf(compiled, kind);
      const told = compiled.manifest.artifacts[kind];
      const named = (values: readonly { name: string; dtype?: unknown; shape?: unknown }[] = []) =>
        values.map(({ name, dtype }) => [name, dtype]);
      expect(named(graph.inputs)).toEqual(named(told?.inputs));
      expect(named(graph.outputs)).toEqual(named(told?.outputs));
    }
  });

  it.each(['grad', 'train', 'forward', 'training-info'] as const)(
    'keeps the running statistics of batch norms apart: %s',
    (kind) => {
      const model = artifactOf(compile(mbConvNet, { ...everything, batch: 4 }), kind);
      const graph = model.trainingInfo[0]?.algorithm ?? model.graph;
      const norms = graph.nodes.filter(({ opType, attributes }) => {
        const mode = attributes.get('training_mode');
        return opType === 'BatchNormalization' && mode?.type === 'int' && mode.value === 1;
      });
      expect(norms).toHaveLength(10);
      const names = norms.flatMap(({ inputs }) => inputs.slice(3));
      expect(new Set(names).size).toBe(20);
      const uses = graph.nodes.flatMap(({ inputs }) => inputs);
      for (const name of names) expect(uses.filter((use) => use === name)).toHaveLength(1);
      // onnxruntime merges equal initializers of up to 8 elements.
      const owned = graph.initializers.filter(({ name }) => names.includes(name));
      const values = owned.map(({ tensor }) => `${tensor.shape.join()}: ${tensor.data.join()}`);
      expect(new Set(values).size).toBe(values.length);
    },
  );
});

describe('infer', () => {
  const start = compile(mbConvNet);
  const weights = someWeights(start);

  it('has the weights that it is given inside', async () => {
    const inside = compile(mbConvNet, { weights, artifacts: ['infer'] });
    const fed = compile(mbConvNet, { weightInputs: true, artifacts: ['infer'] });
    const given = new Map(
      [...weights].map(([name, { shape, data }]) => [
        name,
        ndarray(shape, Float64Array.from(data, Number)),
      ]),
    );
    const [found, wanted] = [
      await runArtifact(inside, 'infer'),
      await runArtifact(fed, 'infer', given),
    ];
    expect(logitsError(found, wanted)).toBeLessThan(tolerances.float32);
    expect(logitsError(await runArtifact(start, 'infer'), wanted)).toBeGreaterThan(0.01);
    expect(inside.manifest.artifacts.infer?.inputs.map(({ name }) => name)).toEqual(['image']);
  });

  it('is the same with batch normalisation folded, which leaves no trace', async () => {
    const plain = compile(mbConvNet, { weights, artifacts: ['infer'] });
    const folded = compile(mbConvNet, { weights, artifacts: ['infer'], foldBatchNorm: true });
    expect(opTypes(artifactOf(plain, 'infer').graph)).toContain('BatchNormalization');
    expect(opTypes(artifactOf(folded, 'infer').graph)).not.toContain('BatchNormalization');
    const [found, wanted] = [await runArtifact(folded, 'infer'), await runArtifact(plain, 'infer')];
    expect(logitsError(found, wanted)).toBeLessThan(tolerances.float32);
  });

  it('takes 8-bit images [N,H,W,C] and normalises them as its user would', async () => {
    const [mean, std] = [
      [0.5, 0.4, 0.3],
      [0.2, 0.3, 0.4],
    ];
    const input = image(3, 16, 16, { mean, std });
    const model = defineModel({ ...mbConvNet, input });
    const options = { weights, artifacts: ['infer'] } as const;
    const bytes = compile(model, { ...options, imageFormat: 'uint8-nhwc' });
    const [info] = bytes.manifest.artifacts.infer?.inputs ?? [];
    expect(info).toMatchObject({ role: 'image', dtype: 'uint8', shape: ['N', 16, 16, 3] });
    const pixels = info ? valueOf(info, 4) : ndarray([0]);
    const planes = ndarray([4, 3, 16, 16]);
    for (const at of planes.data.keys()) {
      const [n, c, place] = [Math.floor(at / 768), Math.floor(at / 256) % 3, at % 256];
      const value = pixels.data[(n * 256 + place) * 3 + c] ?? NaN;
      planes.data[at] = (value / 255 - (mean[c] ?? NaN)) / (std[c] ?? NaN);
    }
    const wanted = await runArtifact(
      compile(model, options),
      'infer',
      new Map([['image', planes]]),
    );
    expect(logitsError(await runArtifact(bytes, 'infer'), wanted)).toBeLessThan(tolerances.float32);
  });
});

describe('forward', () => {
  const options = { artifacts: ['forward', 'grad'], batch: 4 } as const;

  it('is spelled for readers: standard nodes in training mode, and a function', () => {
    const { graph, functions } = artifactOf(compile(tinyNet(), options), 'forward');
    const modes = graph.nodes.flatMap(({ opType, attributes }) =>
      opType === 'BatchNormalization' ? [attributes.get('training_mode')] : [],
    );
    expect(modes).toEqual(Array.from({ length: 4 }, () => ({ type: 'int', value: 1 })));
    expect(opTypes(graph)).toEqual(expect.arrayContaining(['Dropout', 'StochasticDepth']));
    expect(functions.map(({ name }) => name)).toEqual(['StochasticDepth']);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['image']);
  });

  it('gives the logits of training where nothing is dropped', async () => {
    const rates = { drop: 0, dropPath: 0 };
    const compiled = compile(tinyNet(), { ...options, overrides: rates });
    const given = new Map(
      [...compiled.initial].map(([name, { shape, data }]) => [
        name,
        ndarray(shape, Float64Array.from(data, Number)),
      ]),
    );
    const [found, wanted] = [
      await runArtifact(compiled, 'forward'),
      await runArtifact(compiled, 'grad', given),
    ];
    expect(logitsError(found, wanted)).toBeLessThan(tolerances.float32);
  });

  it('drops whole branches by the sample, and scales those that stay', async () => {
    const model = defineModel({
      name: 'one-branch',
      input: image(1, 2, 2),
      classes: 3,
      build: (x, { classes }) =>
        stochasticDepth(linear(flatten(x), { name: 'fc', out: classes, bias: false }), {
          survival: 0.5,
        }),
    });
    const compiled = compile(model, { artifacts: ['forward', 'infer'], batch: 64 });
    const [noisy, clean] = [
      await runArtifact(compiled, 'forward'),
      await runArtifact(compiled, 'infer'),
    ];
    const rows = (results: typeof noisy): number[][] => {
      const data = Array.from(results.get('logits')?.data ?? []);
      return Array.from({ length: 64 }, (_, i) => data.slice(3 * i, 3 * i + 3));
    };
    const wanted = rows(clean);
    const dropped = rows(noisy).filter((row, i) => {
      const zero = row.every((v) => v === 0);
      if (!zero) expect(relativeError(row, wanted[i]?.map((v) => 2 * v) ?? [])).toBeLessThan(1e-6);
      return zero;
    });
    // Fewer than 10 or more than 54 of 64 happen once in 10^8 times.
    expect(dropped.length).toBeGreaterThan(9);
    expect(dropped.length).toBeLessThan(55);
  });
});

function logitsError(a: Awaited<ReturnType<typeof runBytes>>, b: typeof a): number {
  return relativeError(a.get('logits')?.data ?? [NaN], b.get('logits')?.data ?? []);
}
