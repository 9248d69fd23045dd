import type { DType } from '../../support/dtype.js';
import { InternalError, invariant } from '../../support/errors.js';
import type { OnnxSubgraph, OnnxValue } from '../../support/onnxValue.js';
import type { Shape } from '../../support/shape.js';
import type { TensorData } from '../../support/tensor.js';
import { ConstantPool } from './constants.js';
import { Reshapes, withoutIdleReshapes } from './reshapes.js';
import {
  metadataIrVersion,
  sourceKey,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxValueInfo,
} from './model.js';

/** A value of a graph under construction; nodes hold the object, so that its name may change. */
export class GraphValue implements OnnxValue {
  constructor(
    public onnxName: string,
    readonly scope: GraphScope,
    /**
     * `named`: an input or initializer, whose name is part of the model's interface; `bound`: an
     * input of a subgraph; `made`: by a node.
     */
    readonly kind: 'named' | 'bound' | 'made',
    /** Value of a constant. */
    readonly constant?: TensorData,
  ) {}
}

/** A finished subgraph, to be given to one graph attribute. */
export class GraphBody implements OnnxSubgraph {
  constructor(
    readonly graphName: string,
    readonly scope: GraphScope,
  ) {}
}

export type PendingAttribute =
  Exclude<OnnxAttribute, { type: 'graph' }> | { readonly type: 'graph'; readonly value: GraphBody };

export interface PendingNode {
  readonly opType: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly (GraphValue | undefined)[];
  readonly outputs: readonly GraphValue[];
  readonly attributes: ReadonlyMap<string, PendingAttribute>;
  readonly source: string | undefined;
}

interface Typed {
  readonly value: GraphValue;
  readonly dtype?: DType;
  readonly shape?: Shape;
}

/** Gives out names that are used once in a model or function. */
class Names {
  private readonly used = new Map<string, number>();

  take(name: string): void {
    if (this.used.has(name))
      throw new InternalError(`two ONNX values are named ${name}`, { code: 'duplicate-name' });
    this.used.set(name, 0);
  }

  /** `base`, or base_1, base_2, ... if that is taken. */
  unique(base: string): string {
    let count = this.used.get(base);
    if (count === undefined) {
      this.used.set(base, 0);
      return base;
    }
    let name: string;
    do name = `${base}_${++count}`;
    while (this.used.has(name));
    this.used.set(base, count);
    this.used.set(name, 0);
    return name;
  }

  release(name: string): void {
    this.used.delete(name);
  }
}

/** A main graph, a function's body, or a subgraph of either, while nodes are put into it. */
export class GraphScope {
  readonly nodes: PendingNode[] = [];
  readonly reshapes = new Reshapes<GraphValue>();
  readonly inputs: Typed[] = [];
  /**
   * Outputs in order, keyed by value, since each of the thousands of a training step is looked up.
   */
  readonly outputs = new Map<GraphValue, Typed>();
  readonly described: Typed[] = [];
  readonly initializers: { readonly value: GraphValue; readonly tensor: TensorData }[] = [];
  /** The main graph or function that this is part of. */
  readonly root: GraphScope;
  /** Scope that constants go to: the root, or a surrounding subgraph that keeps its own. */
  readonly home: GraphScope;
  readonly values: Names;
  readonly nodeNames: Names;
  readonly constants: ConstantPool<GraphValue>;
  private readonly byName = new Map<string, GraphValue>();

  constructor(
    readonly kind: 'graph' | 'function' | 'subgraph',
    readonly parent?: GraphScope,
    ownConstants = false,
  ) {
    this.root = parent?.root ?? this;
    this.home = ownConstants ? this : (parent?.home ?? this);
    this.values = parent?.values ?? new Names();
    this.nodeNames = parent?.nodeNames ?? new Names();
    this.constants = this.home === this ? new ConstantPool() : this.home.constants;
  }

  /** A value whose name is given and stays. */
  fixedValue(name: string): GraphValue {
    this.makeRoom(name);
    return this.remember(new GraphValue(name, this, 'named'));
  }

  /** A value whose name may be changed by output(). */
  newValue(base: string, kind: 'bound' | 'made' = 'made', constant?: TensorData): GraphValue {
    return this.remember(new GraphValue(this.values.unique(base), this, kind, constant));
  }

  rename(value: GraphValue, name: string): void {
    if (value.onnxName === name) return;
    this.makeRoom(name);
    this.values.release(value.onnxName);
    this.root.byName.delete(value.onnxName);
    value.onnxName = name;
    this.remember(value);
  }

  /** Takes `name`, from an intermediate value that happens to have it if need be. */
  private makeRoom(name: string): void {
    const holder = this.root.byName.get(name);
    if (holder !== undefined && holder.kind !== 'named' && !this.isOutput(holder)) {
      holder.onnxName = this.values.unique(name);
      this.remember(holder);
      this.values.release(name);
    }
    this.values.take(name);
  }

  private remember(value: GraphValue): GraphValue {
    this.root.byName.set(value.onnxName, value);
    return value;
  }

  isOutput(value: GraphValue): boolean {
    return this.outputs.has(value);
  }

  /** True if nodes of this graph may read the value: it was made here or in an enclosing graph. */
  sees(value: GraphValue): boolean {
    return value.scope === this || (this.parent?.sees(value) ?? false);
  }

  /**
   * True if the value can be an output as it is: made by a node of this very graph, and not an
   * output yet.
   */
  canBeOutput(value: GraphValue): boolean {
    return value.scope === this && value.kind === 'made' && !this.isOutput(value);
  }
}

/** The finished graph of a scope, with sources if the IR version has room for them. */
export function freezeGraph(scope: GraphScope, name: string, irVersion: number): OnnxGraph {
  return {
    name,
    nodes: freezeNodes(scope, irVersion),
    inputs: scope.inputs.map(valueInfo),
    outputs: [...scope.outputs.values()].map(valueInfo),
    initializers: scope.initializers.map(({ value, tensor }) => ({ name: value.onnxName, tensor })),
    valueInfo: scope.described.filter(({ value }) => !scope.isOutput(value)).map(valueInfo),
    docString: '',
  };
}

function valueInfo({ value, dtype, shape }: Typed): OnnxValueInfo {
  return { name: value.onnxName, dtype, shape };
}

export function freezeNodes(scope: GraphScope, irVersion: number): OnnxNode[] {
  const inMetadata = irVersion >= metadataIrVersion;
  const read = readIn(scope);
  return withoutIdleReshapes(scope.nodes, (value) => read.has(value)).map(
    ({ opType, domain, name, inputs, outputs, attributes, source }): OnnxNode => ({
      opType,
      domain,
      name,
      inputs: inputs.map((value) => value?.onnxName ?? ''),
      outputs: outputs.map((value) => value.onnxName),
      attributes: freezeAttributes(attributes, irVersion),
      docString: source !== undefined && !inMetadata ? source : '',
      metadata: source !== undefined && inMetadata ? { [sourceKey]: source } : {},
    }),
  );
}

/** Values that nodes of a graph, or of graphs inside it, read, and its outputs. */
function readIn(scope: GraphScope, read = new Set<GraphValue>()): ReadonlySet<GraphValue> {
  for (const value of scope.outputs.keys()) read.add(value);
  for (const { inputs, attributes } of scope.nodes) {
    for (const value of inputs) if (value) read.add(value);
    for (const attribute of attributes.values())
      if (attribute.type === 'graph') readIn(attribute.value.scope, read);
  }
  return read;
}

function freezeAttributes(
  attributes: PendingNode['attributes'],
  irVersion: number,
): ReadonlyMap<string, OnnxAttribute> {
  const frozen = new Map<string, OnnxAttribute>();
  for (const [key, attribute] of attributes) {
    if (attribute.type === 'graph') {
      const { scope, graphName } = attribute.value;
      invariant(scope.kind === 'subgraph', `${graphName} is not a subgraph`);
      frozen.set(key, { type: 'graph', value: freezeGraph(scope, graphName, irVersion) });
    } else frozen.set(key, attribute);
  }
  return frozen;
}
