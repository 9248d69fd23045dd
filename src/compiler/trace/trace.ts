import type { NoiseKind } from '../../contract/choices.js';
import { Value, type Graph } from '../ir/graph.js';
import { tensorNames } from '../../contract/names.js';
import { formatSite, type CallSite } from '../ir/origin.js';
import { ModelError } from '../../support/errors.js';
import { fnv1a32 } from '../../support/hash.js';
import type { Shape } from '../../support/shape.js';
import type { DType } from '../../support/dtype.js';
import { currentSite } from './callSites.js';
import { isCovered } from './freeze.js';
import type { Initializer } from './init.js';

/** A trained tensor of the network; an input of the graph under its dotted name. */
export interface ParamSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Initializer;
  /** Applies weight decay: not to biases and normalisation. */
  readonly decay: boolean;
  /** True if training leaves it unchanged. */
  readonly frozen: boolean;
}

/** A statistic that training updates without a gradient; an input of the graph under its dotted name. */
export interface BufferSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Initializer;
  /** True if training leaves it as it is; otherwise its value after a step is the result `new.<name>`. */
  readonly frozen: boolean;
}

/** A mask that the host draws; an input of the graph in training mode. */
export interface NoiseSpec {
  /** Graph input, `noise.blocks.1.drop_path`. */
  readonly name: string;
  readonly siteName: string;
  /** fnv1a32 of the site's name. */
  readonly site: number;
  readonly kind: NoiseKind;
  /** Probability that a mask element is 1. */
  readonly keep: number;
  readonly shape: Shape;
}

/** One layer, as `gradus inspect` lists it. */
export interface LayerRecord {
  readonly name: string;
  readonly kind: string;
  readonly inputShapes: readonly Shape[];
  readonly outputShape: Shape;
  /** Dotted names of its parameters. */
  readonly params: readonly string[];
  /** Products of convolutions and linear layers for one image. */
  readonly multiplyAdds: number;
  readonly site?: CallSite | undefined;
  /** Probability that an element, or a sample's branch, is dropped. */
  readonly rate?: number | undefined;
}

/**
 * `train` draws noise and normalises by the batch's statistics, `eval` does neither, `noised` draws
 * noise and normalises as in evaluation: one of the mini-learners that a noised network is made of.
 */
export type TraceMode = 'train' | 'eval' | 'noised';

export interface TraceSettings {
  readonly mode: TraceMode;
  readonly dtype: DType;
  /** Dotted names of what is not trained, with all below them. */
  readonly freeze: readonly string[];
}

/**
 * Contributions of layers to a graph: names of nodes, parameters, statistics, masks and records.
 */
export class Trace {
  readonly params: ParamSpec[] = [];
  readonly buffers: BufferSpec[] = [];
  readonly noise: NoiseSpec[] = [];
  readonly layers: LayerRecord[] = [];
  /** New values of statistics, by the names of the results. */
  readonly renewed = new Map<string, Value>();
  /** Grows as convolutions and linear layers are added. */
  multiplyAdds = 0;
  /** Images that a batch needs at least, if it is open. */
  leastBatch = 1;
  #scope = '';
  /** Call site that took each dotted name. */
  readonly #taken = new Map<string, CallSite | undefined>();

  constructor(
    readonly graph: Graph,
    readonly settings: TraceSettings,
  ) {
    traces.set(graph, this);
  }

  /** True if batch normalisation uses the batch, and updates its statistics. */
  get training(): boolean {
    return this.settings.mode === 'train';
  }

  /** True if noise is drawn. */
  get noised(): boolean {
    return this.settings.mode !== 'eval';
  }

  /** True if training leaves the current scope, or what is called `name` in it, unchanged. */
  isFrozen(name = ''): boolean {
    return isCovered(name === '' ? this.#scope : this.join(name), this.settings.freeze);
  }

  /** Dotted name of the enclosing layer; empty at the top. */
  get scope(): string {
    return this.#scope;
  }

  /** Dotted name of something in the current scope. */
  join(name: string): string {
    return this.#scope === '' ? name : `${this.#scope}.${name}`;
  }

  /** Runs `build` inside the scope `name`; what it adds comes from the user's current line. */
  within<T>(name: string, build: () => T): T {
    if (!/^\w+(\.\w+)*$/.test(name))
      throw this.error(
        'name',
        `${JSON.stringify(name)} is not a dotted name`,
        'use letters, digits, _ and dots between parts, such as `blocks.0.conv`',
      );
    const outer = this.#scope;
    this.#scope = this.join(name);
    try {
      return this.at(this.#scope, build);
    } finally {
      this.#scope = outer;
    }
  }

  /** Runs `build` with nodes named after `scope`, without a scope for parameters. */
  at<T>(scope: string, build: () => T): T {
    return this.graph.within({ scope, site: currentSite(), phase: 'forward' }, build);
  }

  /** Declares a parameter of the current scope. */
  param(
    name: string,
    shape: readonly number[],
    init: Initializer,
    decay: boolean = shape.length > 1,
  ): Value {
    const full = this.#take(name, 'parameter');
    const value = this.graph.input(full, this.settings.dtype, shape);
    const frozen = this.isFrozen(name);
    this.params.push({ name: full, shape, init, decay, frozen });
    return value;
  }

  /** Declares a statistic of the current scope; a frozen one is not updated. */
  buffer(
    name: string,
    shape: readonly number[],
    init: Initializer,
    frozen: boolean = this.isFrozen(name),
  ): Value {
    const full = this.#take(name, 'parameter');
    this.buffers.push({ name: full, shape, init, frozen });
    return this.graph.input(full, this.settings.dtype, shape);
  }

  /** Gives a statistic of the current scope its value after this step. */
  renew(name: string, value: Value): void {
    this.renewed.set(tensorNames.next(this.join(name)), value);
  }

  /** Names a place of noise after the current scope; a mask is declared only where one is needed. */
  noiseSite(): string {
    const siteName = this.#scope;
    this.#claim(siteName, 'noise');
    return siteName;
  }

  /** Declares the mask of a place of noise. */
  mask(siteName: string, kind: NoiseSpec['kind'], keep: number, shape: Shape): Value {
    const name = `noise.${siteName}`;
    const value = this.graph.input(name, this.settings.dtype, shape);
    this.noise.push({ name, siteName, site: fnv1a32(siteName), kind, keep, shape });
    return value;
  }

  /** A fault of the user's, at the user's own line. */
  error(code: string, message: string, hint?: string, notes: readonly string[] = []): ModelError {
    const where = currentSite() ?? (this.graph.origin.scope || undefined);
    return new ModelError(message, { code, where, hint, notes });
  }

  #take(name: string, what: 'parameter' | 'noise'): string {
    const full = this.join(name);
    this.#claim(full, what);
    return full;
  }

  #claim(full: string, what: 'parameter' | 'noise'): void {
    const key = what === 'noise' ? `noise.${full}` : full;
    if (this.#taken.has(key)) {
      const first = this.#taken.get(key);
      throw this.error(
        `duplicate-${what}`,
        what === 'noise'
          ? `two layers draw noise under the name ${full}`
          : `two layers define the parameter ${full}`,
        'set another `name` for one of them',
        first === undefined ? [] : [`${full} was first made at ${formatSite(first)}`],
      );
    }
    this.#taken.set(key, currentSite());
  }
}

const traces = new WeakMap<Graph, Trace>();

/** The trace that a layer's input belongs to; refuses anything else than a value of one trace. */
export function traceOf(kind: string, inputs: readonly unknown[]): Trace {
  let trace: Trace | undefined;
  for (const input of inputs) {
    const found = input instanceof Value ? traces.get(input.graph) : undefined;
    if (found === undefined || (trace !== undefined && found !== trace))
      throw new ModelError(
        found === undefined
          ? `${kind}: the input is not a value of a network`
          : `${kind}: the inputs belong to two networks`,
        {
          code: 'not-a-value',
          where: currentSite() ?? trace?.scope,
          hint: 'pass the input of `build` or the result of another layer',
        },
      );
    trace = found;
  }
  if (trace === undefined)
    throw new ModelError(`${kind} has no inputs`, {
      code: 'not-a-value',
      where: currentSite(),
      hint: 'pass at least one value',
    });
  return trace;
}
