import type { AttributeType, OperatorSchema } from '../../../generated/onnx/schemas.js';
import { InternalError } from '../../support/errors.js';
import type { TensorData } from '../../support/tensor.js';
import { GraphBody, GraphValue, type PendingAttribute } from './scope.js';

/** Request made by a call such as `b.Conv(x, w, null, { group: 2 })`. */
export interface OperatorCall {
  readonly inputs: readonly (GraphValue | undefined)[];
  readonly attributes: ReadonlyMap<string, PendingAttribute>;
  readonly outputs: number;
  /** True if the caller gets an array: there are several outputs, or any number of them. */
  readonly list: boolean;
}

/**
 * Reads the arguments of a builder's method: the operator's inputs by position, then its attributes
 * if it has any, then the number of outputs if that can vary. Throws an InternalError on wrong ones.
 */
export function readCall(schema: OperatorSchema, args: readonly unknown[]): OperatorCall {
  const fail = (problem: string): never => {
    throw new InternalError(`${schema.name}-${schema.since}: ${problem}`, { code: 'onnx-call' });
  };
  const count = schema.inputs.length;
  const rest = args.slice(count);
  const hasAttributes = schema.attributes.some(({ type }) => type in readers);
  const attributes = readAttributes(schema, hasAttributes ? rest.shift() : undefined, fail);
  const variadic = schema.outputs.some((output) => output.variadic);
  const fewest = Math.max(1, schema.outputs.filter((output) => !output.optional).length);
  const most = variadic ? Infinity : schema.outputs.length;
  const asked = most > fewest ? rest.shift() : fewest;
  if (rest.some((extra) => extra !== undefined)) fail('too many arguments');
  const outputs = asked === undefined && !variadic ? fewest : asked;
  if (!isInt(outputs) || outputs < 1 || outputs > most)
    return fail('it has fewer outputs than were asked for');
  const inputs = readInputs(schema, args.slice(0, count), fail);
  return { inputs, attributes, outputs, list: variadic || outputs > 1 };
}

type Fail = (problem: string) => never;

function readInputs(
  schema: OperatorSchema,
  args: readonly unknown[],
  fail: Fail,
): (GraphValue | undefined)[] {
  const inputs: (GraphValue | undefined)[] = [];
  for (const [i, formal] of schema.inputs.entries()) {
    const given = args[i];
    if (formal.variadic) {
      if (!Array.isArray(given)) return fail(`${formal.name} must be an array`);
      if (given.length === 0 && !formal.optional) fail(`${formal.name} is empty`);
      for (const value of given) inputs.push(asValue(value, formal.name, fail));
    } else if (given !== undefined && given !== null) {
      inputs.push(asValue(given, formal.name, fail));
    } else if (formal.optional) inputs.push(undefined);
    else fail(`input ${formal.name} is missing`);
  }
  const variadic = schema.inputs.some((formal) => formal.variadic);
  // A variadic input may be empty, but what comes before it keeps its place.
  while (!variadic && inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
  return inputs;
}

function asValue(value: unknown, name: string, fail: Fail): GraphValue {
  return value instanceof GraphValue ? value : fail(`${name} is not a value of a GraphBuilder`);
}

function readAttributes(
  schema: OperatorSchema,
  given: unknown,
  fail: Fail,
): Map<string, PendingAttribute> {
  const attributes = new Map<string, PendingAttribute>();
  if (given !== undefined && (typeof given !== 'object' || given === null))
    return fail('attributes must be an object');
  for (const [name, value] of Object.entries(given ?? {})) {
    const known = schema.attributes.find((attribute) => attribute.name === name);
    if (known === undefined) return fail(`attribute ${name} is unknown`);
    if (value === undefined) continue;
    const read = readers[known.type]?.(value);
    if (read === undefined) return fail(`attribute ${name} is not of type ${known.type}`);
    attributes.set(name, read);
  }
  for (const { name, required } of schema.attributes)
    if (required && !attributes.has(name)) fail(`attribute ${name} is missing`);
  return attributes;
}

const isInt = (value: unknown): value is number => Number.isSafeInteger(value);
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isString = (value: unknown): value is string => typeof value === 'string';
const isListOf =
  <T>(is: (item: unknown) => item is T) =>
  (value: unknown): value is readonly T[] =>
    Array.isArray(value) && value.every(is);
const isInts = isListOf(isInt);
const isFloats = isListOf(isNumber);
const isStrings = isListOf(isString);
const isTensor = (value: unknown): value is TensorData =>
  typeof value === 'object' && value !== null && 'dtype' in value && 'data' in value;

type Reader = (value: unknown) => PendingAttribute | undefined;

/** Sparse tensors and type protos have no reader: they cannot be given to the builder. */
const readers: Partial<Record<AttributeType, Reader>> = {
  int: (value) => (isInt(value) ? { type: 'int', value } : undefined),
  ints: (value) => (isInts(value) ? { type: 'ints', value } : undefined),
  float: (value) => (isNumber(value) ? { type: 'float', value } : undefined),
  floats: (value) => (isFloats(value) ? { type: 'floats', value } : undefined),
  string: (value) => (isString(value) ? { type: 'string', value } : undefined),
  strings: (value) => (isStrings(value) ? { type: 'strings', value } : undefined),
  tensor: (value) => (isTensor(value) ? { type: 'tensor', value } : undefined),
  graph: (value) => (value instanceof GraphBody ? { type: 'graph', value } : undefined),
};

/** Attributes of a call of a model-local function: floats. */
export function floatAttributes(
  given: Readonly<Record<string, number>>,
): Map<string, PendingAttribute> {
  return new Map(Object.entries(given).map(([name, value]) => [name, { type: 'float', value }]));
}
