/** Multiply-adds of ONNX nodes, those of the nodes inside them included. */
import type { OnnxNode } from '../../compiler/onnx/model.js';
import type { Dim, Shape } from '../../support/shape.js';
import { einsumSizes } from '../../compiler/onnx/shapes/productRules.js';
import { int, optionalInt, type ValueTable } from '../../compiler/onnx/shapes/valueTable.js';

/** Cost of a node, and the nodes in it that could not be counted, by operator. */
export interface NodeCost {
  readonly multiplyAdds: number;
  readonly uncounted: ReadonlyMap<string, number>;
}

const free: NodeCost = { multiplyAdds: 0, uncounted: new Map() };

/** The cost of a node; `kind` names its operator, with its domain. */
export function nodeCost(node: OnnxNode, table: ValueTable): NodeCost {
  const bodies = table.bodies.get(node);
  if (!bodies) {
    const known = multiplyAdds(node, table);
    return known === undefined ? uncounted(node) : { multiplyAdds: known, uncounted: new Map() };
  }
  const costs = bodies.map(({ nodes, table: inner, times }) => {
    if (times === 0) return free;
    const cost = total(nodes.map((one) => nodeCost(one, inner)));
    if (times !== undefined) return { ...cost, multiplyAdds: cost.multiplyAdds * times };
    // One branch of an If: how often it runs does not matter if it costs nothing.
    return cost;
  });
  if (node.opType === 'If') return costlier(costs);
  const repeated = total(costs);
  const unknown = bodies.some(({ times }) => times === undefined);
  if (!unknown || (repeated.multiplyAdds === 0 && repeated.uncounted.size === 0)) return repeated;
  return uncounted(node);
}

/** Sum of costs. */
export function total(costs: readonly NodeCost[]): NodeCost {
  const uncounted = new Map<string, number>();
  for (const cost of costs)
    for (const [kind, count] of cost.uncounted)
      uncounted.set(kind, (uncounted.get(kind) ?? 0) + count);
  return { multiplyAdds: costs.reduce((sum, cost) => sum + cost.multiplyAdds, 0), uncounted };
}

/** The costlier of two branches, one of which runs. */
function costlier(costs: readonly NodeCost[]): NodeCost {
  const most = costs.reduce((a, b) => (b.multiplyAdds > a.multiplyAdds ? b : a), free);
  return { multiplyAdds: most.multiplyAdds, uncounted: total(costs).uncounted };
}

function uncounted(node: OnnxNode): NodeCost {
  return { multiplyAdds: 0, uncounted: new Map([[kindOf(node), 1]]) };
}

/** The operator, with its domain. */
export function kindOf({ domain, opType }: OnnxNode): string {
  return domain === '' ? opType : `${domain}.${opType}`;
}

/** Operators of onnxruntime's own domains that sum no products. */
const freeOperators: ReadonlySet<string> = new Set(
  'BiasAdd BiasDropout BiasGelu BiasSoftmax BiasSplitGelu BifurcationDetector DequantizeLinear DynamicQuantizeLinear EmbedLayerNormalization ExpandDims FastGelu GatherND Gelu GroupNorm Inverse NhwcMaxPool MaxPool AveragePool GlobalAveragePool GlobalMaxPool Pad QLinearAdd QLinearAveragePool QLinearConcat QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QuantizeLinear QuickGelu ReorderInput ReorderOutput RotaryEmbedding SimplifiedLayerNormalization SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization Tokenizer Trilu Unique UnfoldTensor Upsample'.split(
    ' ',
  ),
);

/** Operators of ai.onnx that sum products in ways that are not counted here. */
const hardOperators: ReadonlySet<string> = new Set([
  'DFT',
  'STFT',
  'SequenceMap',
  'If',
  'Loop',
  'Scan',
]);

/** Undefined if a shape or the operator is unknown. */
function multiplyAdds(node: OnnxNode, table: ValueTable): number | undefined {
  const count = counters[node.opType];
  const { domain } = node;
  const ours = ['', 'com.microsoft', 'com.microsoft.nchwc'].includes(domain);
  if (ours && count) {
    const shape = (i: number): Shape | undefined => table.shape(node.inputs[i]);
    return count({ node, table, shape, y: table.shape(node.outputs[0]) });
  }
  if (domain === '') return hardOperators.has(node.opType) ? undefined : 0;
  if (domain.startsWith('ai.onnx.ml')) return 0;
  return ours && freeOperators.has(node.opType) ? 0 : undefined;
}

interface CountContext {
  readonly node: OnnxNode;
  readonly table: ValueTable;
  /** The shape of an input. */
  readonly shape: (input: number) => Shape | undefined;
  /** The shape of the first output. */
  readonly y: Shape | undefined;
}

type Counter = (context: CountContext) => number | undefined;

/** Each pixel of the result sums over a window of the weights. */
function convolution(weight: number): Counter {
  return ({ shape, y }) => product(y, shape(weight)?.slice(1));
}

/** Each element of the result sums along an axis of the first input. */
const matmul: Counter = ({ node, shape, y }) =>
  product(y, axisOf(shape(0), int(node, 'transA', 0) === 1 ? -2 : -1));

function axisOf(shape: Shape | undefined, axis: number): Shape | undefined {
  const dim = shape?.at(axis);
  return dim === undefined ? undefined : [dim];
}

const einsum: Counter = ({ node, table }) => {
  const read = einsumSizes(node, table);
  if (!read) return undefined;
  // With one operand it is a sum or a transposition.
  return node.inputs.length < 2 ? 0 : product([...read.sizes.values()]);
};

/** Each weight acts once for each image and step. */
const recurrent: Counter = ({ shape }) => {
  const steps = shape(0)?.slice(0, 2);
  const [own, fedBack] = [product(steps, shape(1)), product(steps, shape(2))];
  return own === undefined || fedBack === undefined ? undefined : own + fedBack;
};

const packedMatmul: Counter = ({ node, y }) => {
  const inner = optionalInt(node, 'K');
  return inner === undefined ? undefined : product(y, [inner]);
};

/** The projection of onnxruntime's fused attention, and its two products of matrices. */
const fusedAttention: Counter = ({ node, shape }) => {
  const [x, w] = [shape(0), shape(1)];
  const [length, wide] = [x?.[1], w?.at(-1)];
  if (node.attributes.has('qkv_hidden_sizes') || node.inputs[node.opType === 'QAttention' ? 8 : 4])
    return undefined;
  if (length === undefined || typeof wide !== 'number') return undefined;
  const [projection, products] = [product(x, [wide]), product(x?.slice(0, 2), [length, wide])];
  if (projection === undefined || products === undefined) return undefined;
  return projection + (2 * products) / 3;
};

/** Queries by keys, and the result by values. */
const attention: Counter = (context) => {
  const { node, shape } = context;
  if (node.domain !== '') return fusedAttention(context);
  const [q, k, v] = [shape(0), shape(1), shape(2)];
  // Keys of earlier steps, whose number is another input's.
  if (node.inputs[4]) return undefined;
  const [heads, sharing] = [optionalInt(node, 'q_num_heads'), optionalInt(node, 'kv_num_heads')];
  const features = v?.at(-1);
  if (typeof features !== 'number') return undefined;
  const own = q?.length === 4 ? 1 : heads && sharing ? heads / sharing : undefined;
  if (own === undefined) return undefined;
  return attended(q, k?.at(-2), features * own);
};

const multiHeadAttention: Counter = ({ node, shape }) => {
  const features = shape(2)?.at(-1);
  if (shape(0)?.length !== 3 || shape(2)?.length !== 3 || node.inputs[6]) return undefined;
  return typeof features === 'number' ? attended(shape(0), shape(1)?.at(-2), features) : undefined;
};

function attended(q: Shape | undefined, keys: Dim | undefined, features: number) {
  const last = q?.at(-1);
  if (typeof last !== 'number' || keys === undefined) return undefined;
  return product(q?.slice(0, -1), [keys, last + features]);
}

/** Undefined if a dimension is. */
function product(...shapes: readonly (Shape | undefined)[]): number | undefined {
  let result = 1;
  for (const shape of shapes) {
    if (!shape) return undefined;
    for (const dim of shape) {
      if (typeof dim !== 'number') return undefined;
      result *= dim;
    }
  }
  return result;
}

function each(names: string, counter: Counter): Record<string, Counter> {
  return Object.fromEntries(names.split(' ').map((name) => [name, counter]));
}

const counters: Readonly<Partial<Record<string, Counter>>> = {
  ...each('Conv ConvInteger DeformConv FusedConv', convolution(1)),
  QLinearConv: convolution(3),
  ConvTranspose: ({ shape }) => product(shape(0), shape(1)?.slice(1)),
  ...each(
    'Gemm QGemm MatMul FusedMatMul TransposeMatMul MatMulInteger QLinearMatMul MatMulIntegerToFloat DynamicQuantizeMatMul',
    matmul,
  ),
  ...each('MatMulNBits MatMulBnb4', packedMatmul),
  Einsum: einsum,
  ...each('LSTM GRU RNN', recurrent),
  ...each('Attention QAttention', attention),
  MultiHeadAttention: multiHeadAttention,
};
