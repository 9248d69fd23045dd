import { initialize } from '../trace/init.js';
import type { BufferSpec, ParamSpec } from '../trace/traceModel.js';
import type { TensorData } from '../../support/tensor.js';

/** The map whose iterators TypeScript 5.6 gave types of their own, which older versions lack. */
export type Weights = ReadonlyMap<string, TensorData>;
/** A weight or buffer with its initializer. */
export type WeightSpec = Pick<ParamSpec | BufferSpec, 'name' | 'shape' | 'init'>;

/**
 * Initial parameters and batch statistics by dotted name. A tensor is drawn when it is asked for
 * and not kept, since the weights of a large model take gigabytes: whoever needs one often holds
 * on to it, and `held` is for those who need all of them.
 */
export class InitialWeights implements ReadonlyMap<string, TensorData> {
  readonly #specs: ReadonlyMap<string, WeightSpec>;
  #held: ReadonlyMap<string, TensorData> | undefined;

  constructor(
    specs: readonly WeightSpec[],
    private readonly seed: number,
  ) {
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
  }

  /** All of them as a plain map, drawn once. */
  held(): ReadonlyMap<string, TensorData> {
    this.#held ??= new Map(this.entries());
    return this.#held;
  }

  /** Element type and shape of a tensor, which is not drawn for that. */
  info(name: string): Pick<TensorData, 'dtype' | 'shape'> | undefined {
    const spec = this.#specs.get(name);
    return spec && { dtype: 'float32', shape: spec.shape };
  }

  get size(): number {
    return this.#specs.size;
  }

  has(name: string): boolean {
    return this.#specs.has(name);
  }

  get(name: string): TensorData | undefined {
    const spec = this.#specs.get(name);
    return spec && this.#draw(spec);
  }

  keys(): ReturnType<Weights['keys']> {
    return this.#specs.keys();
  }

  *values(): ReturnType<Weights['values']> {
    for (const spec of this.#specs.values()) yield this.#draw(spec);
  }

  *entries(): ReturnType<Weights['entries']> {
    for (const [name, spec] of this.#specs) yield [name, this.#draw(spec)];
  }

  [Symbol.iterator](): ReturnType<Weights['entries']> {
    return this.entries();
  }

  forEach(
    visit: (tensor: TensorData, name: string, all: ReadonlyMap<string, TensorData>) => void,
  ): void {
    for (const [name, tensor] of this) visit(tensor, name, this);
  }

  #draw({ init, name, shape }: WeightSpec): TensorData {
    return this.#held?.get(name) ?? initialize(init, name, shape, this.seed);
  }
}
