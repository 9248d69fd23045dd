import { Project, ts } from 'ts-morph';
import { describe, expect, it } from 'vitest';
import type { Manifest, TensorInfo } from '../../../src/contract/manifest.js';
import { typedModule } from '../../../src/language/frontend/typedModule.js';
import { repositoryRoot } from '../../support/paths.js';

const image: TensorInfo = {
  name: 'image',
  role: 'image',
  dtype: 'float32',
  shape: ['N', 1, 28, 28],
};
const weight: TensorInfo = {
  name: 'conv_stem.weight',
  role: 'param',
  dtype: 'float32',
  shape: [16, 1, 3, 3],
  param: 'conv_stem.weight',
};

const manifest: Manifest = {
  format: 'gradus-manifest',
  version: 1,
  name: 'digits-s',
  model: 'digits.model.ts',
  architectureHash: 'abc',
  target: 'portable',
  opset: 21,
  batch: 'dynamic',
  classes: 10,
  image: [1, 28, 28],
  imageFormat: 'float32-nchw',
  optimizer: 'sgd',
  params: [
    { name: 'conv_stem.weight', kind: 'param', shape: [16, 1, 3, 3], decay: true },
    { name: 'bn.running_mean', kind: 'buffer', shape: [16], decay: false },
  ],
  artifacts: {
    infer: {
      file: 'infer.onnx',
      inputs: [image],
      outputs: [{ name: 'logits', role: 'logits', dtype: 'float32', shape: ['N', 10] }],
    },
    train: {
      file: 'train.onnx',
      inputs: [image, weight, { name: 'step', role: 'hyper', dtype: 'int64', shape: [] }],
      outputs: [
        { name: 'loss', role: 'loss', dtype: 'float32', shape: [] },
        { ...weight, name: 'conv_stem.weight:new', replaces: 'conv_stem.weight' },
      ],
    },
    'training-info': { file: 'training-info.onnx', inputs: [], outputs: [] },
  },
};

/** Type errors of a program that uses the module, with onnxruntime's own types. */
function errorsOf(program: string, of: Manifest = manifest): string[] {
  const project = new Project({
    skipAddingFilesFromTsConfig: true,
    compilerOptions: {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      lib: ['lib.es2023.d.ts'],
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
      skipLibCheck: true,
    },
  });
  const folder = `${repositoryRoot}/test/language/frontend/made`;
  const files = [
    project.createSourceFile(`${folder}/digits.ts`, typedModule(of, 'digits')),
    project.createSourceFile(`${folder}/use.ts`, program),
  ];
  return files.flatMap((file) =>
    file.getPreEmitDiagnostics().map((it) => {
      const message = it.getMessageText();
      return typeof message === 'string' ? message : message.getMessageText();
    }),
  );
}

describe('typedModule', () => {
  it('compiles, and accepts a program that runs the artifact with onnxruntime', () => {
    const program = `
      import * as ort from 'onnxruntime-node';
      import { artifacts, model, params, type ParamName, type TrainFeeds, type TrainFetches } from './digits.js';
      export async function step(session: ort.InferenceSession): Promise<Float32Array> {
        const feeds: TrainFeeds<ort.Tensor> = {
          image: new ort.Tensor('float32', new Float32Array(784), [1, 1, 28, 28]),
          'conv_stem.weight': new ort.Tensor('float32', new Float32Array(144), params['conv_stem.weight']),
          step: new ort.Tensor('int64', new BigInt64Array(1), []),
        };
        const fetches = (await session.run(feeds)) as TrainFetches<ort.Tensor>;
        const kernel: 3 = params['conv_stem.weight'][2];
        const name: ParamName = artifacts.train.outputs['conv_stem.weight:new'].replaces;
        const classes: 10 = model.classes;
        return kernel + classes > 0 && name === 'conv_stem.weight' ? fetches.loss.data : new Float32Array(0);
      }`;
    expect(errorsOf(program)).toEqual([]);
  });

  it('makes a wrong name, a missing input and a wrong element type errors', () => {
    const use = (statement: string) =>
      errorsOf(`
        import type { ElementArrays, InferFeeds, InferFetches, ParamName, TrainFeeds, TrainInput, TrainingInfoFeeds } from './digits.js';
        declare const fetches: InferFetches;
        declare const tensor: <T extends keyof ElementArrays>(type: T) => { type: T; dims: number[]; data: ElementArrays[T] };
        ${statement}`);
    expect(use(`export const a: InferFeeds = { image: tensor('float32') };`)).toEqual([]);
    expect(use(`export const a: TrainingInfoFeeds = {};`)).toEqual([]);
    expect(use(`export const a: ParamName = 'conv_stem.wieght';`)).toEqual([
      `Type '"conv_stem.wieght"' is not assignable to type '"conv_stem.weight"'.`,
    ]);
    expect(use(`export const a: TrainInput = 'images';`)).toHaveLength(1);
    expect(use(`export const a = fetches.logit;`)).toEqual([
      expect.stringContaining(`Did you mean 'logits'?`),
    ]);
    expect(use(`export const a: TrainFeeds = { image: tensor('float32') };`)).toEqual([
      expect.stringContaining('missing the following properties'),
    ]);
    expect(use(`export const a: InferFeeds = { image: tensor('uint8') };`)).toHaveLength(1);
  });

  it('keeps names that are no identifiers, and cannot be broken out of', () => {
    const odd = { ...manifest, name: `*/ broken("\\'\n` };
    const use = `import { model } from './digits.js';
      export const name: ${JSON.stringify(odd.name)} = model.name;`;
    expect(errorsOf(use, odd)).toEqual([]);
    expect(typedModule(manifest, 'digits')).toContain(
      `'conv_stem.weight:new': { role: 'param', dtype: 'float32', shape: [16, 1, 3, 3], param: 'conv_stem.weight', replaces: 'conv_stem.weight' },`,
    );
  });
});
