/** Scales of products of whole numbers, put into their weights. */
import type { PlainNode, PlainValue } from '../plainGraph.js';
import { read, scaled } from './constants.js';

/**
 * The nodes, with the factor behind a product of `products` multiplied into its weights where nothing else reads the
 * product: dynamic quantisation multiplies whole numbers and scales what comes out.
 */
export function scaledWeights(
  nodes: readonly PlainNode[],
  products: ReadonlySet<PlainValue>,
  outputs: ReadonlySet<PlainValue>,
): PlainNode[] {
  if (products.size === 0) return [...nodes];
  const readers = new Map<PlainValue, number>();
  for (const { operands } of nodes)
    for (const operand of operands)
      if (operand?.kind === 'value')
        readers.set(operand.value, (readers.get(operand.value) ?? 0) + 1);
  const factors = new Map<PlainValue, { readonly scale: PlainNode; readonly by: number }>();
  for (const node of nodes) {
    const [product, by] = scaling(node) ?? [];
    if (product === undefined || by === undefined) continue;
    if (products.has(product) && readers.get(product) === 1 && !outputs.has(product))
      factors.set(product, { scale: node, by });
  }
  const gone = new Set([...factors.values()].map(({ scale }) => scale));
  return nodes.flatMap((node) => {
    const [output] = node.outputs;
    const factor = output && factors.get(output);
    if (!factor) return gone.has(node) ? [] : [node];
    const operands = node.operands.map((operand) => {
      if (operand?.kind !== 'constant') return operand;
      const { name, tensor } = operand.constant;
      return { ...operand, constant: { name, tensor: scaled(tensor, factor.by) } };
    });
    return [{ ...node, operands, outputs: factor.scale.outputs }];
  });
}

/** The value that a node multiplies by one number, and the number. */
function scaling({ op, operands }: PlainNode): readonly [PlainValue, number] | undefined {
  const value = operands.find((operand) => operand?.kind === 'value');
  const constant = operands.find((operand) => operand?.kind === 'constant');
  if (op !== 'Mul' || !value || !constant || constant.constant.tensor.data.length !== 1)
    return undefined;
  return [value.value, read(constant.constant.tensor)[0] ?? 0];
}
