import type { OpsetVersion } from '../../../generated/onnx/index.js';
import type { TensorInfo } from '../../contract/manifest.js';
import type { Graph } from '../ir/graph.js';
import { GraphBuilder } from '../onnx/builder.js';
import type { OnnxModel, OnnxTrainingInfo } from '../onnx/model.js';
import { invariant } from '../../support/errors.js';
import { tensorData, type TensorData } from '../../support/tensor.js';
import { lower } from '../targets/lower.js';
import type { Target } from '../targets/target.js';

export interface TrainingInfoRequest {
  readonly name: string;
  readonly opset: OpsetVersion;
  readonly target: Target;
  /** The inference model, whose initializers are the parameters and batch statistics. */
  readonly inference: OnnxModel;
  /** The graph of a whole training step, and what its tensors are. */
  readonly train: Graph;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Initial parameters and batch statistics. */
  readonly initial: ReadonlyMap<string, TensorData>;
}

/**
 * Adds ONNX's own TrainingInfoProto to an inference model: an initialization graph that gives the
 * initial values, an algorithm graph that is the training step, and their bindings. Parameters are
 * the main graph's initializers, which the algorithm reads by name and replaces; the optimizer's
 * state and the moving average are initializers of the algorithm. Source: onnx.proto, TrainingInfoProto.
 */
export function withTrainingInfo(request: TrainingInfoRequest): OnnxModel {
  const states = request.inputs.filter(({ role }) => role === 'state' || role === 'ema');
  const weights = request.inputs.filter(({ role }) => role === 'param' || role === 'buffer');
  const start = new Map(states.map((info) => [info.name, initialState(info, request.initial)]));
  const algorithm = new GraphBuilder({ opset: request.opset, name: `${request.name}-algorithm` });
  const outer = new Set(weights.map(({ name }) => name));
  // The algorithm sees every initializer of the inference graph: its own names must keep clear of them.
  for (const { name } of request.inference.graph.initializers)
    if (!outer.has(name)) algorithm.outer(name);
  lower(request.train, algorithm, { target: request.target, weights: start, outer });
  const initialization = new GraphBuilder({
    opset: request.opset,
    name: `${request.name}-initialization`,
  });
  const initializationBinding: Record<string, string> = {};
  for (const { name } of [...weights, ...states]) {
    const value = start.get(name) ?? request.initial.get(name);
    invariant(value, `${name} has no initial value`);
    const output = `initial.${name}`;
    initialization.output(initialization.b.ownConstant(value), output, value.dtype, value.shape);
    initializationBinding[name] = output;
  }
  const info: OnnxTrainingInfo = {
    initialization: initialization.buildGraph(),
    algorithm: algorithm.buildGraph(),
    initializationBinding,
    updateBinding: Object.fromEntries(
      request.outputs.flatMap(({ name, replaces }) => (replaces ? [[replaces, name]] : [])),
    ),
  };
  return { ...request.inference, trainingInfo: [info] };
}

function initialState(info: TensorInfo, initial: ReadonlyMap<string, TensorData>): TensorData {
  const copied = info.initial === 'param' ? initial.get(info.param ?? '') : undefined;
  if (copied) return copied;
  const shape = info.shape.map(Number);
  const size = shape.reduce((a, b) => a * b, 1);
  const value = typeof info.initial === 'number' ? info.initial : Number(info.initial === 'ones');
  return tensorData(info.dtype, shape, new Float64Array(size).fill(value));
}
