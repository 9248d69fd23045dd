import { onnx } from '../../../generated/proto/onnx.js';
import type { AttributeType } from '../../../generated/onnx/schemas.js';
import { ArtifactError } from '../../support/errors.js';
import type { Dim, Shape } from '../../support/shape.js';
import { elementTypeOf } from './elementTypes.js';
import {
  plainDomain,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTrainingInfo,
  type OnnxValueInfo,
  type OpsetImport,
} from './model.js';
import { toNumber, utf8, type Int64 } from './protoValues.js';
import { readTensor, type ReadExternal, type TensorContext } from './tensorReader.js';

export interface ReadOptions {
  /** Name of the file that the bytes are of, for messages. */
  readonly file?: string;
  /** Reads a part of a file beside the model; needed for models with external data. */
  readonly external?: ReadExternal;
}

/**
 * Decodes a model. Fields that OnnxModel does not name (quantisation annotations, sparse initializers,
 * fields newer than schemas/onnx.proto) are left out, so a model that is read and written again loses
 * them. Throws an ArtifactError if the bytes are cut off, broken or not ONNX at all.
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): OnnxModel {
  const file = options.file ?? 'the model';
  const proto = decode(bytes, file);
  const context = { file, external: options.external };
  if (proto.graph === null || proto.graph === undefined || toNumber(proto.irVersion) < 1)
    throw broken(file, 'it does not contain an ONNX graph');
  // The field after the graph, without which no node has a meaning.
  if (!proto.opsetImport?.length) throw broken(file, 'it does not import an operator set');
  return {
    irVersion: toNumber(proto.irVersion),
    opsets: opsetImports(proto.opsetImport),
    producerName: proto.producerName ?? '',
    producerVersion: proto.producerVersion ?? '',
    docString: proto.docString ?? '',
    graph: readGraph(proto.graph, context),
    functions: (proto.functions ?? []).map((fn) => readFunction(fn, context)),
    trainingInfo: (proto.trainingInfo ?? []).map((info) => readTrainingInfo(info, context)),
    metadata: record(proto.metadataProps),
  };
}

function decode(bytes: Uint8Array, file: string): onnx.ModelProto.$Properties {
  if (bytes.length === 0) throw broken(file, 'it is empty');
  try {
    return onnx.ModelProto.decode(bytes);
  } catch (cause) {
    const cut = cause instanceof RangeError;
    const reason = cut ? 'it ends in the middle of a message' : 'it is not in the ONNX format';
    throw broken(file, reason, cause);
  }
}

function broken(file: string, reason: string, cause?: unknown): ArtifactError {
  return new ArtifactError(`cannot read ${file} as an ONNX model: ${reason}`, {
    code: 'onnx-unreadable',
    where: file,
    hint: 'the file may be truncated or of another kind: copy it again, or compile the model again',
    cause,
  });
}

function opsetImports(
  list: readonly onnx.OperatorSetIdProto.$Properties[] | null | undefined,
): OpsetImport[] {
  return (list ?? []).map(({ domain, version }) => ({
    domain: plainDomain(domain ?? ''),
    version: toNumber(version),
  }));
}

function record(
  entries: readonly onnx.StringStringEntryProto.$Properties[] | null | undefined,
): Record<string, string> {
  return Object.fromEntries((entries ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
}

function readGraph(proto: onnx.GraphProto.$Properties, context: TensorContext): OnnxGraph {
  return {
    name: proto.name ?? '',
    nodes: (proto.node ?? []).map((node) => readNode(node, context)),
    inputs: (proto.input ?? []).map(readValueInfo),
    outputs: (proto.output ?? []).map(readValueInfo),
    initializers: (proto.initializer ?? []).map((tensor) => ({
      name: tensor.name ?? '',
      tensor: readTensor(tensor, context),
    })),
    valueInfo: (proto.valueInfo ?? []).map(readValueInfo),
    docString: proto.docString ?? '',
  };
}

function readNode(proto: onnx.NodeProto.$Properties, context: TensorContext): OnnxNode {
  const attributes = (proto.attribute ?? []).map(
    (attribute) => [attribute.name ?? '', readAttribute(attribute, context)] as const,
  );
  return {
    opType: proto.opType ?? '',
    domain: plainDomain(proto.domain ?? ''),
    name: proto.name ?? '',
    inputs: proto.input ?? [],
    outputs: proto.output ?? [],
    attributes: new Map(attributes),
    docString: proto.docString ?? '',
    metadata: record(proto.metadataProps),
  };
}

const { AttributeType: Code } = onnx.AttributeProto;

const attributeTypes: Readonly<Partial<Record<number, AttributeType>>> = {
  [Code.INT]: 'int',
  [Code.INTS]: 'ints',
  [Code.FLOAT]: 'float',
  [Code.FLOATS]: 'floats',
  [Code.STRING]: 'string',
  [Code.STRINGS]: 'strings',
  [Code.TENSOR]: 'tensor',
  [Code.GRAPH]: 'graph',
  [Code.SPARSE_TENSOR]: 'sparse_tensor',
  [Code.TYPE_PROTO]: 'type_proto',
};

function readAttribute(
  proto: onnx.AttributeProto.$Properties,
  context: TensorContext,
): OnnxAttribute {
  const type = attributeTypes[proto.type ?? 0];
  if (proto.refAttrName && type !== undefined)
    return { type: 'ref', value: proto.refAttrName, of: type };
  const empty: readonly Int64[] = [];
  switch (type) {
    case 'int':
      return { type, value: toNumber(proto.i) };
    case 'ints':
      return { type, value: (proto.ints ?? empty).map(toNumber) };
    case 'float':
      return { type, value: proto.f ?? 0 };
    case 'floats':
      return { type, value: proto.floats ?? [] };
    case 'string':
      return { type, value: utf8(proto.s) };
    case 'strings':
      return { type, value: (proto.strings ?? []).map(utf8) };
    case 'tensor':
      return { type, value: readTensor(proto.t ?? {}, context) };
    case 'graph':
      return { type, value: readGraph(proto.g ?? {}, context) };
    default:
      return { type: 'other', value: proto };
  }
}

function readValueInfo(proto: onnx.ValueInfoProto.$Properties): OnnxValueInfo {
  const name = proto.name ?? '';
  const { type } = proto;
  const tensor = type?.tensorType;
  if (!tensor) return type ? { name, otherType: type } : { name };
  const shape = tensor.shape ? readShape(tensor.shape) : undefined;
  return { name, dtype: elementTypeOf(tensor.elemType ?? 0), shape };
}

function readShape(proto: onnx.TensorShapeProto.$Properties): Shape {
  return (proto.dim ?? []).map((dim): Dim => {
    if (dim.dimValue !== undefined && dim.dimValue !== null && hasOwn(dim, 'dimValue'))
      return toNumber(dim.dimValue);
    const [, factor, symbol] = /^(\d*)(.+)$/s.exec(dim.dimParam ?? '') ?? [];
    return { symbol: symbol ?? '?', factor: factor ? Number(factor) : 1 };
  });
}

/** A decoded message has the defaults of absent fields on its prototype. */
function hasOwn(message: object, field: string): boolean {
  return Object.prototype.hasOwnProperty.call(message, field);
}

function readFunction(proto: onnx.FunctionProto.$Properties, context: TensorContext): OnnxFunction {
  return {
    name: proto.name ?? '',
    domain: plainDomain(proto.domain ?? ''),
    inputs: proto.input ?? [],
    outputs: proto.output ?? [],
    attributes: proto.attribute ?? [],
    nodes: (proto.node ?? []).map((node) => readNode(node, context)),
    opsets: opsetImports(proto.opsetImport),
    docString: proto.docString ?? '',
  };
}

function readTrainingInfo(
  proto: onnx.TrainingInfoProto.$Properties,
  context: TensorContext,
): OnnxTrainingInfo {
  const graph = (proto: onnx.GraphProto.$Properties | null | undefined): OnnxGraph | undefined =>
    proto ? readGraph(proto, context) : undefined;
  return {
    initialization: graph(proto.initialization),
    algorithm: graph(proto.algorithm),
    initializationBinding: record(proto.initializationBinding),
    updateBinding: record(proto.updateBinding),
  };
}
