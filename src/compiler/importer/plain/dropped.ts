/** Nodes that hand on their first operand: nothing that is imported computes in them. */
import type { OnnxNode } from '../../onnx/model.js';
import { int } from '../../onnx/shapes/valueTable.js';
import { elementTypeOf } from '../../onnx/elementTypes.js';
import { read } from './constants.js';
import { float } from './forms/form.js';
import type { Tally } from './tally.js';
import { plainTypeOf, type Values } from './values.js';

/** Name of the operand that a node hands on; undefined if it does something. */
export function dropping(node: OnnxNode, values: Values, tally: Tally): string | undefined {
  const [x = ''] = node.inputs;
  if (node.domain !== '' && node.opType !== 'QuantizeLinear' && node.opType !== 'DequantizeLinear')
    return undefined;
  switch (node.opType) {
    case 'Identity':
      return x;
    case 'Dropout':
      tally.add('dropout', ratioOf(node, values));
      return x;
    case 'Cast':
      if (!castsFloat(node, values)) return undefined;
      if (isHalf(node)) tally.add('cast');
      return x;
    case 'QuantizeLinear':
    case 'DequantizeLinear': {
      const isValue = values.get(x)?.kind === 'value';
      if (isValue && node.opType === 'QuantizeLinear') tally.add('quantisation');
      return isValue ? x : undefined;
    }
    default:
      return undefined;
  }
}

/** A Cast back to float32 has one before it that is counted. */
function isHalf(node: OnnxNode): boolean {
  return elementTypeOf(int(node, 'to', 1)) !== 'float32';
}

function castsFloat(node: OnnxNode, values: Values): boolean {
  const entry = values.get(node.inputs[0] ?? '');
  const to = elementTypeOf(int(node, 'to', 1));
  if (entry?.kind !== 'value' || to === undefined) return false;
  return entry.type === plainTypeOf(to);
}

function ratioOf(node: OnnxNode, values: Values): string {
  const [, ratio = '', training = ''] = node.inputs;
  const given = constantNumber(ratio, values) ?? float(node, 'ratio') ?? 0.5;
  const form = constantNumber(training, values) === 1 ? ', in training form' : '';
  return `ratio ${Number(given.toPrecision(6))}${form}`;
}

function constantNumber(name: string, values: Values): number | undefined {
  const entry = values.get(name);
  return entry?.kind === 'constant' ? read(entry.constant.tensor)[0] : undefined;
}
