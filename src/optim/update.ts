import type { Graph, Value } from '../ir/graph.js';
import { select } from '../ops/choose.js';
import { div, mul } from '../ops/elementwise.js';
import { invariant } from '../support/errors.js';
import { meanFactor } from './accumulate.js';
import { clipFactor, globalNorm } from './clip.js';
import { decoupledDecay, l2Decay } from './decay.js';
import { ema } from './ema.js';
import { allFinite, growthHyper, nextLossScale, type UpdatedScalar } from './lossScale.js';
import type { HyperSpec, Optimizer, SlotSpec } from './optimizer.js';

/** A parameter to update, with the weighted sum of its gradients. */
export interface UpdateParam {
  readonly name: string;
  readonly value: Value;
  /** Missing where the loss does not reach the parameter: it stays as it is, without decay or state. */
  readonly grad: Value | undefined;
  /** Whether weight decay applies: not to biases and normalisation. */
  readonly decay: boolean;
}

export interface UpdateRequest {
  readonly params: readonly UpdateParam[];
  readonly optimizer: Optimizer;
  /** Sum of the samples' weights, a scalar; the gradients are divided by it. */
  readonly weightSum: Value;
  /** Buffers with their new values; they take part in the moving average only. */
  readonly buffers?: readonly { readonly name: string; readonly value: Value }[];
  /** Whether gradients are clipped to the global norm of the hyper `max_norm`. */
  readonly clip?: boolean;
  /** Default of `max_norm`. */
  readonly maxNorm?: number;
  /** Whether there is a moving average of parameters and buffers, by the hyper `ema_decay`. */
  readonly ema?: boolean;
  /** Default of `ema_decay`. */
  readonly emaDecay?: number;
  /** The scale of the loss, where gradients may overflow: a step in which one does changes nothing. */
  readonly lossScale?: Value;
  /** Whether the gradients are still those of loss * lossScale. */
  readonly scaled?: boolean;
}

/** A parameter that the loss depends on. */
type Reached = UpdateParam & { readonly grad: Value };

function hasGradient(param: UpdateParam): param is Reached {
  return param.grad !== undefined;
}

/** A tensor that each step replaces. */
export interface Updated {
  /** Name of the input that the update declared: `optim.<slot>.<param>` or `ema.<param>`. */
  readonly name: string;
  readonly param: string;
  /** The input, and what it becomes. */
  readonly input: Value;
  readonly value: Value;
}

export interface UpdateResult {
  readonly newParams: readonly { readonly name: string; readonly value: Value }[];
  readonly newStates: readonly (Updated & { readonly slot: SlotSpec })[];
  readonly newEma: readonly Updated[];
  /** Of dynamic loss scaling. */
  readonly newScalars: readonly UpdatedScalar[];
  /** Whether the step counts; undefined where it always does. */
  readonly finite: Value | undefined;
  /** The scalar inputs that the update declared, in order. */
  readonly hyperSpecs: readonly HyperSpec[];
  readonly slots: readonly SlotSpec[];
  /** Global norm of the mean gradients before clipping; only where there is clipping. */
  readonly gradNorm: Value | undefined;
}

const update = { phase: 'update' } as const;

/**
 * Adds one step of the optimizer to a graph: divide by the weight sum, clip, decay, optimize,
 * average. It declares the inputs it needs: hypers (scalars of the parameters' type) under their
 * names, then `optim.<slot>.<param>`, then `ema.<name>`. As in PyTorch, a parameter without a
 * gradient is left alone, and samples whose weights sum to 0 give gradients of 0.
 */
export function buildUpdate(graph: Graph, request: UpdateRequest): UpdateResult {
  return graph.within({ ...update, scope: '' }, () => {
    const { optimizer } = request;
    const params = request.params.filter(hasGradient);
    const { lossScale } = request;
    const finite = lossScale && allFinite(params.map(({ grad }) => grad));
    const chosen = (made: Value, before: Value): Value =>
      finite ? select(finite, made, before) : made;
    const hyperSpecs = listHypers(request);
    const hypers = declareHypers(graph, hyperSpecs, request);
    const { factor, gradNorm } = gradientFactor(params, request, hypers);
    const states = params.map((param) => declareStates(graph, param, optimizer.slots));
    const steps = params.map((param, i) =>
      graph.within({ ...update, scope: scopeOf(param.name) }, () =>
        stepParam(param, optimizer, factor, hypers, states[i] ?? {}),
      ),
    );
    const newParams = params.map(({ name, value }, i) => ({
      name,
      value: chosen(found(steps[i]?.param, name), value),
    }));
    const newStates = params.flatMap(({ name: param }, i) =>
      optimizer.slots.map((slot) => {
        const input = found(states[i]?.[slot.name], slot.name);
        const value = chosen(found(steps[i]?.slots[slot.name], slot.name), input);
        return { name: `optim.${slot.name}.${param}`, param, slot, input, value };
      }),
    );
    const stepped = new Map(newParams.map(({ name, value }) => [name, value]));
    const now = request.params.map(({ name, value }) => ({
      name,
      value: stepped.get(name) ?? value,
    }));
    const averaged = request.ema ? [...now, ...(request.buffers ?? [])] : [];
    const newEma = averageAll(graph, averaged, hypers, chosen);
    const newScalars =
      lossScale && finite
        ? nextLossScale(lossScale, finite, found(hypers[growthHyper.name], growthHyper.name))
        : [];
    const news = { newParams, newStates, newEma, newScalars };
    return { ...news, hyperSpecs, slots: optimizer.slots, gradNorm, finite };
  });
}

function listHypers({
  optimizer,
  clip = false,
  maxNorm = 1,
  ema: averages = false,
  emaDecay = 0.9999,
  lossScale,
}: UpdateRequest): HyperSpec[] {
  const specs = [...optimizer.hypers];
  if (clip)
    specs.push({
      name: 'max_norm',
      meaning: 'largest global norm of the gradients; larger ones are scaled down',
      default: maxNorm,
    });
  if (averages)
    specs.push({
      name: 'ema_decay',
      meaning: 'decay of the moving average of parameters and batch statistics',
      default: emaDecay,
    });
  if (lossScale) specs.push(growthHyper);
  return specs;
}

type Hypers = Readonly<Record<string, Value>>;

function declareHypers(
  graph: Graph,
  specs: readonly HyperSpec[],
  { weightSum }: UpdateRequest,
): Hypers {
  return Object.fromEntries(
    specs.map(({ name }) => [name, graph.input(name, weightSum.dtype, [])]),
  );
}

/**
 * One factor makes a gradient sum the clipped mean: the norm of the mean is that of the sums times
 * the same scalar, so each gradient is read once and written once.
 */
function gradientFactor(
  params: readonly Reached[],
  { weightSum, clip, lossScale, scaled = false }: UpdateRequest,
  hypers: Hypers,
): { factor: Value; gradNorm: Value | undefined } {
  const ofSum = meanFactor(weightSum);
  const mean = scaled && lossScale ? div(ofSum, lossScale) : ofSum;
  const [first, ...rest] = params.map(({ grad }) => grad);
  if (!clip || first === undefined) return { factor: mean, gradNorm: undefined };
  const gradNorm = mul(globalNorm([first, ...rest]), mean);
  return {
    factor: mul(mean, clipFactor(gradNorm, found(hypers['max_norm'], 'max_norm'))),
    gradNorm,
  };
}

function declareStates(
  graph: Graph,
  { name, value }: UpdateParam,
  slots: readonly SlotSpec[],
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    slots.map((slot) => [
      slot.name,
      graph.input(`optim.${slot.name}.${name}`, value.dtype, value.shape),
    ]),
  );
}

function stepParam(
  { value, grad: sum, decay }: Reached,
  optimizer: Optimizer,
  factor: Value,
  hypers: Hypers,
  slots: Readonly<Record<string, Value>>,
): ReturnType<Optimizer['update']> {
  const grad = mul(sum, factor);
  const kind = decay ? optimizer.decay : undefined;
  if (kind === undefined) return optimizer.update({ param: value, grad, slots, hypers });
  const rate = found(hypers['weight_decay'], 'weight_decay');
  if (kind === 'l2')
    return optimizer.update({ param: value, grad: l2Decay(grad, value, rate), slots, hypers });
  const param = decoupledDecay(value, found(hypers['learning_rate'], 'learning_rate'), rate);
  return optimizer.update({ param, grad, slots, hypers });
}

function averageAll(
  graph: Graph,
  tensors: readonly { readonly name: string; readonly value: Value }[],
  hypers: Hypers,
  chosen: (made: Value, before: Value) => Value,
): Updated[] {
  return tensors.map(({ name: param, value }) =>
    graph.within({ ...update, scope: scopeOf(param) }, () => {
      const name = `ema.${param}`;
      const input = graph.input(name, value.dtype, value.shape);
      const made = ema(input, value, found(hypers['ema_decay'], 'ema_decay'));
      return { name, param, input, value: chosen(made, input) };
    }),
  );
}

/** `blocks.0.bn1.weight` belongs to `blocks.0.bn1`. */
function scopeOf(param: string): string {
  return param.slice(0, Math.max(0, param.lastIndexOf('.')));
}

function found<T>(value: T | undefined, name: string): T {
  invariant(value !== undefined, `the update lacks ${name}`);
  return value;
}
