import type { TensorInfo } from '../../contract/manifest.js';
import type { Graph, Value } from '../ir/graph.js';
import type { NoiseSpec, Traced } from '../trace/traceModel.js';
import { invariant } from '../../support/errors.js';
import { formatDim } from '../../support/shape.js';

/** Facts about a tensor in the manifest, beside its name and type. */
export type Binding = Omit<TensorInfo, 'name' | 'dtype' | 'shape'>;

/** A graph whose inputs and outputs have roles: one artifact before it is lowered. */
export class Program {
  readonly #inputs = new Map<string, Binding>();
  readonly #outputs = new Map<string, Binding>();

  constructor(
    readonly graph: Graph,
    /** Images that a batch needs at least. */
    readonly leastBatch = 1,
  ) {}

  /** A declared input. */
  input(name: string): Value {
    const found = this.graph.findInput(name);
    invariant(found, `${this.graph.name} has no input ${name}`);
    return found;
  }

  /** Gives a declared input its role. */
  bind(name: string, binding: Binding): void {
    this.#inputs.set(name, binding);
  }

  output(name: string, value: Value, binding: Binding): void {
    this.graph.output(name, value);
    this.#outputs.set(name, binding);
  }

  inputInfo(name: string, value: Value): TensorInfo {
    return describe(name, value, this.#inputs.get(name));
  }

  /** Role of an input. */
  inputRole(name: string): Pick<TensorInfo, 'role'> {
    return { role: this.#inputs.get(name)?.role ?? 'metric' };
  }

  /** The input whose next value an output is. */
  replacedBy(output: string): string | undefined {
    return this.#outputs.get(output)?.replaces;
  }

  outputInfo(name: string, value: Value): TensorInfo {
    return describe(name, value, this.#outputs.get(name));
  }
}

function describe(name: string, value: Value, binding: Binding | undefined): TensorInfo {
  const shape = value.shape.map((dim) => (typeof dim === 'number' ? dim : formatDim(dim)));
  return { role: 'metric', ...binding, name, dtype: value.dtype, shape };
}

/** Gives the inputs of a traced network their roles. */
export function bindNetwork(program: Program, traced: Traced): void {
  program.bind('image', { role: 'image' });
  for (const { name } of traced.params) bindParam(program, name);
  for (const { name } of traced.buffers) bindBuffer(program, name);
  for (const noise of traced.noise) program.bind(noise.name, noiseBinding(noise));
}

export function bindParam(program: Program, name: string): void {
  program.bind(name, { role: 'param', param: name });
}

export function bindBuffer(program: Program, name: string): void {
  program.bind(name, { role: 'buffer', param: name });
}

function noiseBinding({ kind, site, siteName, keep }: NoiseSpec): Binding {
  const chance = kind === 'dropout' ? { keep } : { survival: keep };
  return { role: 'noise', kind, site, siteName, ...chance };
}
