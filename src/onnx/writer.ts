import { onnx } from '../../generated/proto/onnx.js';
import { formatDim, type Dim } from '../support/shape.js';
import { elementCode } from './elementTypes.js';
import {
  planExternal,
  rawBytes,
  type ExternalFile,
  type ExternalPlan,
  type WriteOptions,
} from './external.js';
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

export interface WrittenModel {
  readonly bytes: Uint8Array;
  /** What the caller writes beside the model. */
  readonly external: ExternalFile | undefined;
}

/** Encodes a model. Throws an ArtifactError where it is too big for one file and `never` was said. */
export function writeModel(model: OnnxModel, options: WriteOptions = {}): WrittenModel {
  const plan = planExternal(model, options);
  const proto: onnx.ModelProto.$Properties = {
    irVersion: model.irVersion,
    opsetImport: model.opsets.map(opsetProto),
    producerName: some(model.producerName),
    producerVersion: some(model.producerVersion),
    docString: some(model.docString),
    graph: graphProto(model.graph, plan),
    metadataProps: entries(model.metadata),
    trainingInfo: model.trainingInfo.map((info) => trainingInfoProto(info, plan)),
    functions: model.functions.map((fn) => functionProto(fn, plan)),
  };
  return { bytes: onnx.ModelProto.encode(proto).finish(), external: plan.file };
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
  // Readers look for the field even where the domain is the default one.
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

function trainingInfoProto(
  info: OnnxTrainingInfo,
  plan: ExternalPlan,
): onnx.TrainingInfoProto.$Properties {
  return {
    initialization: info.initialization && graphProto(info.initialization, plan),
    algorithm: info.algorithm && graphProto(info.algorithm, plan),
    initializationBinding: entries(info.initializationBinding),
    updateBinding: entries(info.updateBinding),
  };
}
