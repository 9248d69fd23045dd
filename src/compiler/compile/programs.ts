import { tensorNames } from '../../contract/names.js';
import { grad } from '../autodiff/grad.js';
import type { Value } from '../ir/graph.js';
import { Graph } from '../ir/graph.js';
import type { Model } from '../trace/defineModel.js';
import {
  traceModel,
  type BufferSpec,
  type ParamSpec,
  type Traced,
  type TraceOptions,
} from '../trace/traceModel.js';
import { select } from '../ops/choose.js';
import { scalar } from '../ops/constant.js';
import { div, mul } from '../ops/elementwise.js';
import { divisor } from '../optim/accumulate.js';
import { allFinite, declareScalar, lossScaleState, type ScalarState } from '../optim/lossScale.js';
import type { HyperSpec } from '../optim/optimizer.js';
import { buildUpdate, type UpdateRequest, type UpdateResult } from '../optim/update.js';
import { buildLoss, type LossValues } from './loss.js';
import { rewriteTraced } from './rewriteTraced.js';
import {
  bindBuffer,
  bindNetwork,
  bindParam,
  outputBuffers,
  paramInput,
  Program,
} from './program.js';

/*
 * Sums, not means. The loss and its gradients are weighted sums, and `update` divides by the sum of the
 * weights. Gradient accumulation, data parallelism and padded batches are therefore plain additions. If the
 * weights sum to 0, the loss and the gradients are 0: momentum and decay go on, as PyTorch steps on gradients
 * of zeros. A parameter that the loss does not reach has no gradient and no state, and keeps its value.
 */

/** What the programs of one compilation share. */
export interface ProgramOptions {
  readonly trace: Omit<TraceOptions, 'mode'>;
  readonly update: Omit<UpdateRequest, 'params' | 'buffers' | 'weightSum' | 'lossScale' | 'scaled'>;
  /** Whether the loss is scaled, as float16 needs; see optim/lossScale. */
  readonly scalesLoss?: boolean;
  readonly labelSmoothing: number;
  /** Rewrites the network before it is differentiated. */
  readonly prepare?: (graph: Graph) => Graph;
}

/** Evaluation-mode forward pass: image -> logits; where `noised`, image and masks -> logits. */
export function inferProgram(
  model: Model,
  { trace, noised = false }: Pick<ProgramOptions, 'trace'> & { readonly noised?: boolean },
): Program {
  const traced = traceModel(model, { ...trace, mode: noised ? 'noised' : 'eval' });
  const program = new Program(traced.graph);
  bindNetwork(program, traced);
  program.output('logits', traced.logits, { role: 'logits' });
  return program;
}

/** Training-mode forward pass: image and noise -> logits. */
export function forwardProgram(model: Model, { trace }: ProgramOptions): Program {
  const traced = traceModel(model, { ...trace, mode: 'train' });
  const program = new Program(traced.graph);
  bindNetwork(program, traced);
  program.output('logits', traced.logits, { role: 'logits' });
  return program;
}

interface Differentiated {
  readonly program: Program;
  readonly traced: Traced;
  readonly loss: LossValues;
  /** What the loss was multiplied by before the gradients were taken of it. */
  readonly lossScale: Value | undefined;
  /** Without a gradient where the parameter is frozen or the loss does not reach it. */
  readonly params: readonly (ParamSpec & { readonly grad: Value | undefined })[];
}

/** The loss and its gradients, as weighted sums. */
function differentiate(model: Model, options: ProgramOptions): Differentiated {
  const written = traceModel(model, { ...options.trace, mode: 'train' });
  const { prepare } = options;
  const traced = prepare ? rewriteTraced(written, prepare) : written;
  const program = new Program(traced.graph, traced.leastBatch);
  const loss = buildLoss(traced);
  bindNetwork(program, traced);
  program.bind('target', { role: 'target' });
  program.bind('weight', { role: 'weight' });
  program.bind('label_smoothing', {
    role: 'hyper',
    meaning: 'share of each target spread evenly over the classes',
    default: options.labelSmoothing,
  });
  const trained = traced.params.filter(({ frozen }) => !frozen).map(({ value }) => value);
  const lossScale = options.scalesLoss ? scalarInput(program, lossScaleState) : undefined;
  const differentiated = lossScale ? mul(loss.lossSum, lossScale) : loss.lossSum;
  const grads = grad(traced.graph, differentiated, trained);
  const gradOf = new Map(trained.map((value, i) => [value, grads[i]]));
  const params = traced.params.map((param) => ({ ...param, grad: gradOf.get(param.value) }));
  return { program, traced, loss, lossScale, params };
}

/** Where nodes belong that look at all gradients. */
const updating = { phase: 'update', scope: '' } as const;

/** An input for a number that training carries. */
function scalarInput(program: Program, state: ScalarState): Value {
  bindScalar(program, state);
  return declareScalar(program.graph, state);
}

function bindScalar(program: Program, { name, slot, initial }: ScalarState): void {
  program.bind(name, { role: 'state', slot, initial });
}

/** New batch statistics, but the old ones after an overflow, of which they may be. */
function guarded(buffers: readonly BufferSpec[], finite: Value | undefined): readonly BufferSpec[] {
  if (finite === undefined) return buffers;
  return finite.graph.within(updating, () =>
    buffers.map(({ updated, ...buffer }) =>
      updated ? { ...buffer, updated: select(finite, updated, buffer.value) } : buffer,
    ),
  );
}

/** Loss, gradients, logits and new batch statistics; sums, so that micro-batches and machines add up. */
export function gradProgram(model: Model, options: ProgramOptions): Program {
  const { program, traced, loss, lossScale, params } = differentiate(model, options);
  const grads = params.flatMap(({ grad: value }) => (value ? [value] : []));
  const finite = lossScale && traced.graph.within(updating, () => allFinite(grads));
  const { lossSum, weightSum, correctSum } = tensorNames;
  program.output(lossSum, loss.lossSum, {
    role: 'loss',
    meaning: 'sum of weight * loss',
    mean: { name: 'loss', over: weightSum },
  });
  program.output(weightSum, loss.weightSum, { role: 'metric', meaning: 'sum of the weights' });
  program.output(correctSum, loss.correctSum, {
    role: 'metric',
    meaning: 'sum of the weights of images whose top-1 class is right',
    mean: { name: 'accuracy', over: weightSum },
  });
  program.output('logits', traced.logits, { role: 'logits' });
  for (const { name, grad: value } of params)
    if (value) {
      // Of the loss itself, so that sums of steps with different scales may be added.
      const own = lossScale ? div(value, lossScale) : value;
      program.output(tensorNames.grad(name), own, { role: 'grad', param: name });
    }
  outputBuffers(program, guarded(traced.buffers, finite));
  return program;
}

/** What an update concerns: what is frozen has no optimizer state, decay or moving average. */
function notFrozen<T extends { readonly frozen: boolean }>(tensors: readonly T[]): T[] {
  return tensors.filter(({ frozen }) => !frozen);
}

/** Gradient sums and their weight -> new parameters, state and averages. */
export function updateProgram(model: Model, options: ProgramOptions): Program {
  const { traced, params: reached } = differentiate(model, options);
  const graph = new Graph(`${model.name}-update`);
  const program = new Program(graph);
  const params = notFrozen(reached).map((param) => {
    const value = paramInput(graph, param);
    bindParam(program, param.name);
    if (param.grad === undefined) return { ...param, value };
    const name = tensorNames.grad(param.name);
    const gradient = graph.input(name, value.dtype, param.shape);
    program.bind(name, { role: 'grad', param: param.name });
    return { ...param, value, grad: gradient };
  });
  const buffers = notFrozen(traced.buffers).map((buffer) => {
    const value = graph.input(buffer.name, buffer.value.dtype, buffer.shape);
    bindBuffer(program, buffer.name);
    return { name: buffer.name, value };
  });
  const weightSum = graph.input(tensorNames.weightSum, 'float32', []);
  program.bind(tensorNames.weightSum, {
    role: 'metric',
    meaning: 'sum of the weights of all gradients; at 0 they count as 0',
  });
  const lossScale = options.scalesLoss ? scalarInput(program, lossScaleState) : undefined;
  const request = { ...options.update, params, buffers, weightSum };
  finish(program, buildUpdate(graph, { ...request, ...(lossScale && { lossScale }) }));
  return program;
}

/** One whole training step: `grad` and `update` in one graph. */
export function trainProgram(model: Model, options: ProgramOptions): Program {
  const { program, traced, loss, lossScale, params } = differentiate(model, options);
  const { graph } = traced;
  const buffers = notFrozen(traced.buffers).map(({ name, value, updated }) => ({
    name,
    value: updated ?? value,
  }));
  const trained = notFrozen(params);
  const request = { ...options.update, params: trained, buffers, weightSum: loss.weightSum };
  const scaling = lossScale && { lossScale, scaled: true };
  const update = buildUpdate(graph, { ...request, ...scaling });
  finish(program, update);
  outputBuffers(program, guarded(traced.buffers, update.finite));
  const count = divisor(loss.weightSum);
  program.output('loss', div(loss.lossSum, count), { role: 'loss' });
  program.output('accuracy', div(loss.correctSum, count), {
    role: 'metric',
    meaning: 'weighted share of images whose top-1 class is right',
  });
  return program;
}

/** Binds what an update declared, and outputs what it computed. */
function finish(program: Program, update: UpdateResult): void {
  for (const hyper of update.hyperSpecs) program.bind(hyper.name, hyperBinding(hyper));
  for (const { name, value } of update.newParams)
    program.output(tensorNames.next(name), value, { role: 'param', param: name, replaces: name });
  for (const { name, slot, param, value } of update.newStates) {
    program.bind(name, { role: 'state', slot: slot.name, param, initial: slot.initial });
    const binding = { role: 'state', slot: slot.name, param, replaces: name } as const;
    program.output(tensorNames.next(name), value, binding);
  }
  for (const { name, param, value } of update.newEma) {
    program.bind(name, { role: 'ema', param, initial: 'param' });
    program.output(tensorNames.next(name), value, { role: 'ema', param, replaces: name });
  }
  for (const { value, ...state } of update.newScalars) {
    bindScalar(program, state);
    const { name, slot } = state;
    program.output(tensorNames.next(name), value, { role: 'state', slot, replaces: name });
  }
  const number = (value: number): Value => scalar(program.graph, value);
  if (update.finite)
    program.output('skipped', select(update.finite, number(0), number(1)), {
      role: 'metric',
      meaning: '1 where gradients overflowed and the step changed nothing',
    });
  if (update.gradNorm)
    program.output('grad_norm', update.gradNorm, {
      role: 'metric',
      meaning: 'global norm of the mean gradients before clipping',
    });
}

function hyperBinding({ meaning, default: value, formula }: HyperSpec) {
  return { role: 'hyper', meaning, default: value, ...(formula && { formula }) } as const;
}
