import { tensorNames } from '../../contract/names.js';
import type { Graph, Value } from '../ir/graph.js';
import { select } from '../ops/choose.js';
import { div, mul } from '../ops/elementwise.js';
import { invariant } from '../../support/errors.js';
import { meanFactor } from './accumulate.js';
import { clipFactor, globalNorm } from './clip.js';
import { decoupledDecay, l2Decay } from './decay.js';
import { ema } from './ema.js';
import { gradientsThatWait, joinSmall, type Joined } from './joined.js';
import {
  allFinite,
  declareCounts,
  growthHyper,
  hypersOfGoodSteps,
  nextLossScale,
  stepNumberHyper,
  type UpdatedScalar,
} from './lossScale.js';
import type { HyperSpec, Optimizer, SlotSpec } from './optimizer.js';

/** A parameter to update, with the weighted sum of its gradients. */
export interface UpdateParam {
  readonly name: string;
  readonly value: Value;
  /** Missing if the loss does not reach the parameter: it stays as it is, without decay or state. */
  readonly grad: Value | undefined;
  /** Applies weight decay: not to biases and normalisation. */
  readonly decay: boolean;
}

export interface UpdateRequest {
  readonly params: readonly UpdateParam[];
  readonly optimizer: Optimizer;
  /** Sum of the samples' weights, a scalar; the gradients are divided by it. */
  readonly weightSum: Value;
  /** Buffers with their new values; they take part in the moving average only. */
  readonly buffers?: readonly { readonly name: string; readonly value: Value }[];
  /** Clips gradients to the global norm of the hyper `max_norm`. */
  readonly clip?: boolean;
  /** Default of `max_norm`. */
  readonly maxNorm?: number;
  /** Keeps a moving average of parameters and buffers, by the hyper `ema_decay`. */
  readonly ema?: boolean;
  /** Default of `ema_decay`. */
  readonly emaDecay?: number;
  /** Tensors of fewer elements are updated together, as one vector; default 0, each by itself. */
  readonly joinBelow?: number;
  /** The scale of the loss, if gradients may overflow: a step in which one does changes nothing. */
  readonly lossScale?: Value;
  /** True if the gradients are still those of loss * lossScale. */
  readonly scaled?: boolean;
}

/** A parameter that the loss depends on. */
type Reached = UpdateParam & { readonly grad: Value };

function hasGradient(param: UpdateParam): param is Reached {
  return param.grad !== undefined;
}

/** A tensor that each step replaces. */
export interface Updated {
  /** Name of the input that the update declared. */
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
  /** Numbers that the optimizer carries, and the state of dynamic loss scaling. */
  readonly newScalars: readonly UpdatedScalar[];
  /** True if the step counts; undefined if it always does. */
  readonly finite: Value | undefined;
  /** The scalar inputs that the update declared, in order. */
  readonly hyperSpecs: readonly HyperSpec[];
  readonly slots: readonly SlotSpec[];
  /** Global norm of the mean gradients before clipping; only if there is clipping. */
  readonly gradNorm: Value | undefined;
}

const update = { phase: 'update' } as const;

/**
 * Adds one step of the optimizer to a graph: divide by the weight sum, clip, decay, optimize,
 * average. It declares the inputs it needs: hypers (scalars of the parameters' type) under their
 * names, then the optimizer's states, then moving averages. As in PyTorch, a parameter without a
 * gradient is left alone, and samples whose weights sum to 0 give gradients of 0.
 */
export function buildUpdate(graph: Graph, request: UpdateRequest): UpdateResult {
  return graph.within({ ...update, scope: '' }, () => {
    const { optimizer, joinBelow = 0 } = request;
    const params = request.params.filter(hasGradient);
    const waits = gradientsThatWait(graph, joinBelow);
    const units = joinSmall(params, {
      below: joinBelow,
      kind: ({ decay }) => (decay ? 'decays' : ''),
      canWait: ({ grad, decay }) =>
        waits(grad) && optimizer.seesWhole?.({ decays: decay }) !== true,
    });
    const grads = units.map((unit) => unit.join(({ grad }) => grad));
    const { lossScale } = request;
    const finite = lossScale && allFinite(grads);
    const chosen = (made: Value, before: Value): Value =>
      finite ? select(finite, made, before) : made;
    const hyperSpecs = listHypers(request);
    const given = declareHypers(graph, hyperSpecs, request);
    const counts = finite && declareCounts(graph);
    const stepNumber = given[stepNumberHyper.name];
    const ofStep =
      counts && stepNumber
        ? { ...given, ...hypersOfGoodSteps(optimizer.hypers, stepNumber, counts) }
        : given;
    const carried = carryNumbers(graph, optimizer, ofStep);
    const hypers = {
      ...ofStep,
      ...Object.fromEntries(carried.map(({ slot, value }) => [slot, value])),
    };
    const { factor, gradNorm } = gradientFactor(grads, request, hypers);
    const states = new Map(
      params.map((param) => [param.name, declareStates(graph, param, optimizer)]),
    );
    const common = { optimizer, factor, hypers, states, chosen };
    const stepped = units.map((unit, i) =>
      graph.within({ ...update, scope: scopeOf(unit) }, () =>
        stepUnit(unit, found(grads[i], 'gradient'), common),
      ),
    );
    const newValue = new Map(stepped.flatMap(({ params: own }) => [...own]));
    const newParams = params.map(({ name }) => ({ name, value: found(newValue.get(name), name) }));
    const newSlots = optimizer.slots.map((slot) => ({
      slot,
      values: new Map(stepped.flatMap(({ slots }) => [...(slots.get(slot.name) ?? [])])),
    }));
    const newStates = params.flatMap(({ name: param }) =>
      newSlots.flatMap(({ slot, values }) => {
        const input = states.get(param)?.[slot.name];
        if (input === undefined) return [];
        const value = found(values.get(param), param);
        return [{ name: tensorNames.state(slot.name, param), param, slot, input, value }];
      }),
    );
    const newEma = averageAll(graph, request, { stepped, newValue, hypers, chosen });
    const newScalars =
      lossScale && finite && counts
        ? nextLossScale(
            lossScale,
            finite,
            found(hypers[growthHyper.name], growthHyper.name),
            counts,
          )
        : [];
    const newCarried = carried.map(({ input, ...own }) => ({
      ...own,
      value: chosen(own.value, input),
    }));
    const news = { newParams, newStates, newEma, newScalars: [...newCarried, ...newScalars] };
    return { ...news, hyperSpecs, slots: optimizer.slots, gradNorm, finite };
  });
}

/** A unit after its step. */
interface Stepped {
  readonly unit: Joined<Averaged>;
  /** The new parameters as one. */
  readonly whole: Value;
  /** New values, by the names of their parameters. */
  readonly params: ReadonlyMap<string, Value>;
  /** Tensors of each slot. */
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, Value>>;
}

function stepUnit(
  unit: Joined<Reached>,
  grad: Value,
  {
    optimizer,
    factor,
    hypers,
    states,
    chosen,
  }: {
    readonly optimizer: Optimizer;
    readonly factor: Value;
    readonly hypers: Hypers;
    readonly states: ReadonlyMap<string, Readonly<Record<string, Value>>>;
    readonly chosen: (made: Value, before: Value) => Value;
  },
): Stepped {
  const value = unit.join((param) => param.value);
  const own = optimizer.slots.filter(({ name }) => states.get(unit.members[0].name)?.[name]);
  const slots = Object.fromEntries(
    own.map(({ name: slot }) => [
      slot,
      unit.join(({ name }) => found(states.get(name)?.[slot], slot)),
    ]),
  );
  const at = { value, grad, decay: unit.members[0].decay };
  const step = stepParam(at, optimizer, factor, hypers, slots);
  const whole = chosen(step.param, value);
  const next = own.map(({ name: slot }) => {
    const made = chosen(found(step.slots[slot], slot), found(slots[slot], slot));
    return [slot, byName(unit.split(made))] as const;
  });
  // Split at once: onnxruntime begins with what comes last in the graph, and these are to wait.
  return { unit, whole, params: byName(unit.split(whole)), slots: new Map(next) };
}

/** The values of the members of a unit, by name. */
function byName(
  own: ReturnType<Joined<{ readonly name: string }>['split']>,
): ReadonlyMap<string, Value> {
  return new Map(own.map(([{ name }, value]) => [name, value]));
}

function listHypers({
  optimizer,
  clip = false,
  maxNorm = 1,
  ema: averages = false,
  emaDecay = 0.9999,
  lossScale,
}: UpdateRequest): HyperSpec[] {
  const follows = ({ formula }: HyperSpec): boolean => formula !== undefined;
  // A driver cannot tell which steps will have been skipped, so it gives their number and no more.
  const specs = lossScale
    ? [
        ...optimizer.hypers.filter((spec) => !follows(spec)),
        ...(optimizer.hypers.some(follows) ? [stepNumberHyper] : []),
      ]
    : [...optimizer.hypers];
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
  grads: readonly Value[],
  { weightSum, clip, lossScale, scaled = false }: UpdateRequest,
  hypers: Hypers,
): { factor: Value; gradNorm: Value | undefined } {
  const ofSum = meanFactor(weightSum);
  const mean = scaled && lossScale ? div(ofSum, lossScale) : ofSum;
  const [first, ...rest] = grads;
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
  { slots, slotShape = (_, shape) => shape }: Optimizer,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    slots.flatMap(({ name: slot }) => {
      const shape = slotShape(slot, value.shape);
      if (shape === undefined) return [];
      return [[slot, graph.input(tensorNames.state(slot, name), value.dtype, shape)]];
    }),
  );
}

/** The numbers that an optimizer carries: their inputs, and what they are at this step. */
function carryNumbers(
  graph: Graph,
  { carried = {} }: Optimizer,
  hypers: Hypers,
): (UpdatedScalar & { readonly input: Value })[] {
  return Object.entries(carried).map(([slot, { initial, next }]) => {
    const name = tensorNames.state(slot);
    const input = graph.input(name, found(hypers['learning_rate'], slot).dtype, []);
    return { name, slot, initial, input, value: next(input, hypers) };
  });
}

function stepParam(
  { value, grad: sum, decay }: Pick<Reached, 'value' | 'grad' | 'decay'>,
  optimizer: Optimizer,
  factor: Value,
  hypers: Hypers,
  slots: Readonly<Record<string, Value>>,
): ReturnType<Optimizer['update']> {
  const grad = mul(sum, factor);
  const kind = decay ? optimizer.decay : undefined;
  if (kind === undefined) return optimizer.update({ param: value, grad, slots, hypers });
  const rate = found(hypers['weight_decay'], 'weight_decay');
  if (kind === 'own')
    return optimizer.update({ param: value, grad, slots, hypers, weightDecay: rate });
  if (kind === 'l2')
    return optimizer.update({ param: value, grad: l2Decay(grad, value, rate), slots, hypers });
  const param = decoupledDecay(value, found(hypers['learning_rate'], 'learning_rate'), rate);
  return optimizer.update({ param, grad, slots, hypers });
}

/** Tensor with a moving average: a parameter or a buffer. */
interface Averaged {
  readonly name: string;
  readonly value: Value;
}

/** The moving averages of parameters, whether they were stepped or not, and of buffers, in that order. */
function averageAll(
  graph: Graph,
  { params, buffers = [], ema: averages = false, joinBelow = 0 }: UpdateRequest,
  {
    stepped,
    newValue,
    hypers,
    chosen,
  }: {
    readonly stepped: readonly Stepped[];
    readonly newValue: ReadonlyMap<string, Value>;
    readonly hypers: Hypers;
    readonly chosen: (made: Value, before: Value) => Value;
  },
): Updated[] {
  if (!averages) return [];
  const all = [...params, ...buffers];
  const inputs = new Map(
    all.map(({ name, value }) => [
      name,
      graph.input(tensorNames.ema(name), value.dtype, value.shape),
    ]),
  );
  const inputOf = ({ name }: Averaged): Value => found(inputs.get(name), name);
  const still = params.filter(({ name }) => !newValue.has(name));
  // Tensors stepped as one are stored as one already.
  const wholes = [
    ...stepped.map(({ unit, whole }) => [unit, whole] as const),
    ...[still, buffers]
      .flatMap((tensors) => joinSmall<Averaged>(tensors, { below: joinBelow }))
      .map((unit) => [unit, unit.join(({ value }) => value)] as const),
  ];
  const averaged = new Map(
    wholes.flatMap(([unit, value]) =>
      graph.within({ ...update, scope: scopeOf(unit) }, () => {
        const before = unit.join(inputOf);
        const made = ema(before, value, found(hypers['ema_decay'], 'ema_decay'));
        return [...byName(unit.split(chosen(made, before)))];
      }),
    ),
  );
  return all.map((tensor) => {
    const { name: param } = tensor;
    const value = found(averaged.get(param), param);
    return { name: tensorNames.ema(param), param, input: inputOf(tensor), value };
  });
}

/** `blocks.0.bn1.weight` belongs to `blocks.0.bn1`; several together to no layer. */
function scopeOf({ members: [{ name }, ...others] }: Joined<{ readonly name: string }>): string {
  return others.length > 0 ? '' : name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

function found<T>(value: T | undefined, name: string): T {
  invariant(value !== undefined, `the update lacks ${name}`);
  return value;
}
