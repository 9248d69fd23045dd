import type { ParamInfo } from '../../contract/manifest.js';
import { architectureHash, weightsOf } from '../../compiler/compile/architecture.js';
import { traceModel, type TraceOptions, type Traced } from '../../compiler/trace/traceModel.js';
import type { LoadedModel } from '../../language/frontend/loadModel.js';

/** Options of a model's network in a config. */
export type NetworkOptions = Pick<
  TraceOptions,
  'classes' | 'image' | 'drop' | 'dropPath' | 'freeze'
>;

/** A model for a number of classes and an image size, with what a checkpoint of it must hold. */
export interface Network extends Pick<Traced, 'classes' | 'params' | 'buffers'> {
  readonly name: string;
  readonly image: readonly [number, number, number];
  readonly weights: readonly ParamInfo[];
  readonly architectureHash: string;
}

/** Traces a model. Throws a ModelError, or a ConfigError for options that the model does not have. */
export function networkOf({ model, tracing }: LoadedModel, options: NetworkOptions = {}): Network {
  const traced = tracing(() => traceModel(model, { mode: 'eval', batch: 'dynamic', ...options }));
  const { classes, params, buffers } = traced;
  return {
    name: model.name,
    image: traced.imageShape,
    classes,
    params,
    buffers,
    weights: weightsOf(traced),
    architectureHash: architectureHash(traced),
  };
}

/** Axis of the classes in each weight that has one: those that grow with one class more. */
export function classAxes(loaded: LoadedModel, network: Network): Map<string, number> {
  const { classes, image } = network;
  const grown = networkOf(loaded, { classes: classes + 1, image });
  const shapes = new Map(network.weights.map(({ name, shape }) => [name, shape]));
  return new Map(
    grown.weights.flatMap(({ name, shape }): [string, number][] => {
      const axis = shape.findIndex((size, i) => size !== shapes.get(name)?.[i]);
      return axis < 0 ? [] : [[name, axis]];
    }),
  );
}

/**
 * The number of classes for which weights of these shapes were made, if they fit the network in
 * all but that; undefined if they do not.
 */
export function classesOf(
  loaded: LoadedModel,
  network: Network,
  shapeOf: (name: string) => readonly number[] | undefined,
): number | undefined {
  const axes = classAxes(loaded, network);
  const counts = new Set<number | undefined>();
  for (const { name, shape } of network.weights) {
    const axis = axes.get(name);
    if (axis === undefined) continue;
    const found = shapeOf(name);
    const others = shape.every((size, i) => i === axis || size === found?.[i]);
    counts.add(others && found?.length === shape.length ? found[axis] : undefined);
  }
  const [count] = counts;
  return counts.size === 1 ? count : undefined;
}
