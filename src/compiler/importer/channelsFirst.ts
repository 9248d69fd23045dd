/** Images with their channels last, as TensorFlow has them: a model of ours takes them first. */
import { batchDim } from '../../support/shape.js';
import type { Operand, PlainGraph, PlainNode, PlainValue } from './plainGraph.js';

/** From [N,H,W,C] to [N,C,H,W], and back. */
const [toFirst, toLast] = ['0,3,1,2', '0,2,3,1'];

/** The graph for images [N,C,H,W]; what turns them at once is gone. */
export function channelsFirst(graph: PlainGraph): PlainGraph {
  const { name, dtype, shape } = graph.input;
  const [, height = 1, width = 1, channels = 1] = shape;
  const input: PlainValue = {
    name: `${name}, channels first`,
    dtype,
    shape: [batchDim, channels, height, width],
  };
  const turned = new Set(
    graph.nodes.filter((node) => reads(node, name) && permOf(node) === toFirst),
  );
  const same = new Set([...turned].map(({ outputs }) => outputs[0]?.name));
  const renamed = (operand: Operand | undefined): Operand | undefined =>
    operand?.kind === 'value' && same.has(operand.value.name)
      ? { kind: 'value', value: input }
      : operand;
  const nodes = graph.nodes
    .filter((node) => !turned.has(node))
    .map((node) => ({ ...node, operands: node.operands.map(renamed) }));
  const others = nodes.some((node) => reads(node, name));
  return { ...graph, input, nodes: others ? [turnedBack(input, graph.input), ...nodes] : nodes };
}

function reads({ operands }: PlainNode, name: string): boolean {
  return operands.some((operand) => operand?.kind === 'value' && operand.value.name === name);
}

function permOf({ op, domain, attributes }: PlainNode): string | undefined {
  const perm = attributes.get('perm');
  return op === 'Transpose' && domain === '' && perm?.type === 'ints'
    ? perm.value.join()
    : undefined;
}

/** The image as the file's first nodes take it. */
function turnedBack(from: PlainValue, to: PlainValue): PlainNode {
  const perm = { type: 'ints', value: toLast.split(',').map(Number) } as const;
  return {
    op: 'Transpose',
    domain: '',
    name: 'channels_last',
    operands: [{ kind: 'value', value: from }],
    attributes: new Map([['perm', perm]]),
    outputs: [to],
  };
}
