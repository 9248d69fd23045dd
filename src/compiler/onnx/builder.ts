import type { Opset, OpsetVersion } from '../../../generated/onnx/index.js';
import type { OperatorSchema } from '../../../generated/onnx/schemas.js';
import type { DType } from '../../support/dtype.js';
import { InternalError, invariant, type SourceLocation } from '../../support/errors.js';
import type { OnnxSubgraph, OnnxSubgraphInput, OnnxValue } from '../../support/onnxValue.js';
import type { Shape } from '../../support/shape.js';
import { tensorData, type TensorData } from '../../support/tensor.js';
import type { OnnxFunction, OnnxGraph, OnnxModel, OpsetImport } from './model.js';
import { floatAttributes, readCall } from './operatorCall.js';
import { irVersionOf, operatorsOf } from './schema.js';
import {
  freezeGraph,
  freezeNodes,
  GraphBody,
  GraphScope,
  GraphValue,
  type PendingAttribute,
} from './scope.js';

/** Origin of the nodes emitted now: a readable name, and the user's line. */
export interface NodeOrigin {
  /** Prefix of names, such as `blocks.0.conv_dw`. */
  readonly name: string;
  readonly source?: SourceLocation | undefined;
}

/** A model-local function to define. */
export interface FunctionSpec {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of float attributes that every call gives. */
  readonly attributes?: readonly string[];
}

/** A function that `call` can emit a node of. */
export interface FunctionHandle {
  readonly spec: FunctionSpec;
}

interface ModelInfo {
  readonly producerVersion?: string;
  readonly docString?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Builds one ONNX graph. `b` holds a method for each operator; names are made readable and unique,
 * and each node remembers the origin that `at` set.
 */
export class GraphBuilder {
  readonly b: Opset;
  readonly opset: OpsetVersion;
  private readonly name: string;
  private readonly main = new GraphScope('graph');
  private readonly functions = new Map<string, OnnxFunction>();
  private readonly domains = new Set<string>();
  private scope = this.main;
  private origin: NodeOrigin | undefined;
  private scratches = 0;

  constructor({ opset, name }: { readonly opset: OpsetVersion; readonly name: string }) {
    this.opset = opset;
    this.name = name;
    // The methods are made from the same schemas as the type, which no type check can follow.
    this.b = this.methods() as unknown as Opset;
  }

  /** An input of the graph. */
  input(name: string, dtype: DType, shape: Shape): OnnxValue {
    const value = this.main.fixedValue(name);
    this.main.inputs.push({ value, dtype, shape });
    return value;
  }

  /** A named weight; never shared. */
  initializer(name: string, tensor: TensorData): OnnxValue {
    const value = this.main.fixedValue(name);
    this.main.initializers.push({ value, tensor });
    return value;
  }

  /** A value by its name in another graph, which readers put around this one (TrainingInfo). */
  outer(name: string): OnnxValue {
    return this.main.fixedValue(name);
  }

  /**
   * Makes a value an output. The value takes the name; an input, an initializer or what already is
   * an output goes through an Identity.
   */
  output(value: OnnxValue, name: string, dtype: DType, shape: Shape): void {
    invariant(this.scope === this.main, `output ${name} inside a subgraph or function`);
    const own = this.visible(value);
    const source = this.main.canBeOutput(own)
      ? own
      : this.emit('Identity', '', [own], new Map(), [name])[0];
    invariant(source, 'Identity has an output');
    this.main.rename(source, name);
    this.main.outputs.set(source, { value: source, dtype, shape });
  }

  /** Notes the type of an intermediate value in value_info, for those who look at the graph. */
  describe(value: OnnxValue, dtype: DType, shape: Shape): void {
    const own = this.visible(value);
    own.scope.described.push({ value: own, dtype, shape });
  }

  /** Runs `emit`, whose nodes are named after `origin` and carry its source. */
  at<T>(origin: NodeOrigin, emit: () => T): T {
    const before = this.origin;
    this.origin = origin;
    try {
      return emit();
    } finally {
      this.origin = before;
    }
  }

  /**
   * Defines a model-local function, once for a domain and name. `body` gets the inputs and a
   * reader of float attributes, and returns the outputs.
   */
  defineFunction(
    spec: FunctionSpec,
    body: (
      inputs: readonly OnnxValue[],
      attribute: (name: string) => OnnxValue,
    ) => readonly OnnxValue[],
  ): FunctionHandle {
    const key = `${spec.domain}:${spec.name}`;
    if (!this.functions.has(key)) {
      invariant(spec.domain !== '', `function ${spec.name} needs a domain of its own`);
      const domainsBefore = new Set(this.domains);
      this.domains.clear();
      const scope = this.inside(new GraphScope('function'), { name: spec.name }, (scope) => {
        const inputs = spec.inputs.map((name) => scope.fixedValue(name));
        const results = body(inputs, (name) => this.reference(spec, name));
        invariant(results.length === spec.outputs.length, `${spec.name}: wrong number of outputs`);
        for (const [i, result] of results.entries()) {
          const value = this.asOutput(result);
          scope.rename(value, spec.outputs[i] ?? '');
          scope.outputs.set(value, { value });
        }
      });
      this.functions.set(key, this.frozen(spec, scope));
      for (const domain of domainsBefore) this.domains.add(domain);
    }
    return { spec };
  }

  /** A node that calls a function of this model. */
  call(
    handle: FunctionHandle,
    inputs: readonly (OnnxValue | null)[],
    attributes: Readonly<Record<string, number>> = {},
  ): OnnxValue[] {
    const { spec } = handle;
    const given = Object.keys(attributes).sort().join();
    const wanted = [...(spec.attributes ?? [])].sort().join();
    invariant(inputs.length === spec.inputs.length, `${spec.name}: wrong number of inputs`);
    invariant(given === wanted, `${spec.name}: attributes [${given}], not [${wanted}]`);
    this.domains.add(spec.domain);
    const values = inputs.map((value) => (value === null ? undefined : this.visible(value)));
    return this.emit(spec.name, spec.domain, values, floatAttributes(attributes), spec.outputs);
  }

  /** The finished graph alone, for a TrainingInfo; it must not use functions of its own. */
  buildGraph(): OnnxGraph {
    return freezeGraph(this.main, this.name, irVersionOf(this.opset));
  }

  /** The finished model. */
  build(info: ModelInfo = {}): OnnxModel {
    return {
      irVersion: irVersionOf(this.opset),
      opsets: this.imports(),
      producerName: 'gradus',
      producerVersion: info.producerVersion ?? '',
      docString: info.docString ?? '',
      graph: this.buildGraph(),
      functions: [...this.functions.values()],
      trainingInfo: [],
      metadata: info.metadata ?? {},
    };
  }

  private imports(): OpsetImport[] {
    const others = [...this.domains].sort().map((domain) => ({ domain, version: 1 }));
    return [{ domain: '', version: this.opset }, ...others];
  }

  private frozen(spec: FunctionSpec, scope: GraphScope): OnnxFunction {
    return {
      name: spec.name,
      domain: spec.domain,
      inputs: spec.inputs,
      outputs: spec.outputs,
      attributes: spec.attributes ?? [],
      nodes: freezeNodes(scope, irVersionOf(this.opset)),
      opsets: this.imports(),
      docString: '',
    };
  }

  /** The methods of `b`, typed by generated/onnx/. */
  private methods(): Record<string, unknown> {
    return {
      opset: this.opset,
      ...this.operators('', this.opset),
      ms: this.operators('com.microsoft', 1),
      nchwc: this.operators('com.microsoft.nchwc', 1),
      constant: (tensor: TensorData) => this.constant(tensor, true),
      ownConstant: (tensor: TensorData) => this.constant(tensor, false),
      scratch: this.scratch.bind(this),
      ints: (...values: readonly number[]) =>
        this.constant(tensorData('int64', [values.length], values), true),
      scalar: (value: number, dtype: DType = 'float32') =>
        this.constant(tensorData(dtype, [], [value]), true),
      subgraph: this.subgraph.bind(this),
    };
  }

  private operators(domain: string, opset: number): Record<string, unknown> {
    return Object.fromEntries(
      operatorsOf(domain, opset).map((schema) => [
        schema.name,
        (...args: readonly unknown[]) => this.operator(schema, args),
      ]),
    );
  }

  private operator(schema: OperatorSchema, args: readonly unknown[]): OnnxValue | OnnxValue[] {
    const { inputs, attributes, outputs, list } = readCall(schema, args);
    for (const value of inputs) if (value !== undefined) this.visible(value);
    const [first, shape] = inputs;
    // With allowzero a size of 0 means another thing.
    if (schema.name === 'Reshape' && first && shape && attributes.size === 0)
      return this.reshape(first, shape);
    if (schema.domain !== '') this.domains.add(schema.domain);
    const names = Array.from({ length: outputs }, (_, i) => schema.outputs[i]?.name ?? String(i));
    const values = this.emit(schema.name, schema.domain, inputs, attributes, names);
    const [only] = values;
    invariant(only, `${schema.name} has an output`);
    return list ? values : only;
  }

  /**
   * The elements of a value in another shape: once for each value and shape, and of a value that is
   * reshaped itself straight from where it came. A reshape costs no copy, but a node costs a runtime some
   * microseconds, and lowerings that meet leave three of them in a row.
   */
  private reshape(given: GraphValue, shape: GraphValue): GraphValue {
    const { reshapes } = this.scope;
    const value = reshapes.source(given, shape);
    const known = reshapes.find(value, shape);
    if (known) return known;
    const [made] = this.emit('Reshape', '', [value, shape], new Map(), ['reshaped']);
    invariant(made, 'Reshape has an output');
    reshapes.note(value, shape, made);
    return made;
  }

  /** Adds a node; its first output has the node's name, a further one its own name behind that. */
  private emit(
    opType: string,
    domain: string,
    inputs: readonly (GraphValue | undefined)[],
    attributes: ReadonlyMap<string, PendingAttribute>,
    outputNames: readonly string[],
  ): GraphValue[] {
    const name = this.scope.nodeNames.unique(this.prefixed(opType));
    const outputs = outputNames.map((output, i) =>
      this.scope.newValue(i === 0 ? name : `${name}.${output}`),
    );
    const source = this.source();
    this.scope.nodes.push({ opType, domain, name, inputs, outputs, attributes, source });
    return outputs;
  }

  private prefixed(text: string): string {
    return this.origin === undefined ? text : `${this.origin.name}/${text}`;
  }

  private source(): string | undefined {
    const source = this.origin?.source;
    return source && `${source.file}:${source.line}:${source.column}`;
  }

  private constant(tensor: TensorData, shared: boolean): GraphValue {
    const { home } = this.scope;
    const make = (): GraphValue => {
      if (home.kind === 'function') return this.constantNode(home, tensor);
      const base = shared ? `constants/${tensor.dtype}` : this.prefixed('constant');
      const value = home.newValue(base, 'made', tensor);
      home.initializers.push({ value, tensor });
      return value;
    };
    return shared ? home.constants.get(tensor, make) : make();
  }

  private scratch(dtype: 'float32' | 'float64', shape: readonly number[]): GraphValue {
    const size = shape.reduce((product, dim) => product * dim, 1);
    // Steps of 2^-20 from 1 are exact in float32, and no model has a use for these numbers.
    const value = 1 + ++this.scratches / 2 ** 20;
    return this.constant(tensorData(dtype, shape, new Float64Array(size).fill(value)), false);
  }

  /** A function has no initializers, so that its constants are nodes. */
  private constantNode(root: GraphScope, tensor: TensorData): GraphValue {
    const name = root.nodeNames.unique(this.prefixed('Constant'));
    const value = root.newValue(name, 'made', tensor);
    const attributes = new Map([['value', { type: 'tensor', value: tensor } as const]]);
    const node = { opType: 'Constant', domain: '', name, inputs: [], outputs: [value], attributes };
    root.nodes.push({ ...node, source: this.source() });
    return value;
  }

  private reference(spec: FunctionSpec, name: string): OnnxValue {
    invariant(spec.attributes?.includes(name), `${spec.name} has no attribute ${name}`);
    const value = { type: 'ref', value: name, of: 'float' } as const;
    const [output] = this.emit('Constant', '', [], new Map([['value_float', value]]), ['output']);
    invariant(output, 'Constant has an output');
    return output;
  }

  private subgraph(
    name: string,
    inputs: readonly OnnxSubgraphInput[],
    body: (...inputs: OnnxValue[]) => readonly OnnxValue[],
    { ownConstants = false } = {},
  ): OnnxSubgraph {
    const own = new GraphScope('subgraph', this.scope, ownConstants);
    const scope = this.inside(own, this.origin, (scope) => {
      const values = inputs.map(({ name: input, dtype, shape }) => {
        const value = scope.newValue(this.prefixed(input), 'bound');
        scope.inputs.push({ value, dtype, shape });
        return value;
      });
      for (const result of body(...values)) {
        const value = this.asOutput(result);
        scope.outputs.set(value, { value });
      }
    });
    return new GraphBody(name, scope);
  }

  /** A value that can be an output of the subgraph or function being built. */
  private asOutput(value: OnnxValue): GraphValue {
    const own = this.visible(value);
    if (this.scope.canBeOutput(own)) return own;
    const [copy] = this.emit('Identity', '', [own], new Map(), ['output']);
    invariant(copy, 'Identity has an output');
    return copy;
  }

  private inside(
    scope: GraphScope,
    origin: NodeOrigin | undefined,
    build: (scope: GraphScope) => void,
  ): GraphScope {
    const before = { scope: this.scope, origin: this.origin };
    this.scope = scope;
    this.origin = origin;
    try {
      build(scope);
    } finally {
      this.scope = before.scope;
      this.origin = before.origin;
    }
    return scope;
  }

  private visible(value: OnnxValue): GraphValue {
    if (value instanceof GraphValue && this.scope.sees(value)) return value;
    throw new InternalError(`${value.onnxName} is not a value that this graph can read`, {
      code: 'onnx-scope',
      where: this.source(),
    });
  }
}
