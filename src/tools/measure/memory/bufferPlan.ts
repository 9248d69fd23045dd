import type { OnnxGraph, OnnxNode } from '../../../compiler/onnx/model.js';

/*
 * onnxruntime decides before the first run which values share a buffer (its allocation planner, in
 * sequential execution): a value takes the buffer of the input that its kernel merely views
 * (Reshape), or may overwrite, if the node is its last reader and the shapes are equal; else the
 * buffer freed last that had the same shape; else a new one. A buffer stays until the last of all its
 * values was read.
 */

/** Known facts about a value: its shape as onnxruntime infers it, and its bytes. */
export interface ValueSize {
  /** Equal for values that may share a buffer; undefined if the shape is not known. */
  readonly key: string | undefined;
  readonly bytes: number;
}

/** Changes of buffers at one node, in the order of execution. */
export interface PlannedNode {
  readonly node: OnnxNode;
  /** Values for which a new buffer is made before the node runs. */
  readonly allocates: readonly string[];
  /** Values whose buffers are given back after it. */
  readonly frees: readonly string[];
}

/** Input whose buffer an operator's first output is: kernels that only change the shape. */
const views: ReadonlySet<string> = new Set([
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Identity',
]);

/** Operators that may overwrite their first input; measured on onnxruntime 1.29, where Add and Mul may not. */
const overwrites: ReadonlySet<string> = new Set([
  'Cast',
  'Clip',
  'Elu',
  'HardSigmoid',
  'LeakyRelu',
  'LogSoftmax',
  'Relu',
  'Selu',
  'Sigmoid',
  'Softmax',
  'Softplus',
  'Softsign',
  'Tanh',
  'ThresholdedRelu',
]);

/** Inputs whose buffer an output must take: `views`. */
function viewed(node: OnnxNode, output: number): string | undefined {
  if (node.domain === '' && views.has(node.opType) && output === 0) return node.inputs[0];
  // New running statistics lie where the old ones did.
  const trains = node.opType === 'BatchNormalization' && node.outputs.length > 1;
  return trains && output > 0 ? node.inputs[output + 2] : undefined;
}

/** The input that an output may overwrite. */
function overwritten(node: OnnxNode, output: number): string | undefined {
  if (output > 0) return undefined;
  if (node.domain === 'com.microsoft.nchwc') return node.opType === 'Conv' ? node.inputs[3] : '';
  return node.domain === '' && overwrites.has(node.opType) ? node.inputs[0] : undefined;
}

/** Plans the buffers of a graph whose nodes come in the order of execution. */
export function planBuffers(
  graph: OnnxGraph,
  nodes: readonly OnnxNode[],
  sizeOf: (value: string) => ValueSize,
): PlannedNode[] {
  const planner = new Planner(graph, nodes, sizeOf);
  return nodes.map((node) => planner.plan(node)).map((planned, i) => planner.finish(planned, i));
}

class Planner {
  /** The value whose buffer a value has. */
  readonly #buffers = new Map<string, string>();
  readonly #uses = new Map<string, number>();
  /** Freed buffers, the last first. */
  readonly #free: string[] = [];
  /** Index of the node after which a buffer is free. */
  readonly #ends = new Map<string, number>();
  readonly #given: ReadonlySet<string>;
  #index = 0;

  constructor(
    { inputs, outputs, initializers }: OnnxGraph,
    nodes: readonly OnnxNode[],
    private readonly sizeOf: (value: string) => ValueSize,
  ) {
    // Inputs, outputs and initializers have one reader more, and never a buffer of the arena.
    const outside = [...inputs, ...outputs, ...initializers].map(({ name }) => name);
    this.#given = new Set(outside);
    for (const name of outside) this.#use(name, 1);
    for (const { inputs: read, outputs: made } of nodes)
      for (const name of [...read, ...made]) if (name !== '') this.#use(name, 1);
  }

  plan(node: OnnxNode): PlannedNode {
    const allocates: string[] = [];
    node.outputs.forEach((value, i) => {
      if (value === '' || this.#given.has(value)) return;
      const shared = this.#shared(node, i, value);
      if (shared === undefined) allocates.push(value);
      else {
        const buffer = this.#bufferOf(shared);
        this.#buffers.set(value, buffer);
        this.#use(buffer, this.#uses.get(value) ?? 0);
      }
    });
    for (const value of [...node.inputs, ...node.outputs]) if (value !== '') this.#release(value);
    this.#index += 1;
    return { node, allocates, frees: [] };
  }

  /** Adds what is free for good after a node, which is known at the end only. */
  finish(planned: PlannedNode, index: number): PlannedNode {
    this.#freedAt ??= this.#groupEnds();
    return { ...planned, frees: this.#freedAt.get(index) ?? [] };
  }

  #freedAt: Map<number, string[]> | undefined;

  #groupEnds(): Map<number, string[]> {
    const groups = new Map<number, string[]>();
    for (const [buffer, end] of this.#ends) groups.set(end, [...(groups.get(end) ?? []), buffer]);
    return groups;
  }

  #shared(node: OnnxNode, output: number, value: string): string | undefined {
    const view = viewed(node, output);
    if (view) return view;
    const { key } = this.sizeOf(value);
    if (key === undefined) return undefined;
    const input = overwritten(node, output);
    const last = input && this.#uses.get(this.#bufferOf(input)) === 1;
    if (last && this.sizeOf(input).key === key) return input;
    const index = key === '' ? -1 : this.#free.findIndex((free) => this.sizeOf(free).key === key);
    return index === -1 ? undefined : this.#free.splice(index, 1)[0];
  }

  #release(value: string): void {
    const buffer = this.#bufferOf(value);
    if (this.#use(buffer, -1) > 0 || this.#given.has(buffer)) return;
    this.#free.unshift(buffer);
    this.#ends.set(buffer, this.#index);
  }

  #bufferOf(value: string): string {
    return this.#buffers.get(value) ?? value;
  }

  #use(value: string, more: number): number {
    const uses = (this.#uses.get(value) ?? 0) + more;
    this.#uses.set(value, uses);
    return uses;
  }
}
