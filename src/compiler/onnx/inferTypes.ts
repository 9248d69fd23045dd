import type { FormalParameter, OperatorSchema } from '../../../generated/onnx/schemas.js';
import { elementTypeOf, schemaName } from './elementTypes.js';
import type { OnnxNode } from './model.js';

/** Element types by schema names (`float`, `seq(float)`); undefined if unknown. */
export type KnownType = string | undefined;

/** Their variadic inputs and outputs may differ in type from one another. */
const heterogeneous = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);

/** These choose their output's type by an attribute that holds a number of TensorProto.DataType. */
const typeAttributes: Readonly<Record<string, { attribute: string; default?: string }>> = {
  Cast: { attribute: 'to' },
  EyeLike: { attribute: 'dtype' },
  Multinomial: { attribute: 'dtype', default: 'int32' },
  RandomNormal: { attribute: 'dtype', default: 'float' },
  RandomUniform: { attribute: 'dtype', default: 'float' },
  RandomNormalLike: { attribute: 'dtype' },
  RandomUniformLike: { attribute: 'dtype' },
  Bernoulli: { attribute: 'dtype' },
  BlackmanWindow: { attribute: 'output_datatype', default: 'float' },
  HammingWindow: { attribute: 'output_datatype', default: 'float' },
  HannWindow: { attribute: 'output_datatype', default: 'float' },
};

/** Without the attribute, these take the type of their first input. */
const likeInput = new Set(['EyeLike', 'RandomNormalLike', 'RandomUniformLike', 'Bernoulli']);

interface NodeTypes {
  readonly outputs: readonly KnownType[];
  /** Faults in the types of the inputs. */
  readonly problems: readonly string[];
}

/** Binds an operator's type variables to what its inputs are, checks them, and types its outputs. */
export function inferTypes(
  schema: OperatorSchema,
  node: OnnxNode,
  inputs: readonly KnownType[],
): NodeTypes {
  const bound = new Map<string, string>();
  const problems: string[] = [];
  for (const [i, type] of inputs.entries()) {
    const formal = formalAt(schema.inputs, i);
    if (type === undefined || formal === undefined) continue;
    const allowed = schema.types[formal.type] ?? [formal.type];
    const free = formal.variadic === true && heterogeneous.has(schema.name);
    const before = free ? undefined : bound.get(formal.type);
    if (!allowed.includes(type))
      problems.push(`input ${formal.name} is ${type}, not ${listed(allowed)}`);
    else if (before !== undefined && before !== type)
      problems.push(
        `input ${formal.name} is ${type} where another input of type ${formal.type} is ${before}`,
      );
    else if (!free && formal.type in schema.types) bound.set(formal.type, type);
  }
  const outputs = node.outputs.map((_, i) => outputType(schema, node, i, inputs, bound));
  return { outputs, problems };
}

export function formalAt(
  formals: readonly FormalParameter[],
  index: number,
): FormalParameter | undefined {
  const last = formals.at(-1);
  return formals[index] ?? (last?.variadic ? last : undefined);
}

function listed(types: readonly string[]): string {
  return types.length > 4 ? `one of ${types.length} allowed types` : types.join(' or ');
}

function outputType(
  schema: OperatorSchema,
  node: OnnxNode,
  index: number,
  inputs: readonly KnownType[],
  bound: ReadonlyMap<string, string>,
): KnownType {
  if (schema.domain === '' && index === 0) {
    const special = specialOutput(node, inputs);
    if (special !== undefined) return special;
  }
  const formal = formalAt(schema.outputs, index);
  if (formal === undefined || heterogeneous.has(schema.name)) return undefined;
  const allowed = schema.types[formal.type] ?? [formal.type];
  return bound.get(formal.type) ?? (allowed.length === 1 ? allowed[0] : undefined);
}

function specialOutput(node: OnnxNode, inputs: readonly KnownType[]): KnownType {
  const rule = typeAttributes[node.opType];
  if (rule !== undefined) {
    const given = node.attributes.get(rule.attribute);
    if (given?.type === 'int') {
      const type = elementTypeOf(given.value);
      return type === undefined ? undefined : schemaName(type);
    }
    return rule.default ?? (likeInput.has(node.opType) ? inputs[0] : undefined);
  }
  if (node.opType === 'Constant') return constantType(node);
  if (node.opType === 'ConstantOfShape') {
    const value = node.attributes.get('value');
    return value?.type === 'tensor' ? schemaName(value.value.dtype) : 'float';
  }
  return undefined;
}

const constantTypes: Readonly<Record<string, string>> = {
  value_float: 'float',
  value_floats: 'float',
  value_int: 'int64',
  value_ints: 'int64',
  value_string: 'string',
  value_strings: 'string',
};

function constantType(node: OnnxNode): KnownType {
  for (const [name, attribute] of node.attributes)
    return attribute.type === 'tensor' ? schemaName(attribute.value.dtype) : constantTypes[name];
  return undefined;
}
