import type { OpsetVersion } from '../../../../generated/onnx/index.js';
import { inferTypes, type KnownType } from '../../../../src/compiler/onnx/inferTypes.js';
import { schemaName } from '../../../../src/compiler/onnx/elementTypes.js';
import type { OnnxGraph, OnnxModel, OnnxNode } from '../../../../src/compiler/onnx/model.js';
import { findOperator } from '../../../../src/compiler/onnx/schema.js';

/**
 * Kernels of onnxruntime's CUDA provider, for the operators that our graphs have: by version of the
 * operator, the element types that an operand may have. Source: docs/OperatorKernels.md of
 * microsoft/onnxruntime at commit 001d12d2 (made from the registered kernels), section
 * CUDAExecutionProvider; types that we have not are left out.
 */
const kernels: Readonly<Record<string, readonly (readonly [versions: string, types: string])[]>> = {
  Abs: [['13+', 'float16 float double int32 int64']],
  Add: [['14+', 'bfloat16 float16 float double int32 int64 uint8']],
  And: [['7+', 'bool']],
  ArgMax: [['13+', 'float16 float double']],
  AveragePool: [
    ['22+', 'bfloat16 float16 float double'],
    ['19-21', 'float16 float double'],
    ['11-18', 'float16 float double'],
  ],
  BatchNormalization: [['15+', 'float16 float double']],
  Cast: [
    ['23+', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['21-22', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['19-20', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['13-18', 'bfloat16 float16 float double int32 int64 uint8 bool'],
  ],
  Clip: [['13+', 'float16 float double int64 uint8']],
  Concat: [['13+', 'bfloat16 float16 float double int32 int64 uint8 bool']],
  ConstantOfShape: [['9+', 'int64']],
  Conv: [
    ['22+', 'bfloat16 float16 float double'],
    ['11-21', 'float16 float double'],
  ],
  ConvTranspose: [['11+', 'float16 float double']],
  Div: [['14+', 'bfloat16 float16 float double int32 int64 uint8']],
  Elu: [['6+', 'float16 float double']],
  Equal: [['13+', 'float16 float double int32 int64 bool']],
  Erf: [['13+', 'bfloat16 float16 float double']],
  Exp: [['13+', 'bfloat16 float16 float double']],
  Expand: [['13+', 'bfloat16 float16 float double int32 int64 uint8 bool']],
  Flatten: [['13+', 'bfloat16 float16 float double int32 int64 uint8 bool']],
  Gather: [['13+', 'bfloat16 float16 float double int32 int64 uint8 bool']],
  Gemm: [['13+', 'bfloat16 float16 float double']],
  Greater: [['13+', 'float16 float double int32 int64']],
  GreaterOrEqual: [['16+', 'float16 float double int32 int64']],
  HardSigmoid: [
    ['22+', 'bfloat16 float16 float double'],
    ['6-21', 'float16 float double'],
  ],
  HardSwish: [
    ['22+', 'bfloat16 float16 float double'],
    ['14-21', 'float16 float double'],
  ],
  Identity: [
    ['19+', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['14-18', 'bfloat16 float16 float double int32 int64 uint8 bool'],
  ],
  LeakyRelu: [['16+', 'float16 float double']],
  Less: [['13+', 'float16 float double int32 int64']],
  LessOrEqual: [['16+', 'float16 float double int32 int64']],
  Log: [['13+', 'float16 float double']],
  LogSoftmax: [['13+', 'float16 float double']],
  Loop: [
    ['19+', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['13-18', 'bfloat16 float16 float double int32 int64 uint8 bool'],
  ],
  MatMul: [['13+', 'bfloat16 float16 float double']],
  Max: [['13+', 'bfloat16 float16 float double int32 int64']],
  MaxPool: [['12+', 'float16 float double uint8']],
  Min: [['13+', 'bfloat16 float16 float double int32 int64']],
  Mul: [['14+', 'bfloat16 float16 float double int32 int64 uint8']],
  Neg: [['13+', 'bfloat16 float16 float double int32 int64']],
  PRelu: [['16+', 'float16 float double']],
  Pad: [['18+', 'float16 float double bool int64']],
  Pow: [['15+', 'bfloat16 float16 float double int32 int64']],
  Reciprocal: [['13+', 'float16 float double']],
  ReduceL2: [['18+', 'float16 float double int32']],
  ReduceMax: [['18+', 'float16 float double int32 int64']],
  ReduceMean: [['18+', 'float16 float double int32 int64']],
  ReduceSum: [['13+', 'bfloat16 float16 float double int32 int64']],
  Relu: [['14+', 'bfloat16 float16 float double']],
  Reshape: [
    ['23+', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['21-22', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['19-20', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['14-18', 'bfloat16 float16 float double int32 int64 uint8 bool'],
  ],
  ScatterElements: [['18+', 'bfloat16 float16 float double int32 int64 uint8 bool']],
  Shape: [
    ['23+', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['21-22', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['19-20', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['15-18', 'bfloat16 float16 float double int32 int64 uint8 bool'],
  ],
  Sigmoid: [['13+', 'bfloat16 float16 float double']],
  Slice: [['13+', 'bfloat16 float16 float double int32 int64 uint8 bool']],
  Softmax: [['13+', 'bfloat16 float16 float double']],
  Softplus: [['1+', 'float16 float double']],
  Split: [['18+', 'bfloat16 float16 float double int32 int64 uint8 bool']],
  Sqrt: [['13+', 'bfloat16 float16 float double']],
  Squeeze: [
    ['21-22', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['13-20', 'bfloat16 float16 float double int32 int64 uint8 bool'],
  ],
  Sub: [['14+', 'bfloat16 float16 float double int32 int64 uint8']],
  Tanh: [['13+', 'bfloat16 float16 float double']],
  Transpose: [
    ['21-22', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['13-20', 'bfloat16 float16 float double int32 int64 uint8 bool'],
  ],
  Unsqueeze: [
    ['21-22', 'bfloat16 float16 float double int32 int64 uint8 bool'],
    ['13-20', 'bfloat16 float16 float double int32 int64 uint8 bool'],
  ],
  Where: [['16+', 'bfloat16 float16 float double int32 int64 uint8 bool']],
  'com.microsoft.FusedMatMul': [['1+', 'bfloat16 float16 float double']],
};

/**
 * Whether a kernel serves a version of an operator: an open range stands for its first version alone,
 * since onnxruntime cannot know what later ones change (KernelRegistry::VerifyKernelDef).
 */
function serves(versions: string, since: number): boolean {
  const [first = 0, last] = versions.split('-').map(Number.parseFloat);
  return last === undefined ? since === first : since >= first && since <= last;
}

/** Nodes that the provider has no kernel for, as `Pad-21 of float`; with the bodies of loops. */
export function nodesOutside({ graph, opsets }: OnnxModel): string[] {
  const opset = (opsets.find(({ domain }) => domain === '')?.version ?? 0) as OpsetVersion;
  return [...new Set(outside(graph, opset, new Map()))];
}

function outside(graph: OnnxGraph, opset: number, outer: ReadonlyMap<string, KnownType>): string[] {
  const types = new Map(outer);
  for (const { name, dtype } of graph.inputs) types.set(name, dtype && schemaName(dtype));
  for (const { name, tensor } of graph.initializers) types.set(name, schemaName(tensor.dtype));
  return graph.nodes.flatMap((node) => {
    const inner = [...node.attributes.values()].flatMap((attribute) =>
      attribute.type === 'graph' ? outside(attribute.value, opset, types) : [],
    );
    return [...inner, ...ownProblem(node, opset, types)];
  });
}

function ownProblem(node: OnnxNode, opset: number, types: Map<string, KnownType>): string[] {
  const schema = findOperator(node.domain, node.opType, node.domain === '' ? opset : 1);
  const inputs = node.inputs.map((name) => types.get(name));
  if (schema === undefined) return [`${node.domain} ${node.opType} is unknown`];
  const { outputs } = inferTypes(schema, node, inputs);
  node.outputs.forEach((name, i) => types.set(name, outputs[i]));
  const name = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
  const known = (kernels[name] ?? []).filter(([versions]) => serves(versions, schema.since));
  const operands = inputs.filter((type) => type !== undefined);
  const fits = known.some(([, list]) =>
    operands.every((type) => [...list.split(' '), 'int64', 'bool'].includes(type)),
  );
  return fits ? [] : [`${name}-${schema.since} of ${[...new Set(operands)].join(', ')}`];
}
