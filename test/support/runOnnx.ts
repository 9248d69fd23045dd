import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ndarray, type NdArray } from '../../src/compiler/ir/ndarray.js';
import type { OnnxModel } from '../../src/compiler/onnx/model.js';
import { writeModel } from '../../src/compiler/onnx/writer.js';
import type { DType } from '../../src/support/dtype.js';
import { invariant } from '../../src/support/errors.js';
import { tensorData } from '../../src/support/tensor.js';

export interface Feed {
  readonly dtype: DType;
  readonly value: NdArray;
}

/** A session on the CPU provider; warnings about the model are not printed. */
export async function openSession(
  model: OnnxModel,
  options: InferenceSession.SessionOptions = {},
): Promise<InferenceSession> {
  const { bytes } = writeModel(model);
  return InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    ...options,
  });
}

/** Runs a session once; integers and booleans come back as numbers. */
export async function runSession(
  session: InferenceSession,
  feeds: ReadonlyMap<string, Feed>,
): Promise<Map<string, NdArray>> {
  const tensors = [...feeds].map(([name, feed]) => [name, toTensor(feed)] as const);
  const results = await session.run(Object.fromEntries(tensors));
  return new Map(Object.entries(results).map(([name, result]) => [name, fromTensor(result)]));
}

function toTensor({ dtype, value }: Feed): Tensor {
  const { data } = tensorData(dtype, value.shape, value.data);
  invariant(dtype !== 'bfloat16', 'onnxruntime-node has no bfloat16 tensors');
  return new Tensor(dtype, data as Float32Array, [...value.shape]);
}

function fromTensor({ data, dims }: InferenceSession.OnnxValueMapType[string]): NdArray {
  return ndarray(dims, Array.from(data as ArrayLike<number | bigint | boolean>, Number));
}
