import type { OperatorSchema } from '../../../generated/onnx/schemas.js';
import { ArtifactError } from '../../support/errors.js';
import { schemaName } from './elementTypes.js';
import { formalAt, inferTypes, type KnownType } from './inferTypes.js';
import {
  sourceOf,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTrainingInfo,
  type OnnxValueInfo,
  type OpsetImport,
} from './model.js';
import { findOperator, isKnownOpset } from './schema.js';

export interface OnnxProblem {
  /** The graph and node, such as `train: blocks.0.conv/Conv`. */
  readonly where: string;
  readonly message: string;
  /** The user's `file:line:column`, if the node has one. */
  readonly source: string | undefined;
}

/** Throws an ArtifactError that lists what verifyModel finds; `file` names the model in it. */
export function assertValidModel(model: OnnxModel, file?: string): void {
  const problems = verifyModel(model);
  if (problems.length === 0) return;
  const lines = problems.slice(0, 5).map(({ where, message, source }) => {
    return `  ${where}: ${message}${source === undefined ? '' : ` (from ${source})`}`;
  });
  if (problems.length > lines.length) lines.push(`  and ${problems.length - lines.length} more`);
  throw new ArtifactError(`the ONNX model ${model.graph.name} is not valid\n${lines.join('\n')}`, {
    code: 'onnx-invalid',
    where: file,
  });
}

/**
 * Checks a model against the operator schemas: operators, counts, attributes, names defined once
 * and before their use, element types if they are known; in functions, subgraphs and training
 * graphs too. An operator outside our schemas is a problem.
 */
export function verifyModel(model: OnnxModel): OnnxProblem[] {
  const verifier = new Verifier(model);
  verifier.model();
  return verifier.problems;
}

/** Types of the names defined so far, in one graph and in those around it. */
class Environment {
  private readonly types = new Map<string, KnownType>();

  constructor(private readonly outer?: Environment) {}

  has(name: string): boolean {
    return this.types.has(name) || (this.outer?.has(name) ?? false);
  }

  get(name: string): KnownType {
    return this.types.has(name) ? this.types.get(name) : this.outer?.get(name);
  }

  define(name: string, type: KnownType): void {
    this.types.set(name, type);
  }
}

class Verifier {
  readonly problems: OnnxProblem[] = [];
  private readonly functions: ReadonlyMap<string, OnnxFunction>;
  /** The function whose body is being checked: only there may attributes be references. */
  private inFunction: OnnxFunction | undefined;

  constructor(private readonly source: OnnxModel) {
    this.functions = new Map(source.functions.map((fn) => [`${fn.domain}:${fn.name}`, fn]));
  }

  model(): void {
    const { graph, opsets, functions, trainingInfo } = this.source;
    this.imports(opsets, graph.name);
    for (const fn of functions) this.function(fn);
    this.graph(graph, opsets, new Environment(), graph.name);
    for (const info of trainingInfo) this.trainingInfo(info);
  }

  private report(where: string, message: string, node?: OnnxNode): void {
    this.problems.push({ where, message, source: node && sourceOf(node) });
  }

  private imports(opsets: readonly OpsetImport[], where: string): void {
    const standard = opsets.find(({ domain }) => domain === '');
    if (standard === undefined) this.report(where, 'no opset of ai.onnx is imported');
    else if (!isKnownOpset(standard.version))
      this.report(where, `opset ${standard.version} is outside 17 to 24`);
  }

  private function(fn: OnnxFunction): void {
    const where = `function ${fn.domain}.${fn.name}`;
    this.imports(fn.opsets, where);
    const environment = new Environment();
    for (const name of fn.inputs) this.define(environment, name, undefined, where);
    this.inFunction = fn;
    this.nodes(fn.nodes, fn.opsets, environment, where);
    this.inFunction = undefined;
    for (const name of fn.outputs)
      if (!environment.has(name)) this.report(where, `output ${name} is not defined`);
  }

  /** Returns the types of the graph's outputs. */
  private graph(
    graph: OnnxGraph,
    opsets: readonly OpsetImport[],
    outer: Environment,
    where: string,
  ): KnownType[] {
    const environment = new Environment(outer);
    const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
    for (const input of graph.inputs) this.define(environment, input.name, typeOf(input), where);
    for (const { name, tensor } of graph.initializers) {
      // Before IR 4 an initializer was the default of an input of its name.
      if (inputs.has(name)) continue;
      this.define(environment, name, schemaName(tensor.dtype), where);
    }
    this.nodes(graph.nodes, opsets, environment, where);
    return graph.outputs.map((output) => this.output(output, environment, where));
  }

  private output(output: OnnxValueInfo, environment: Environment, where: string): KnownType {
    const declared = typeOf(output);
    if (!environment.has(output.name)) {
      this.report(where, `output ${output.name} is not defined`);
      return declared;
    }
    const found = environment.get(output.name);
    if (declared !== undefined && found !== undefined && declared !== found)
      this.report(where, `output ${output.name} is declared ${declared} but is ${found}`);
    return found ?? declared;
  }

  private define(
    environment: Environment,
    name: string,
    type: KnownType,
    where: string,
    node?: OnnxNode,
  ): void {
    if (environment.has(name)) this.report(where, `${name} is defined twice`, node);
    environment.define(name, type);
  }

  private nodes(
    nodes: readonly OnnxNode[],
    opsets: readonly OpsetImport[],
    environment: Environment,
    graph: string,
  ): void {
    for (const node of nodes) {
      const where = `${graph}: ${node.name || node.opType}`;
      for (const name of node.inputs)
        if (name !== '' && !environment.has(name))
          this.report(where, `input ${name} is used before it is defined`, node);
      const types = this.node(node, opsets, environment, where);
      for (const [i, name] of node.outputs.entries())
        if (name !== '') this.define(environment, name, types[i], where, node);
    }
  }

  /** Returns the types of the node's outputs. */
  private node(
    node: OnnxNode,
    opsets: readonly OpsetImport[],
    environment: Environment,
    where: string,
  ): readonly KnownType[] {
    const version = opsets.find(({ domain }) => domain === node.domain)?.version;
    if (version === undefined) {
      this.report(where, `the domain ${node.domain || 'ai.onnx'} is not imported`, node);
      return [];
    }
    const subgraphs = this.subgraphs(node, opsets, environment, where);
    const fn = this.functions.get(`${node.domain}:${node.opType}`);
    if (fn !== undefined) {
      this.call(node, fn, where);
      return [];
    }
    const schema = findOperator(node.domain, node.opType, version);
    if (schema === undefined || schema.deprecated) {
      const what = schema === undefined ? 'does not exist' : 'is deprecated';
      const domain = node.domain || 'ai.onnx';
      this.report(where, `${node.opType} ${what} in opset ${version} of ${domain}`, node);
      return [];
    }
    this.counts(node, schema, where);
    this.attributes(node, schema, where);
    const inputs = node.inputs.map((name) => environment.get(name));
    const { outputs, problems } = inferTypes(schema, node, inputs);
    for (const problem of problems) this.report(where, problem, node);
    return subgraphs ?? outputs;
  }

  /** Types of the outputs of If, Loop and Scan, which their subgraphs decide. */
  private subgraphs(
    node: OnnxNode,
    opsets: readonly OpsetImport[],
    environment: Environment,
    where: string,
  ): readonly KnownType[] | undefined {
    let types: KnownType[] | undefined;
    for (const [name, attribute] of node.attributes)
      if (attribute.type === 'graph')
        types = this.graph(attribute.value, opsets, environment, `${where}.${name}`);
    // The first output of a Loop's body is its condition, which stays inside.
    return node.opType === 'Loop' ? types?.slice(1) : types;
  }

  private call(node: OnnxNode, fn: OnnxFunction, where: string): void {
    if (node.inputs.length > fn.inputs.length)
      this.report(where, `${node.inputs.length} inputs, ${fn.name} has ${fn.inputs.length}`, node);
    if (node.outputs.length > fn.outputs.length)
      this.report(
        where,
        `${node.outputs.length} outputs, ${fn.name} has ${fn.outputs.length}`,
        node,
      );
    for (const name of fn.attributes)
      if (!node.attributes.has(name)) this.report(where, `attribute ${name} is missing`, node);
  }

  private counts(node: OnnxNode, schema: OperatorSchema, where: string): void {
    const check = (kind: 'input' | 'output', names: readonly string[]): void => {
      const formals = schema[`${kind}s`];
      const most = formals.at(-1)?.variadic ? Infinity : formals.length;
      if (names.length > most)
        this.report(where, `${names.length} ${kind}s, ${node.opType} has ${most}`, node);
      for (const [i, formal] of formals.entries())
        if (!formal.optional && (names[i] ?? '') === '')
          this.report(where, `${kind} ${formal.name} is missing`, node);
      for (const [i, name] of names.entries())
        if (name === '' && formalAt(formals, i)?.variadic)
          this.report(where, `${kind} ${i} is missing`, node);
    };
    check('input', node.inputs);
    check('output', node.outputs);
  }

  private attributes(node: OnnxNode, schema: OperatorSchema, where: string): void {
    for (const [name, attribute] of node.attributes) {
      const known = schema.attributes.find((candidate) => candidate.name === name);
      if (known === undefined) {
        this.report(where, `attribute ${name} is unknown to ${schema.name}-${schema.since}`, node);
        continue;
      }
      const type = attributeType(attribute);
      if (type !== undefined && type !== known.type)
        this.report(where, `attribute ${name} is of type ${type}, not ${known.type}`, node);
      if (attribute.type === 'ref' && !this.inFunction?.attributes.includes(attribute.value))
        this.report(
          where,
          `attribute ${name} refers to ${attribute.value}, which is not an attribute of the function`,
          node,
        );
    }
    for (const { name, required } of schema.attributes)
      if (required && !node.attributes.has(name))
        this.report(where, `attribute ${name} is missing`, node);
  }

  private trainingInfo(info: OnnxTrainingInfo): void {
    const { graph, opsets } = this.source;
    const outer = new Environment();
    // Both bindings may name an initializer of the inference graph or of the algorithm.
    const weights = new Set(
      [graph, info.algorithm].flatMap((part) => part?.initializers.map(({ name }) => name) ?? []),
    );
    for (const { name, tensor } of graph.initializers) outer.define(name, schemaName(tensor.dtype));
    const parts = [
      ['initialization', info.initialization, info.initializationBinding],
      ['algorithm', info.algorithm, info.updateBinding],
    ] as const;
    for (const [where, part, binding] of parts) {
      if (part !== undefined) this.graph(part, opsets, outer, where);
      const outputs = part?.outputs.map(({ name }) => name) ?? [];
      for (const [key, value] of Object.entries(binding)) {
        if (!weights.has(key)) this.report(where, `binding of ${key}, which is not an initializer`);
        if (!outputs.includes(value))
          this.report(where, `binding to ${value}, which is not an output`);
      }
    }
  }
}

function typeOf(info: OnnxValueInfo): KnownType {
  return info.dtype === undefined ? undefined : schemaName(info.dtype);
}

/** Undefined for kinds that the model keeps as they were read. */
function attributeType(attribute: OnnxAttribute): string | undefined {
  if (attribute.type === 'other') return undefined;
  return attribute.type === 'ref' ? attribute.of : attribute.type;
}
