import type { Value } from '../../compiler/ir/graph.js';
import { currentSite } from '../../compiler/trace/callSites.js';
import { traceOf, type Trace } from '../../compiler/trace/trace.js';

/** The option that every layer has. */
export interface NameOption {
  /** Its part of the dotted names of its parameters; default: the layer's kind. */
  readonly name?: string;
}

interface LayerCall {
  readonly kind: string;
  /** Scope of its parameters; a layer without a name has none. */
  readonly name?: string;
  readonly inputs: readonly Value[];
  readonly rate?: number;
}

/** Adds a layer of the library: its nodes, in its own scope if it has a name, and its record. */
export function addLayer(call: LayerCall, build: (trace: Trace) => Value): Value {
  const trace = traceOf(call.kind, call.inputs);
  const record = (name: string): Value => {
    const [firstParam, before] = [trace.params.length, trace.multiplyAdds];
    const y = build(trace);
    trace.layers.push({
      name,
      kind: call.kind,
      inputShapes: call.inputs.map(({ shape }) => shape),
      outputShape: y.shape,
      params: trace.params.slice(firstParam).map((param) => param.name),
      multiplyAdds: trace.multiplyAdds - before,
      site: currentSite(),
      rate: call.rate,
    });
    return y;
  };
  if (call.name !== undefined) return trace.within(call.name, () => record(trace.scope));
  const name = trace.join(call.kind);
  return trace.at(name, () => record(name));
}

/** A layer without parameters or options that changes each element by itself. */
export function elementwiseLayer(kind: string, apply: (x: Value) => Value): (x: Value) => Value {
  return (x) => addLayer({ kind, inputs: [x] }, () => apply(x));
}

/** Input of a layer: one value, or several as an array. */
export type LayerInput = Value | readonly Value[];

/** A layer as it is called: options may be left out if none is required. */
export type Layer<X extends LayerInput, O extends object, Y> = object extends O
  ? (x: X, options?: O & NameOption) => Y
  : (x: X, options: O & NameOption) => Y;

/**
 * Makes a layer of one's own from other layers. Its parameters get the prefix `name`, by default
 * `kind`; several inputs are passed as an array. Errors: a parameter name taken twice.
 *
 * @example
 * const gated = defineLayer('gated', (x: Value, { out }: { out: number }) =>
 *   mul(linear(x, { name: 'value', out }), sigmoid(linear(x, { name: 'gate', out }))));
 * y = gated(x, { name: 'head', out: 32 }); // head.value.weight, head.gate.weight, ...
 */
export function defineLayer<X extends LayerInput, O extends object = object, Y = Value>(
  kind: string,
  build: (x: X, options: O) => Y,
): Layer<X, O, Y> {
  const layer = (x: X, options?: O & NameOption): Y => {
    const trace = traceOf(kind, Array.isArray(x) ? x : [x]);
    return trace.within(options?.name ?? kind, () => build(x, options ?? ({} as O)));
  };
  return layer;
}

/**
 * Runs `build` with `name` before the names of its parameters.
 *
 * @example
 * x = scope(x, 'stage1', (x) => conv2d(x, { name: 'conv', out: 8, kernel: 3 })); // stage1.conv.weight
 */
export function scope<T>(x: Value, name: string, build: (x: Value) => T): T {
  return traceOf('scope', [x]).within(name, () => build(x));
}
