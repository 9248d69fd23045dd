import { expect, it } from 'vitest';
import type { Opset } from '../../../generated/onnx/index.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import * as nn from '../../../src/language/nn/index.js';
import type { InterpolateOptions, Value } from '../../../src/language/nn/index.js';
import type { OnnxValue } from '../../../src/support/onnxValue.js';
import { tensorData } from '../../../src/support/tensor.js';
import { gaussian } from '../../support/draw.js';
import { openSession, runSession } from '../../support/runOnnx.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

const shape = [2, 5, 7, 10];
const size = shape.reduce((a, b) => a * b, 1);
const image = ndarray(shape, gaussian(size, { site: 1, step: 0, sample: 0 }).map(Math.fround));

/** What a layer makes of the image in float64, with the shape. */
function layerMakes(build: (x: Value) => Value) {
  const traced = nn.traceModel(
    nn.defineModel({
      name: 'layer',
      input: nn.image(5, 7, 10),
      classes: 1,
      build: (x) => {
        const y = build(x);
        x.graph.output('y', y);
        return nn.reshape(nn.mean(y), [1]);
      },
    }),
    { mode: 'eval', batch: 2, dtype: 'float64' },
  );
  const [input] = traced.graph.inputs;
  return evaluate(traced.graph, new Map([[input?.name ?? '', image]])).get('y');
}

/** What onnxruntime makes of the image by one node of ONNX. */
async function onnxMakes(emit: (b: Opset, x: OnnxValue) => OnnxValue) {
  const builder = new GraphBuilder({ opset: 21, name: 'node' });
  const y = emit(builder.b, builder.input('x', 'float32', shape));
  builder.output(y, 'y', 'float32', shape);
  const session = await openSession(builder.build());
  const results = await runSession(session, new Map([['x', { dtype: 'float32', value: image }]]));
  await session.release();
  return results.get('y');
}

async function expectSame(
  build: (x: Value) => Value,
  emit: (b: Opset, x: OnnxValue) => OnnxValue,
  what = '',
): Promise<void> {
  const [made, wanted] = [layerMakes(build), await onnxMakes(emit)];
  expect(made?.shape).toEqual(wanted?.shape);
  const error = relativeError(made?.data ?? [], wanted?.data ?? []);
  expect(error, what).toBeLessThan(tolerances.float32);
}

type Numbers2 = readonly [number, number];
type Resizing = InterpolateOptions & { readonly size?: Numbers2; readonly scale?: Numbers2 };

const resize =
  ({ size: to, scale, mode = 'nearest', ...options }: Resizing) =>
  (b: Opset, x: OnnxValue): OnnxValue => {
    const scales = scale && b.constant(tensorData('float32', [4], [1, 1, ...scale]));
    const sizes = to && b.ints(2, 5, ...to);
    return b.Resize(x, null, scales ?? null, sizes ?? null, {
      mode: mode === 'bilinear' ? 'linear' : mode === 'bicubic' ? 'cubic' : 'nearest',
      coordinate_transformation_mode: options.coordinates ?? 'half_pixel',
      nearest_mode: options.rounding ?? 'floor',
      cubic_coeff_a: options.cubicCoefficient ?? -0.75,
      exclude_outside: options.excludeOutside ? 1 : 0,
    });
  };

const targets: readonly Resizing[] = [
  { scale: [2, 3] },
  { scale: [1.1, 0.7] },
  { size: [3, 17] },
  { size: [1, 1] },
];
const coordinates = [
  ...(['half_pixel', 'pytorch_half_pixel', 'half_pixel_symmetric'] as const),
  ...(['align_corners', 'asymmetric'] as const),
];
const roundings = ['floor', 'ceil', 'round_prefer_floor', 'round_prefer_ceil'] as const;

it.each(coordinates)("interpolate has the places of ONNX's Resize: %s", async (places) => {
  for (const target of targets) {
    const common = { ...target, coordinates: places };
    const cases: readonly Resizing[] = [
      ...roundings.map((rounding) => ({ ...common, rounding })),
      { ...common, mode: 'bilinear' },
      { ...common, mode: 'bicubic' },
      { ...common, mode: 'bicubic', cubicCoefficient: -0.5, excludeOutside: true },
    ];
    for (const options of cases)
      await expectSame((x) => nn.interpolate(x, options), resize(options), JSON.stringify(options));
  }
});

it("localResponseNorm of an odd size is ONNX's LRN", async () => {
  const options = { size: 3, alpha: 0.5, beta: 0.6 };
  await expectSame(
    (x) => nn.localResponseNorm(x, { ...options, k: 2 }),
    (b, x) => b.LRN(x, { ...options, bias: 2 }),
  );
});

it("ceilMode makes what ONNX's pooling makes with ceil_mode", async () => {
  const window = { kernel_shape: [3, 4], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 };
  const options = { kernel: [3, 4], stride: 3, padding: 1, ceilMode: true } as const;
  await expectSame(
    (x) => nn.maxPool(x, options),
    (b, x) => b.MaxPool(x, window),
  );
  for (const countIncludePad of [true, false])
    await expectSame(
      (x) => nn.avgPool(x, { ...options, countIncludePad }),
      (b, x) => b.AveragePool(x, { ...window, count_include_pad: countIncludePad ? 1 : 0 }),
    );
});

const padModes = { constant: 'constant', reflect: 'reflect', replicate: 'edge' } as const;

it.each(Object.entries(padModes))(
  "pad2d of mode %s is ONNX's Pad of mode %s",
  async (mode, name) => {
    await expectSame(
      (x) => nn.pad2d(x, { padding: [1, 9, 6, 2], mode: mode as keyof typeof padModes }),
      (b, x) => {
        const pads = b.ints(0, 0, 1, 9, 0, 0, 6, 2);
        return b.opset === 17
          ? b.Pad(x, pads, null, { mode: name })
          : b.Pad(x, pads, null, null, { mode: name });
      },
    );
  },
);
