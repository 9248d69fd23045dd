import { tensorNames } from '../../contract/names.js';
import { grad } from '../autodiff/grad.js';
import { Graph, type Value } from '../ir/graph.js';
import { continueGraph } from '../ir/rewrite.js';
import type { Model } from '../trace/defineModel.js';
import { traceModel, type Traced, type TraceOptions } from '../trace/traceModel.js';
import { losses, type Loss } from '../losses/index.js';
import { select } from '../ops/choose.js';
import { scalar } from '../ops/constant.js';
import { div, mul } from '../ops/elementwise.js';
import { divisor } from '../optim/accumulate.js';
import { allFinite, declareScalar, lossScaleState, type ScalarState } from '../optim/lossScale.js';
import type { HyperSpec } from '../optim/optimizer.js';
import { buildUpdate, type UpdateRequest, type UpdateResult } from '../optim/update.js';
import type { DType } from '../../support/dtype.js';
import { invariant } from '../../support/errors.js';
import { buildLoss } from './loss.js';
import { bindBuffer, bindNetwork, bindParam, Program } from './program.js';

/*
 * Sums, not means. The loss and its gradients are weighted sums, and `update` divides by the sum of the
 * weights. Gradient accumulation, data parallelism and padded batches are therefore plain additions. If the
 * weights sum to 0, the loss and the gradients are 0: momentum and decay go on, as PyTorch steps on gradients
 * of zeros. A parameter that the loss does not reach has no gradient and no state, and keeps its value.
 */

/** Options shared by all programs of one compilation. */
export interface ProgramOptions {
  readonly trace: Omit<TraceOptions, 'mode'>;
  readonly update: Omit<UpdateRequest, 'params' | 'buffers' | 'weightSum' | 'lossScale' | 'scaled'>;
  /** Scales the loss, as float16 needs; see optim/lossScale. */
  readonly scalesLoss?: boolean;
  readonly labelSmoothing: number;
  /** Default: cross-entropy. */
  readonly loss?: Loss;
  /** Rewrites the network before it is differentiated. */
  readonly prepare?: (graph: Graph) => Graph;
}

/** Evaluation-mode forward pass: image -> logits; if `noised`, image and masks -> logits. */
export function inferProgram(
  model: Model,
  { trace, noised = false }: Pick<ProgramOptions, 'trace'> & { readonly noised?: boolean },
): Program {
  return forwardOf(traceModel(model, { ...trace, mode: noised ? 'noised' : 'eval' }));
}

function forwardOf(network: Traced): Program {
  const { graph, results } = continueGraph(network.graph);
  const program = new Program(graph);
  bindNetwork(program, network);
  program.output('logits', resultOf(results, 'logits'), { role: 'logits' });
  return program;
}

function resultOf(results: Results, name: string): Value {
  const value = results.get(name);
  invariant(value, `the network has no result ${name}`);
  return value;
}

type Results = ReadonlyMap<string, Value>;

/**
 * The programs of one compilation. The network is traced once in evaluation and once in training, and
 * differentiated once; each program goes on with a copy.
 */
export class Programs {
  #evaluated: Traced | undefined;
  #trained: Traced | undefined;
  #differentiated: Traced | undefined;

  constructor(
    private readonly model: Model,
    private readonly options: ProgramOptions,
  ) {}

  /** The network in evaluation. */
  get network(): Traced {
    return (this.#evaluated ??= this.#trace('eval'));
  }

  /** The network in training. */
  get training(): Traced {
    return (this.#trained ??= this.#trace('train'));
  }

  /** Evaluation-mode forward pass: image -> logits. */
  infer(): Program {
    return forwardOf(this.network);
  }

  /** Training-mode forward pass: image and noise -> logits. */
  forward(): Program {
    return forwardOf(this.training);
  }

  /** Loss, gradients, logits and new batch statistics; sums, so that micro-batches and machines add up. */
  grad(): Program {
    const { params, buffers } = this.#gradients;
    const { program, results, lossScale } = this.#continued();
    const grads = params.flatMap(({ name }) => results.get(tensorNames.grad(name)) ?? []);
    const finite = lossScale && program.graph.within(updating, () => allFinite(grads));
    const { lossSum, weightSum, correctSum } = tensorNames;
    program.output(lossSum, resultOf(results, lossSum), {
      role: 'loss',
      meaning: 'sum of weight * loss',
      mean: { name: 'loss', over: weightSum },
    });
    program.output(weightSum, resultOf(results, weightSum), {
      role: 'metric',
      meaning: 'sum of the weights',
    });
    program.output(correctSum, resultOf(results, correctSum), {
      role: 'metric',
      meaning: 'sum of the weights of images whose top-1 class is right',
      mean: { name: 'accuracy', over: weightSum },
    });
    program.output('logits', resultOf(results, 'logits'), { role: 'logits' });
    for (const { name } of params) {
      const value = results.get(tensorNames.grad(name));
      if (value === undefined) continue;
      // The unscaled loss, so that sums of steps with different scales may be added.
      const own = lossScale ? div(value, lossScale) : value;
      program.output(tensorNames.grad(name), own, { role: 'grad', param: name });
    }
    outputBuffers(program, buffers, results, finite);
    return program;
  }

  /** Gradient sums and their weight -> new parameters, state and averages. */
  update(): Program {
    const { graph: network, ...declared } = this.#gradients;
    const reached = new Set(network.outputs.map(({ name }) => name));
    const graph = new Graph(`${this.model.name}-update`);
    const program = new Program(graph);
    const dtypeOf = (name: string): DType => network.findInput(name)?.dtype ?? 'float32';
    const params = notFrozen(declared.params).map(({ name, shape, decay }) => {
      const value = graph.input(name, dtypeOf(name), shape);
      bindParam(program, name);
      const sum = tensorNames.grad(name);
      if (!reached.has(sum)) return { name, decay, value, grad: undefined };
      program.bind(sum, { role: 'grad', param: name });
      return { name, decay, value, grad: graph.input(sum, value.dtype, shape) };
    });
    const buffers = notFrozen(declared.buffers).map(({ name, shape }) => {
      bindBuffer(program, name);
      return { name, value: graph.input(name, dtypeOf(name), shape) };
    });
    const weightSum = graph.input(tensorNames.weightSum, 'float32', []);
    program.bind(tensorNames.weightSum, {
      role: 'metric',
      meaning: 'sum of the weights of all gradients; at 0 they count as 0',
    });
    const lossScale = this.options.scalesLoss ? scalarInput(program, lossScaleState) : undefined;
    const request = { ...this.options.update, params, buffers, weightSum };
    finish(program, buildUpdate(graph, { ...request, ...(lossScale && { lossScale }) }));
    return program;
  }

  /** One whole training step: `grad` and `update` in one graph. */
  train(): Program {
    const declared = this.#gradients;
    const { program, results, lossScale } = this.#continued();
    const params = notFrozen(declared.params).map(({ name, decay }) => {
      return { name, decay, value: program.input(name), grad: results.get(tensorNames.grad(name)) };
    });
    const buffers = notFrozen(declared.buffers).map(({ name }) => {
      return { name, value: results.get(tensorNames.next(name)) ?? program.input(name) };
    });
    const weightSum = resultOf(results, tensorNames.weightSum);
    const request = { ...this.options.update, params, buffers, weightSum };
    const scaling = lossScale && { lossScale, scaled: true };
    const update = buildUpdate(program.graph, { ...request, ...scaling });
    finish(program, update);
    outputBuffers(program, declared.buffers, results, update.finite);
    const count = divisor(weightSum);
    const mean = (name: string): Value => div(resultOf(results, name), count);
    program.output('loss', mean(tensorNames.lossSum), { role: 'loss' });
    program.output('accuracy', mean(tensorNames.correctSum), {
      role: 'metric',
      meaning: 'weighted share of images whose top-1 class is right',
    });
    return program;
  }

  /** The network in training, whose results are also the sums of the loss and its gradients. */
  get #gradients(): Traced {
    return (this.#differentiated ??= differentiate(this.training, this.options));
  }

  #trace(mode: TraceOptions['mode']): Traced {
    return traceModel(this.model, { ...this.options.trace, mode });
  }

  /** The differentiated network in a graph of its own, its inputs bound. */
  #continued() {
    const network = this.#gradients;
    const { graph, results } = continueGraph(network.graph);
    const program = new Program(graph, network.leastBatch);
    bindNetwork(program, network);
    program.bind('target', { role: 'target' });
    program.bind('weight', { role: 'weight' });
    program.bind('label_smoothing', {
      role: 'hyper',
      meaning: 'fraction of each target that is spread evenly over the classes',
      default: this.options.labelSmoothing,
    });
    if (!this.options.scalesLoss) return { program, results, lossScale: undefined };
    bindScalar(program, lossScaleState);
    return { program, results, lossScale: program.input(lossScaleState.name) };
  }
}

/** Adds the sums of the loss and their gradients; a parameter has none if it is frozen or not reached. */
function differentiate(
  written: Traced,
  { prepare = (graph: Graph) => graph, scalesLoss, loss = losses.crossEntropy() }: ProgramOptions,
): Traced {
  const { graph, results } = continueGraph(prepare(written.graph));
  const { lossSum, weightSum, correctSum } = buildLoss(
    graph,
    resultOf(results, 'logits'),
    written.classes,
    loss,
  );
  const lossScale = scalesLoss ? declareScalar(graph, lossScaleState) : undefined;
  const scaled = lossScale ? mul(lossSum, lossScale) : lossSum;
  const trained = notFrozen(written.params).flatMap(({ name }) => {
    const value = graph.findInput(name);
    return value ? [{ name, value }] : [];
  });
  const grads = grad(
    graph,
    scaled,
    trained.map(({ value }) => value),
  );
  for (const [name, value] of results) graph.output(name, value);
  graph.output(tensorNames.lossSum, lossSum);
  graph.output(tensorNames.weightSum, weightSum);
  graph.output(tensorNames.correctSum, correctSum);
  for (const [i, { name }] of trained.entries()) {
    const value = grads[i];
    if (value) graph.output(tensorNames.grad(name), value);
  }
  return { ...written, graph };
}

/** Origin of nodes that look at all gradients. */
const updating = { phase: 'update', scope: '' } as const;

/** An input for a number that training carries. */
function scalarInput(program: Program, state: ScalarState): Value {
  bindScalar(program, state);
  return declareScalar(program.graph, state);
}

function bindScalar(program: Program, { name, slot, initial }: ScalarState): void {
  program.bind(name, { role: 'state', slot, initial });
}

/** Outputs new batch statistics, but the old ones after an overflow, of which they may be. */
function outputBuffers(
  program: Program,
  buffers: Traced['buffers'],
  results: Results,
  finite: Value | undefined,
): void {
  for (const { name } of buffers) {
    const next = tensorNames.next(name);
    const updated = results.get(next);
    if (updated === undefined) continue;
    const kept = finite
      ? program.graph.within(updating, () => select(finite, updated, program.input(name)))
      : updated;
    program.output(next, kept, { role: 'buffer', param: name, replaces: name });
  }
}

/**
 * Tensors that an update concerns: frozen ones have no optimizer state, decay or moving average.
 */
function notFrozen<T extends { readonly frozen: boolean }>(tensors: readonly T[]): T[] {
  return tensors.filter(({ frozen }) => !frozen);
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
