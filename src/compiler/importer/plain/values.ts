/** The values of a graph while it is made plain. */
import { dtypes, type DType } from '../../../support/dtype.js';
import type { Dim, Shape } from '../../../support/shape.js';
import type { TensorData } from '../../../support/tensor.js';
import { schemaName, type ElementType } from '../../onnx/elementTypes.js';
import type { OnnxNode } from '../../onnx/model.js';
import { ValueTable } from '../../onnx/shapes/valueTable.js';
import type { Obstacle } from '../network.js';
import type { PlainConstant, PlainValue } from '../plainGraph.js';
import { plainType } from './constants.js';
import type { Surroundings } from './forms/form.js';
import type { Tally } from './tally.js';

/** What a name stands for. */
export type Entry =
  | { readonly kind: 'constant'; readonly constant: PlainConstant; readonly type: string }
  | { readonly kind: 'value'; readonly value: PlainValue; readonly type: string }
  /** Sizes with the batch among them; their elements lie in the table. */
  | { readonly kind: 'sizes'; readonly type: string }
  /** Made by, or behind, what cannot be imported. */
  | { readonly kind: 'behind' };

/** Names of element types in schemas, and the IR's. */
const plainNames = new Map(
  (Object.keys(dtypes) as DType[]).map((dtype) => [schemaName(dtype), dtype]),
);

/** The IR's type of values of a schema's type; float32 for all floats. */
export function dtypeOf(type: string | undefined): DType | undefined {
  const dtype = type === undefined ? undefined : plainNames.get(type);
  return dtype && dtypes[dtype].floating ? 'float32' : dtype;
}

/** A schema's type by which all floats are float32. */
export function plainTypeOf(type: ElementType): string {
  const name = schemaName(type);
  return /^(?:float16|bfloat16|double)$/.test(name) ? 'float' : name;
}

/** True for the name of a parameter, such as `layer1.0.bn1.weight`, and not one that an exporter made up. */
function isGiven(name: string): boolean {
  return name.includes('.') && !/^\/|::/.test(name);
}

export class Values {
  readonly table = new ValueTable();
  readonly obstacles: Obstacle[] = [];
  readonly #entries = new Map<string, Entry>();
  /** Operators by the values that they make. */
  readonly makers = new Map<PlainValue, string>();
  readonly #refused = new Set<string>();

  get(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Names so far, for those who ask for another. */
  names(): Iterable<string> {
    return this.#entries.keys();
  }

  setConstant(name: string, tensor: TensorData, source = name, type = plainType(tensor)): void {
    this.#entries.set(name, { kind: 'constant', constant: { name: source, tensor }, type });
    this.table.constant(name, tensor);
  }

  /** `shape` says where in an axis the batch lies. */
  setValue(name: string, value: PlainValue, type: string, shape = value.shape): void {
    this.#entries.set(name, { kind: 'value', value, type });
    this.table.shapes.set(name, shape);
  }

  setSizes(name: string, shape: Shape, elements: readonly Dim[], real: boolean): void {
    this.#entries.set(name, { kind: 'sizes', type: real ? 'float' : 'int64' });
    this.table.shapes.set(name, shape);
    this.table.known.set(name, { elements, real });
  }

  setBehind(name: string): void {
    this.#entries.set(name, { kind: 'behind' });
  }

  /** Makes a name stand for what another one does. */
  alias(name: string, of: string): void {
    const entry = this.#entries.get(of);
    const [shape, known] = [this.table.shape(of), this.table.elements(of)];
    if (entry?.kind === 'constant' && isGiven(name))
      this.#entries.set(name, { ...entry, constant: { ...entry.constant, name } });
    else if (entry) this.#entries.set(name, entry);
    if (shape) this.table.shapes.set(name, shape);
    if (known) this.table.known.set(name, known);
  }

  fresh(base: string): string {
    if (!this.has(base)) return base;
    for (let i = 2; ; i++) if (!this.has(`${base}.${i}`)) return `${base}.${i}`;
  }

  /** Says once why a node cannot be imported. */
  refuse(node: OnnxNode, reason: string): void {
    const op = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
    const name = node.name || node.outputs.find((output) => output !== '') || op;
    if (this.#refused.has(name)) return;
    this.#refused.add(name);
    this.obstacles.push({ op, node: name, reason });
  }

  isRefused(node: OnnxNode): boolean {
    return this.#refused.has(
      node.name || node.outputs.find((output) => output !== '') || node.opType,
    );
  }

  /** What a form may know, for a node of some opset. */
  around(opset: number, freed: number | undefined, tally: Tally): Surroundings {
    return {
      opset,
      freed,
      shape: (name) => this.table.shape(name),
      elements: (name) => this.table.vector(name),
      type: (name) => {
        const entry = name === undefined ? undefined : this.get(name);
        return entry && 'type' in entry ? entry.type : undefined;
      },
      tensor: (name) => {
        const entry = name === undefined ? undefined : this.get(name);
        return entry?.kind === 'constant' ? entry.constant.tensor : undefined;
      },
      constant: (base, tensor) => {
        const name = this.fresh(base);
        const entry = this.get(base);
        this.setConstant(name, tensor, entry?.kind === 'constant' ? entry.constant.name : name);
        return name;
      },
      fresh: (base) => this.fresh(base),
      maker: (name) => {
        const entry = this.get(name);
        return entry?.kind === 'value' ? this.makers.get(entry.value) : undefined;
      },
      count: (kind) => {
        tally.add(kind);
      },
      refuse: (node, reason) => {
        this.refuse(node, reason);
      },
    };
  }
}
