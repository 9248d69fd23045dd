/** Calls of functions that a model defines, replaced by the nodes of their bodies. */
import { ArtifactError } from '../../../support/errors.js';
import type {
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OpsetImport,
} from '../../onnx/model.js';

/** A node with the version of its domain that its graph or function imports. */
export interface Opened {
  readonly node: OnnxNode;
  readonly opset: number;
}

/** Functions that call one another deeper than this, and models of more nodes, are refused. */
const limits = { depth: 64, nodes: 200_000 };

/** The nodes of a model's graph, in the file's order, with functions opened up. */
export function openedNodes(model: OnnxModel, file: string): Opened[] {
  const functions = new Map(model.functions.map((fn) => [`${fn.domain}:${fn.name}`, fn]));
  const opened: Opened[] = [];
  let seen = 0;
  const open = (
    nodes: readonly OnnxNode[],
    opsets: readonly OpsetImport[],
    depth: number,
  ): void => {
    const versions = new Map(opsets.map(({ domain, version }) => [domain, version]));
    for (const node of nodes) {
      // Calls count as well: functions that only call others could go on for ever.
      if (depth > limits.depth || ++seen > limits.nodes) throw tooMany(node, file);
      const called = functions.get(`${node.domain}:${node.opType}`);
      if (!called) opened.push({ node, opset: versions.get(node.domain) ?? 1 });
      else {
        const own = called.opsets.length > 0 ? called.opsets : opsets;
        open(bodyOf(called, node, seen), own, depth + 1);
      }
    }
  };
  open(model.graph.nodes, model.opsets, 0);
  return opened;
}

function tooMany({ opType }: OnnxNode, file: string): ArtifactError {
  return new ArtifactError(
    `${file} has more than ${limits.nodes} nodes once its functions are opened, or ${opType} calls itself`,
    { code: 'onnx-graph', where: file },
  );
}

/** The nodes of a function for one call, with the call's values and attributes in place of its own. */
function bodyOf(fn: OnnxFunction, call: OnnxNode, number: number): OnnxNode[] {
  const prefix = call.name || `${fn.name}_${number}`;
  const names = new Map<string, string>();
  for (const { outputs } of fn.nodes)
    for (const output of outputs) names.set(output, `${prefix}/${output}`);
  const passed: OnnxNode[] = [];
  for (const [i, input] of fn.inputs.entries()) names.set(input, call.inputs[i] ?? '');
  for (const [i, output] of fn.outputs.entries()) {
    const wanted = call.outputs[i] ?? '';
    if (wanted === '') continue;
    if (!fn.inputs.includes(output)) names.set(output, wanted);
    else passed.push(identity(names.get(output) ?? '', wanted, call));
  }
  return [...fn.nodes.map((node) => renamed(node, names, call.attributes, prefix)), ...passed];
}

function identity(input: string, output: string, call: OnnxNode): OnnxNode {
  return {
    ...call,
    opType: 'Identity',
    domain: '',
    inputs: [input],
    outputs: [output],
    attributes: new Map(),
  };
}

/** A node whose values have other names, and whose references to attributes are what the call gives. */
export function renamed(
  node: OnnxNode,
  names: ReadonlyMap<string, string>,
  given: ReadonlyMap<string, OnnxAttribute> = new Map(),
  prefix = '',
): OnnxNode {
  const one = (name: string): string => names.get(name) ?? name;
  const attributes = new Map<string, OnnxAttribute>();
  for (const [name, attribute] of node.attributes) {
    const value = attribute.type === 'ref' ? given.get(attribute.value) : attribute;
    if (value?.type === 'graph') {
      const { value: graph } = value;
      attributes.set(name, {
        type: 'graph',
        value: {
          ...graph,
          nodes: graph.nodes.map((inner) => renamed(inner, names, given, prefix)),
          outputs: graph.outputs.map((output) => ({ ...output, name: one(output.name) })),
        },
      });
    } else if (value) attributes.set(name, value);
  }
  return {
    ...node,
    name: prefix === '' || node.name === '' ? node.name : `${prefix}/${node.name}`,
    inputs: node.inputs.map(one),
    outputs: node.outputs.map(one),
    attributes,
  };
}

/** The nodes and weights of a branch whose results are those of the If around it. */
export function openedBranch(
  graph: OnnxGraph,
  node: OnnxNode,
  opset: number,
  isTaken: (name: string) => boolean,
): { readonly nodes: readonly Opened[]; readonly initializers: OnnxGraph['initializers'] } {
  const own = new Set([
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const names = new Map<string, string>();
  for (const name of own)
    if (isTaken(name)) names.set(name, `${node.name || node.outputs[0] || 'If'}/${name}`);
  const passed: OnnxNode[] = [];
  for (const [i, { name }] of graph.outputs.entries()) {
    const wanted = node.outputs[i] ?? '';
    if (wanted !== '') passed.push(identity(names.get(name) ?? name, wanted, node));
  }
  return {
    nodes: [...graph.nodes.map((inner) => renamed(inner, names)), ...passed].map((inner) => ({
      node: inner,
      opset,
    })),
    initializers: graph.initializers.map(({ name, tensor }) => ({
      name: names.get(name) ?? name,
      tensor,
    })),
  };
}
