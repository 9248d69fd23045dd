import type { Argument } from '../network.js';
import type { PlainConstant } from '../plainGraph.js';
import { plain } from './activation.js';
import {
  singleNumber,
  Refusal,
  weight,
  type Emit,
  type ImportRule,
  type ImportRules,
  type NodeReader,
} from './rule.js';

/** A constant as an argument: a number, or a parameter that broadcasts as it does. */
function constantArgument(
  emit: Emit,
  other: Argument,
  constant: PlainConstant,
  init: 'zeros' | 'ones',
): Argument {
  const { tensor } = constant;
  const number = singleNumber(tensor);
  if (number !== undefined) return { literal: number };
  if (tensor.dtype !== 'float32') throw new Refusal(`its constant is of type ${tensor.dtype}`);
  return emit('parameter', [other], {
    options: { shape: [...tensor.shape], init: { group: { kind: init } } },
    weights: [weight('', constant)],
  });
}

function operand(node: NodeReader, emit: Emit, index: 0 | 1, init: 'zeros' | 'ones'): Argument {
  if (node.isValue(index)) return node.x(index);
  return constantArgument(emit, node.x(1 - index), node.constant(index, 'constant'), init);
}

/** An operator of two sides, either of which may be a constant. */
function binary(layer: string, init: 'zeros' | 'ones'): ImportRule {
  return (node, emit) => {
    refuseExtension(node);
    return emit(layer, [operand(node, emit, 0, init), operand(node, emit, 1, init)]);
  };
}

/** One whose sides may be exchanged: the value comes first. */
function commutative(layer: string, init: 'zeros' | 'ones'): ImportRule {
  return (node, emit) => {
    refuseExtension(node);
    const first = node.isValue(0) ? 0 : 1;
    const second = first === 0 ? 1 : 0;
    return emit(layer, [node.x(first), operand(node, emit, second, init)]);
  };
}

/** A number is like the value beside it, so it cannot add axes as a constant [1,1,1,1] does. */
function refuseExtension(node: NodeReader): void {
  const ranks = [0, 1].flatMap((i) => (node.isValue(i) ? [node.value(i).shape.length] : []));
  if (node.output.shape.length > Math.max(...ranks)) throw new Refusal('its constant adds axes');
}

export const arithmeticRules: ImportRules = {
  Add: commutative('add', 'zeros'),
  Mul: commutative('mul', 'ones'),
  Max: commutative('maximum', 'zeros'),
  Min: commutative('minimum', 'zeros'),
  Sub: binary('sub', 'zeros'),
  Div: binary('div', 'ones'),
  Neg: plain('neg'),
  Abs: plain('abs'),
  Sqrt: plain('sqrt'),
  Exp: plain('exp'),
  Log: plain('log'),
  Reciprocal: (node, emit) => emit('div', [{ literal: 1 }, node.x()]),

  Pow(node, emit) {
    const exponent = node.scalar(1, 'exponent');
    if (exponent === undefined || exponent === 0) throw new Refusal('its exponent is 0');
    return emit('pow', [node.x(), { literal: exponent }]);
  },
};
