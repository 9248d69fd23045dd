import type { AttributeValue, Attributes, Graph, Node, Op, Value } from '../ir/graph.js';
import { rewriteGraph, type MappedInputs } from '../ir/rewrite.js';
import { bytesOf, type TensorData } from '../../support/tensor.js';

/*
 * Every primitive is a pure function of its operands and attributes (noise too: masks are inputs),
 * so two nodes with equal ones compute the same. That holds for batchNormTrain although ONNX
 * Runtime writes into the running statistics of the operator that lowers it: those constants are
 * made with the operator (scratch), one pair for each node that is left.
 */

/** Computes each common subexpression once; constants are common if their bytes are equal. */
export function eliminateCommonSubexpressions(graph: Graph): Graph {
  const ids = new Numbering();
  const seen = new Map<string, Node[]>();
  return rewriteGraph(graph, (node, inputs, target) => {
    const key = ids.keyOf(node, inputs);
    const candidates = seen.get(key);
    const twin = candidates?.find(({ attrs }) => equalTensors(attrs, node.attrs));
    if (twin !== undefined) return twin.outputs;
    const outputs = target.copy(node, inputs);
    const made = outputs[0]?.producer;
    if (made === undefined) return outputs;
    if (candidates === undefined) seen.set(key, [made]);
    else candidates.push(made);
    return outputs;
  });
}

/** Texts that are equal for equal nodes; a tensor enters by its hash and is compared afterwards. */
class Numbering {
  readonly #ops = new Map<Op, number>();
  readonly #hashes = new WeakMap<TensorData, number>();

  keyOf({ op, attrs }: Node, inputs: MappedInputs): string {
    let id = this.#ops.get(op);
    if (id === undefined) this.#ops.set(op, (id = this.#ops.size));
    const operands = inputs.map((input: Value | undefined) => input?.id ?? -1);
    if (op.traits.commutative) operands.sort((a, b) => a - b);
    return `${id}(${operands.join(',')})${this.#formatAttributes(attrs)}`;
  }

  #formatAttributes(attrs: Attributes): string {
    const keys = Object.keys(attrs);
    if (keys.length > 1) keys.sort();
    let text = '';
    for (const key of keys) {
      const value = attrs[key];
      if (value !== undefined) text += `${key}=${this.#format(value)};`;
    }
    return text;
  }

  #format(value: AttributeValue): string {
    if (typeof value === 'string') return JSON.stringify(value);
    if (Object.is(value, -0)) return '-0';
    if (typeof value !== 'object') return String(value);
    if ('symbol' in value) return `${value.factor}${value.symbol}`;
    if ('data' in value) return `${value.dtype}[${value.shape.join(',')}]#${this.#hash(value)}`;
    return `[${value.map((item) => this.#format(item)).join(',')}]`;
  }

  #hash(tensor: TensorData): number {
    const known = this.#hashes.get(tensor);
    if (known !== undefined) return known;
    const hash = hashBytes(bytesOf(tensor));
    this.#hashes.set(tensor, hash);
    return hash;
  }
}

/** FNV-1a over 32-bit words if the bytes lie aligned: weights are megabytes. */
function hashBytes(bytes: Uint8Array): number {
  const aligned = bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0;
  const words = aligned ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) : bytes;
  let hash = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) {
    hash = Math.imul(hash ^ (words[i] ?? 0), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** True if the tensors among the attributes of two nodes of one key hold the same bytes. */
function equalTensors(a: Attributes, b: Attributes): boolean {
  return Object.entries(a).every(([key, x]) => {
    const y = b[key];
    return x === y || !isTensor(x) || (isTensor(y) && equalBytes(bytesOf(x), bytesOf(y)));
  });
}

function isTensor(value: AttributeValue): value is TensorData {
  return typeof value === 'object' && 'data' in value;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
