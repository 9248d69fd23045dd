import { onnx } from '../../../generated/proto/onnx.js';
import { formatDim, type Dim } from '../../support/shape.js';
import { elementCode } from './elementTypes.js';
import {
  planExternal,
  rawBytes,
  type ExternalFile,
  type ExternalPlan,
  type WriteOptions,
} from './external.js';
import { joined, lengthDelimited, piecesOf, type Pieces } from './pieces.js';
import type {
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxInitializer,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxTrainingInfo,
  OnnxValueInfo,
  OpsetImport,
} from './model.js';

/** An encoded model; its big tensors are not copied until `bytes` is asked for. */
export class WrittenModel {
  constructor(
    private readonly pieces: Pieces,
    /** File that the caller writes beside the model. */
    readonly external: ExternalFile | undefined,
  ) {}

  /** A model that was encoded before, in one file. */
  static of(bytes: Uint8Array): WrittenModel {
    return new WrittenModel(piecesOf([bytes]), undefined);
  }

  /** The file, to be written part by part. */
  get parts(): readonly Uint8Array[] {
    return this.pieces.parts;
  }

  /** The file in one array, put together each time. */
  get bytes(): Uint8Array {
    return joined(this.pieces);
  }
}

/** Encodes a model. Throws an ArtifactError if it is too big for one file and `never` was said. */
export function writeModel(model: OnnxModel, options: WriteOptions = {}): WrittenModel {
  const plan = planExternal(model, options);
  return new WrittenModel(piecesOf(merged(modelParts(model, plan))), plan.file);
}

/*
 * Protobuf lets a message be cut between its fields: encodings of the fields one after another are
 * the encoding of the whole. So a graph's nodes are encoded in batches, whose objects are dropped,
 * and a big tensor's bytes go from the weights to the file as they are. The fields come in the
 * order of their numbers, as the generated encoders write them.
 */

/** Field numbers of onnx.proto. */
const fields = {
  modelGraph: 7,
  modelTrainingInfo: 20,
  trainingInitialization: 1,
  trainingAlgorithm: 2,
  graphInitializer: 5,
  tensorRawData: 9,
} as const;

/** Nodes that are encoded at a time. */
const nodeBatch = 1024;
/** Smaller tensors are copied into the part around them, in bytes. */
const smallestPart = 2 ** 16;

function* modelParts(model: OnnxModel, plan: ExternalPlan): Generator<Uint8Array> {
  const encode = (proto: onnx.ModelProto.$Properties) => onnx.ModelProto.encode(proto).finish();
  yield encode({
    irVersion: model.irVersion,
    producerName: some(model.producerName),
    producerVersion: some(model.producerVersion),
    docString: some(model.docString),
  });
  yield* lengthDelimited(fields.modelGraph, piecesOf(graphParts(model.graph, plan)));
  yield encode({
    opsetImport: model.opsets.map(opsetProto),
    metadataProps: entries(model.metadata),
  });
  for (const info of model.trainingInfo)
    yield* lengthDelimited(fields.modelTrainingInfo, piecesOf(trainingInfoParts(info, plan)));
  yield encode({ functions: model.functions.map((fn) => functionProto(fn, plan)) });
}

function* graphParts(graph: OnnxGraph, plan: ExternalPlan): Generator<Uint8Array> {
  const encode = (proto: onnx.GraphProto.$Properties) => onnx.GraphProto.encode(proto).finish();
  for (let i = 0; i < graph.nodes.length; i += nodeBatch)
    yield encode({
      node: graph.nodes.slice(i, i + nodeBatch).map((node) => nodeProto(node, plan)),
    });
  yield encode({ name: graph.name });
  for (const initializer of graph.initializers)
    yield* lengthDelimited(
      fields.graphInitializer,
      piecesOf(tensorParts(initializerProto(initializer, plan))),
    );
  yield encode({
    docString: some(graph.docString),
    input: graph.inputs.map(valueInfoProto),
    output: graph.outputs.map(valueInfoProto),
    valueInfo: graph.valueInfo.map(valueInfoProto),
  });
}

function* tensorParts({ rawData, ...head }: onnx.TensorProto.$Properties): Generator<Uint8Array> {
  if (!rawData || rawData.length < smallestPart || head.externalData) {
    yield onnx.TensorProto.encode({ ...head, rawData }).finish();
    return;
  }
  yield onnx.TensorProto.encode(head).finish();
  yield* lengthDelimited(fields.tensorRawData, piecesOf([rawData]));
}

function* trainingInfoParts(info: OnnxTrainingInfo, plan: ExternalPlan): Generator<Uint8Array> {
  const { trainingInitialization, trainingAlgorithm } = fields;
  if (info.initialization)
    yield* lengthDelimited(trainingInitialization, piecesOf(graphParts(info.initialization, plan)));
  if (info.algorithm)
    yield* lengthDelimited(trainingAlgorithm, piecesOf(graphParts(info.algorithm, plan)));
  yield onnx.TrainingInfoProto.encode({
    initializationBinding: entries(info.initializationBinding),
    updateBinding: entries(info.updateBinding),
  }).finish();
}

/** Small parts put together, so that a file is written in few calls. */
function* merged(parts: Iterable<Uint8Array>): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  const flush = function* () {
    if (small.length > 0) yield joined(piecesOf(small));
    small = [];
  };
  for (const part of parts)
    if (part.length < smallestPart) small.push(part);
    else {
      yield* flush();
      yield part;
    }
  yield* flush();
}

/** Empty strings are left out, as ONNX's own writers do. */
function some(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function entries(
  record: Readonly<Record<string, string>>,
): onnx.StringStringEntryProto.$Properties[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

function opsetProto({ domain, version }: OpsetImport): onnx.OperatorSetIdProto.$Properties {
  // Readers look for the field even if the domain is the default one.
  return { domain, version };
}

function graphProto(graph: OnnxGraph, plan: ExternalPlan): onnx.GraphProto.$Properties {
  return {
    name: graph.name,
    node: graph.nodes.map((node) => nodeProto(node, plan)),
    initializer: graph.initializers.map((initializer) => initializerProto(initializer, plan)),
    input: graph.inputs.map(valueInfoProto),
    output: graph.outputs.map(valueInfoProto),
    valueInfo: graph.valueInfo.map(valueInfoProto),
    docString: some(graph.docString),
  };
}

function nodeProto(node: OnnxNode, plan: ExternalPlan): onnx.NodeProto.$Properties {
  return {
    input: [...node.inputs],
    output: [...node.outputs],
    name: some(node.name),
    opType: node.opType,
    domain: some(node.domain),
    attribute: [...node.attributes].map(([name, value]) => attributeProto(name, value, plan)),
    docString: some(node.docString),
    metadataProps: entries(node.metadata),
  };
}

const { AttributeType } = onnx.AttributeProto;

const attributeCodes = {
  int: AttributeType.INT,
  ints: AttributeType.INTS,
  float: AttributeType.FLOAT,
  floats: AttributeType.FLOATS,
  string: AttributeType.STRING,
  strings: AttributeType.STRINGS,
  tensor: AttributeType.TENSOR,
  graph: AttributeType.GRAPH,
  sparse_tensor: AttributeType.SPARSE_TENSOR,
  type_proto: AttributeType.TYPE_PROTO,
} as const;

function attributeProto(
  name: string,
  attribute: OnnxAttribute,
  plan: ExternalPlan,
): onnx.AttributeProto.$Properties {
  if (attribute.type === 'other') return attribute.value;
  if (attribute.type === 'ref')
    return { name, type: attributeCodes[attribute.of], refAttrName: attribute.value };
  const type = attributeCodes[attribute.type];
  switch (attribute.type) {
    case 'int':
      return { name, type, i: attribute.value };
    case 'ints':
      return { name, type, ints: [...attribute.value] };
    case 'float':
      return { name, type, f: attribute.value };
    case 'floats':
      return { name, type, floats: [...attribute.value] };
    case 'string':
      return { name, type, s: utf8(attribute.value) };
    case 'strings':
      return { name, type, strings: attribute.value.map(utf8) };
    case 'tensor':
      return { name, type, t: tensorProto(attribute.value) };
    case 'graph':
      return { name, type, g: graphProto(attribute.value, plan) };
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function initializerProto(
  { name, tensor }: OnnxInitializer,
  plan: ExternalPlan,
): onnx.TensorProto.$Properties {
  const place = plan.places.get(tensor);
  if (place === undefined) return { name, ...tensorProto(tensor) };
  return {
    name,
    dims: [...tensor.shape],
    dataType: elementCode(tensor.dtype),
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: entries({
      location: place.location,
      offset: String(place.offset),
      length: String(place.length),
    }),
  };
}

function tensorProto(tensor: OnnxTensor): onnx.TensorProto.$Properties {
  const proto = { dims: [...tensor.shape], dataType: elementCode(tensor.dtype) };
  if ('strings' in tensor && tensor.strings)
    return { ...proto, stringData: tensor.strings.map(utf8) };
  return { ...proto, rawData: rawBytes(tensor) };
}

function valueInfoProto(info: OnnxValueInfo): onnx.ValueInfoProto.$Properties {
  if (info.otherType !== undefined) return { name: info.name, type: info.otherType };
  if (info.dtype === undefined) return { name: info.name };
  const shape = info.shape && { dim: info.shape.map(dimProto) };
  return {
    name: info.name,
    type: { tensorType: { elemType: elementCode(info.dtype), ...(shape && { shape }) } },
  };
}

function dimProto(dim: Dim): onnx.TensorShapeProto.Dimension.$Properties {
  if (typeof dim === 'number') return { dimValue: dim };
  return dim.symbol === '?' ? {} : { dimParam: formatDim(dim) };
}

function functionProto(fn: OnnxFunction, plan: ExternalPlan): onnx.FunctionProto.$Properties {
  return {
    name: fn.name,
    domain: fn.domain,
    input: [...fn.inputs],
    output: [...fn.outputs],
    attribute: [...fn.attributes],
    node: fn.nodes.map((node) => nodeProto(node, plan)),
    opsetImport: fn.opsets.map(opsetProto),
    docString: some(fn.docString),
  };
}
