import type { Value } from '../ir/graph.js';
import { constantOf, constantOp } from '../ops/constant.js';
import { numbersOf, type TensorData } from '../../support/tensor.js';

/** The tensor of a value that is a constant. */
export function knownTensor(value: Value | undefined): TensorData | undefined {
  const producer = value?.producer;
  return producer?.op === constantOp ? constantOf(producer.attrs) : undefined;
}

const uniform = new WeakMap<TensorData, number | null>();

/** The number that all elements of a constant are. */
export function knownNumber(value: Value | undefined): number | undefined {
  const tensor = knownTensor(value);
  if (tensor === undefined) return undefined;
  let number = uniform.get(tensor);
  if (number === undefined) {
    const first = tensor.data.at(0);
    const same = first !== undefined && tensor.data.every((element) => Object.is(element, first));
    number = same ? (numbersOf({ ...tensor, data: tensor.data.subarray(0, 1) })[0] ?? null) : null;
    uniform.set(tensor, number);
  }
  return number ?? undefined;
}
