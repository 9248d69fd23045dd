import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { compileInference } from '../../../src/compiler/compile/inference.js';
import {
  importOnnx,
  type ImportedModel,
  type ImportOptions,
} from '../../../src/compiler/importer/importOnnx.js';
import type { OnnxModel } from '../../../src/compiler/onnx/model.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { isModel, type Model } from '../../../src/compiler/trace/defineModel.js';
import { traceModel } from '../../../src/compiler/trace/traceModel.js';
import { installedModules } from '../../../src/language/frontend/installation.js';
import { loadModule } from '../../../src/language/frontend/load.js';
import { graphOf, noise, type GraphSpec, type NodeSpec } from './graphs.js';

/** A file, what was written for it, and that as a model. */
export interface Loaded {
  readonly bytes: Uint8Array;
  readonly imported: ImportedModel;
  readonly model: Model;
}

/** Imports models and loads what was written, as one file whose types are checked once. */
export async function importedTogether(
  models: readonly (OnnxModel | Uint8Array)[],
  folder: string,
  options: Partial<ImportOptions> = {},
): Promise<readonly Loaded[]> {
  const all = models.map((model) => {
    const bytes = model instanceof Uint8Array ? model : writeModel(model).bytes;
    return { bytes, imported: importOnnx(bytes, { name: 'foreign', ...options }) };
  });
  const named = new Set<string>();
  const bodies = all.map(({ imported: { source } }, i) => {
    const [, names = '', body = ''] =
      /^import \{([^}]*)\} from 'gradus';\n([^]*)$/.exec(source) ?? [];
    for (const name of names.split(',')) if (name.trim() !== '') named.add(name.trim());
    return `export const model${i} = (() => {${body.replace('export default', 'return')}})();\n`;
  });
  const path = join(folder, 'foreign.model.ts');
  writeFileSync(path, `import { ${[...named].join(', ')} } from 'gradus';\n${bodies.join('')}`);
  const { module, checked } = await loadModule(path, { modules: await installedModules() });
  await checked;
  return all.map((one, i) => {
    const model = module[`model${i}`];
    if (!isModel(model)) throw new Error(`model ${i} was not written`);
    return { ...one, model };
  });
}

/**
 * Largest difference of the logits, over the largest of them, between a file and the model that was written for
 * it, on the same images. Throws where their weights have other names.
 */
export async function differenceOf({ bytes, imported, model }: Loaded): Promise<number> {
  const traced = traceModel(model, { mode: 'train', batch: 4 });
  const names = [...traced.params, ...traced.buffers].map(({ name }) => name);
  if (names.toSorted().join() !== [...imported.weights.keys()].toSorted().join())
    throw new Error(
      `the model has ${names.join()}, the file ${[...imported.weights.keys()].join()}`,
    );
  const { onnx } = compileInference(model, {
    weights: imported.weights,
    file: 'own.onnx',
    trace: { batch: 2 },
  });
  const shape = [2, ...traced.imageShape];
  const pixels = noise(shape, 5).data as Float32Array;
  const results = await run(bytes, imported.input, shape, pixels);
  const logits = await run(onnx.bytes, 'image', shape, pixels);
  const whole = results.get(imported.output.name);
  // A file that ends in a softmax has no other output: that of the logits is compared with it.
  const wanted = whole ?? [...results.values()][0] ?? [];
  const found = softmaxUnless(whole !== undefined, logits.get('logits') ?? [], traced.classes);
  if (wanted.length !== found.length || wanted.length === 0)
    throw new Error(`${wanted.length} and ${found.length} logits`);
  const largest = Math.max(1e-30, ...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] ?? NaN)))) / largest;
}

function softmaxUnless(isLogits: boolean, logits: readonly number[], classes: number): number[] {
  if (isLogits) return [...logits];
  const powers = logits.map((logit) => Math.exp(logit));
  return powers.map((power, i) => {
    const start = i - (i % classes);
    return power / powers.slice(start, start + classes).reduce((a, b) => a + b, 0);
  });
}

async function run(
  bytes: Uint8Array,
  input: string,
  shape: readonly number[],
  pixels: Float32Array,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const session = await InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const results = await session.run({ [input]: new Tensor('float32', pixels, [...shape]) });
  return new Map(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

/** Nodes between an image `x` [batch,3,6,5] and a value `v`, with a classifier of 4 classes behind. */
export function classifierOf(
  nodes: readonly NodeSpec[],
  features: number,
  { constants = {}, ...rest }: Partial<GraphSpec> = {},
): OnnxModel {
  return graphOf({
    opset: 17,
    ...rest,
    constants: {
      ...constants,
      'head.weight': noise([4, features], 11),
      'head.bias': noise([4], 12),
    },
    nodes: [
      ...nodes,
      ['Flatten', ['v'], ['flat']],
      ['Gemm', ['flat', 'head.weight', 'head.bias'], ['y'], { transB: 1 }],
    ],
  });
}
