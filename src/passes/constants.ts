import type { Value } from '../ir/graph.js';
import { constantOf, constantOp } from '../ops/constant.js';
import type { TensorData } from '../support/tensor.js';

/** The tensor of a value that is a constant. */
export function knownTensor(value: Value | undefined): TensorData | undefined {
  const producer = value?.producer;
  return producer?.op === constantOp ? constantOf(producer.attrs) : undefined;
}

const uniform = new WeakMap<TensorData, number | null>();

/** The number that all elements of a constant of float32, float64 or integers are. */
export function knownNumber(value: Value | undefined): number | undefined {
  const tensor = knownTensor(value);
  if (tensor === undefined || !hasPlainNumbers(tensor)) return undefined;
  let number = uniform.get(tensor);
  if (number === undefined) {
    const first = tensor.data.at(0);
    const same = first !== undefined && tensor.data.every((element) => Object.is(element, first));
    number = same ? Number(first) : null;
    uniform.set(tensor, number);
  }
  return number ?? undefined;
}

/** Whether the elements are numbers; float16 and bfloat16 are held as their bits. */
export function hasPlainNumbers({ dtype }: Pick<TensorData, 'dtype'>): boolean {
  return dtype !== 'float16' && dtype !== 'bfloat16';
}
