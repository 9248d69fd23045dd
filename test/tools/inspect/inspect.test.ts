import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inspectModel } from '../../../src/tools/inspect/inspect.js';
import { inspectOnnx, inspectOnnxFile } from '../../../src/tools/inspect/inspectOnnx.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { ArtifactError, DataError } from '../../../src/support/errors.js';
import { batchDim } from '../../../src/support/shape.js';
import { tensorData } from '../../../src/support/tensor.js';
import { exampleModel } from '../../compiler/onnx/exampleModel.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-inspect-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('inspectModel', () => {
  const layers = [
    {
      name: 'conv_stem',
      kind: 'conv2d',
      inputShapes: [[batchDim, 1, 28, 28]],
      outputShape: [batchDim, 16, 14, 14],
      params: ['conv_stem.weight'],
      multiplyAdds: 28_224,
      site: { file: 'my.model.ts', line: 7, column: 9 },
    },
    {
      name: 'drop',
      kind: 'dropout',
      inputShapes: [],
      outputShape: [batchDim, 16, 14, 14],
      params: [],
      multiplyAdds: 0,
      rate: 0.2,
    },
  ];
  // Only names and shapes matter here.
  const params = [{ name: 'conv_stem.weight', shape: [16, 1, 3, 3] }] as unknown as Parameters<
    typeof inspectModel
  >[1]['params'];

  it('lists layers with shapes, parameters and multiply-adds, and sums them', () => {
    const found = inspectModel('tiny', { params, layers });
    expect(found).toMatchObject({ name: 'tiny', parameters: 144, multiplyAdds: 28_224 });
    expect(found.layers).toMatchInlineSnapshot(`
      [
        {
          "kind": "conv2d",
          "multiplyAdds": 28224,
          "name": "conv_stem",
          "outputShape": [
            "N",
            16,
            14,
            14,
          ],
          "parameters": 144,
          "source": "my.model.ts:7:9",
        },
        {
          "kind": "dropout",
          "multiplyAdds": 0,
          "name": "drop",
          "outputShape": [
            "N",
            16,
            14,
            14,
          ],
          "parameters": 0,
          "rate": 0.2,
        },
      ]
    `);
  });

  it('counts a shared parameter once in the total', () => {
    const [conv] = layers;
    const shared = conv ? [conv, { ...conv, name: 'again' }] : [];
    const found = inspectModel('tied', { params, layers: shared });
    expect(found.layers.map((layer) => layer.parameters)).toEqual([144, 144]);
    expect(found.parameters).toBe(144);
  });
});

describe('inspectOnnx', () => {
  it('knows the shapes of values that the file is silent about, also inside functions', () => {
    const found = inspectOnnx(writeModel(exampleModel(21)).bytes);
    const rows = found.layers.map(({ name, kind, outputShape, parameters, multiplyAdds }) =>
      [name, kind, outputShape?.join('x') ?? '?', parameters, multiplyAdds ?? '?'].join(' '),
    );
    expect(rows).toMatchInlineSnapshot(`
      [
        "blocks.0.conv/Conv Conv Nx4x8x8 108 6912",
        "blocks.0.bn/BatchNormalization BatchNormalization Nx4x8x8 16 0",
        "blocks.0.drop_path/StochasticDepth ai.gradus.StochasticDepth Nx4x8x8 0 0",
        "classifier.dropout/Dropout Dropout Nx4x8x8 0 0",
        "classifier/GlobalAveragePool GlobalAveragePool Nx4x1x1 0 0",
        "classifier/Flatten Flatten Nx4 0 0",
        "classifier/Gemm Gemm Nx10 40 40",
      ]
    `);
    expect(found.onnx).toMatchInlineSnapshot(`
      {
        "functions": [
          "ai.gradus.StochasticDepth",
        ],
        "initializers": {
          "bytes": 661,
          "count": 8,
        },
        "inputs": [
          {
            "dtype": "float32",
            "name": "image",
            "shape": [
              "N",
              3,
              8,
              8,
            ],
          },
          {
            "dtype": "float32",
            "name": "mask",
            "shape": [
              "N",
              1,
              1,
              1,
            ],
          },
        ],
        "irVersion": 10,
        "operators": {
          "BatchNormalization": 1,
          "Conv": 1,
          "Dropout": 1,
          "Flatten": 1,
          "Gemm": 1,
          "GlobalAveragePool": 1,
          "StochasticDepth": 1,
        },
        "opsets": {
          "ai.gradus": 1,
          "ai.onnx": 21,
        },
        "outputs": [
          {
            "dtype": "float32",
            "name": "new_mean",
            "shape": [
              4,
            ],
          },
          {
            "dtype": "float32",
            "name": "new_var",
            "shape": [
              4,
            ],
          },
          {
            "dtype": "float32",
            "name": "logits",
            "shape": [
              "N",
              10,
            ],
          },
        ],
        "producer": "gradus",
      }
    `);
    expect(found.parameters).toBe(108 + 16 + 40);
  });

  it('follows shapes through reshapes, slices, windows and reductions', () => {
    const builder = new GraphBuilder({ opset: 21, name: 'shapes' });
    const { b } = builder;
    const ints = (...values: number[]) => b.constant(tensorData('int64', [values.length], values));
    const x = builder.input('x', 'float32', [batchDim, 6, 9, 7]);
    const pooled = b.MaxPool(x, { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 });
    const [first] = Array.isArray(pooled) ? pooled : [pooled];
    if (!first) throw new TypeError('MaxPool has an output');
    const flat = b.Reshape(first, ints(0, -1));
    const cut = b.Slice(flat, ints(1), ints(-1), ints(1), ints(2));
    const mean = b.ReduceMean(x, ints(2, 3), { keepdims: 0 });
    const joined = b.Concat([cut, mean], { axis: 1 });
    builder.output(b.Transpose(joined, { perm: [1, 0] }), 'y', 'float32', [41, batchDim]);
    const found = inspectOnnx(writeModel(builder.build()).bytes);
    const shapes = found.layers.map(({ kind, outputShape }) => `${kind} ${String(outputShape)}`);
    expect(shapes.filter((row) => !row.startsWith('Constant'))).toMatchInlineSnapshot(`
      [
        "MaxPool N,6,4,3",
        "Reshape N,72",
        "Slice N,35",
        "ReduceMean N,6",
        "Concat N,41",
        "Transpose 41,N",
      ]
    `);
  });

  it('refuses a file that was cut short', () => {
    const { bytes } = writeModel(exampleModel(21));
    const file = join(folder, 'cut.onnx');
    writeFileSync(file, bytes.subarray(0, bytes.length - 40));
    expect(() => inspectOnnxFile(file)).toThrow(ArtifactError);
  });

  it('reads weights that lie beside the file', () => {
    const { bytes, external } = writeModel(exampleModel(21), {
      external: 'always',
      externalName: 'weights.data',
      externalThreshold: 1,
    });
    writeFileSync(join(folder, 'model.onnx'), bytes);
    const data = new Uint8Array(external?.size ?? 0);
    for (const chunk of external?.chunks ?? []) data.set(chunk.bytes, chunk.offset);
    writeFileSync(join(folder, 'weights.data'), data);
    const found = inspectOnnxFile(join(folder, 'model.onnx'));
    expect(found.onnx?.initializers.bytes).toBe(4 * (108 + 16 + 1 + 40) + 1);
  });

  it('names a file that is not there', () => {
    expect(() => inspectOnnxFile(join(folder, 'none.onnx'))).toThrow(DataError);
  });
});
