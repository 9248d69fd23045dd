import type { HyperFormula } from '../../contract/manifest.js';
import type { Value } from '../ir/graph.js';
import type { Shape } from '../../support/shape.js';
import { limits } from '../../support/limits.js';
import {
  fillOptions,
  type Defaulted,
  type FilledOptions,
  type FlagOption,
  type GivenOptions,
  type NumberOption,
} from '../../support/options.js';

/** A number that is an input of the graph, fed at each step. */
export interface HyperSpec {
  readonly name: string;
  /** Description in words. */
  readonly meaning: string;
  /** Its default. */
  readonly default: number;
  /** Formula by the step's index, if there is one. */
  readonly formula?: HyperFormula;
}

/** A tensor that an optimizer keeps for each parameter, of the parameter's shape. */
export interface SlotSpec {
  readonly name: string;
  readonly initial: 'zeros' | 'ones';
}

/**
 * `l2` adds weight_decay * param to the gradient; `decoupled` shrinks the parameter itself; `own` is left to
 * the optimizer's rule.
 */
export type DecayKind = 'l2' | 'decoupled' | 'own';

/** A number that an optimizer carries from step to step, beside the state of each parameter. */
export interface CarriedNumber<H extends string = string> {
  readonly initial: number;
  /** Its value at this step, from the step before and the hypers; parameters see it as a hyper. */
  next(before: Value, hypers: Readonly<Record<H, Value>>): Value;
}

/** Options that an optimizer was made from; JSON. `kind` is its registered name. */
export type OptimizerRecord = Readonly<Record<string, number | boolean | string>> & {
  readonly kind: string;
};

/** New parameter and slots after an update. */
export interface Step<S extends string> {
  readonly param: Value;
  readonly slots: Readonly<Record<S, Value>>;
}

/**
 * Update of one parameter by an optimizer; H names its hypers beside `learning_rate`, S its slots, C the
 * numbers that it carries.
 */
export interface UpdateRule<H extends string, S extends string, C extends string> {
  readonly hypers: Readonly<Record<H, Omit<HyperSpec, 'name'>>>;
  readonly slots: Readonly<Record<S, SlotSpec['initial']>>;
  readonly carried?: Readonly<Record<C, CarriedNumber<H>>>;
  readonly ownDecay?: OwnDecay;
  readonly seesWhole?: Optimizer['seesWhole'];
  /** New parameter and state, from the mean gradient; weight decay has been applied before. */
  update(
    at: Step<S> & {
      readonly grad: Value;
      readonly hypers: Readonly<Record<H | C | 'learning_rate', Value>>;
      /** Weight decay of this parameter, where the rule applies it itself and there is any. */
      readonly weightDecay: Value | undefined;
    },
  ): Step<S>;
}

/** What weight decay does if a rule applies it itself, in words. */
type OwnDecay = string;

/** An optimizer as the compiler sees it: names and a rule for the update of one parameter. */
export interface Optimizer {
  readonly kind: string;
  readonly config: OptimizerRecord;
  readonly hypers: readonly HyperSpec[];
  readonly slots: readonly SlotSpec[];
  readonly decay: DecayKind | undefined;
  /** Numbers that it carries, by their names (default: none). */
  readonly carried?: Readonly<Record<string, CarriedNumber>> | undefined;
  /**
   * True if a step looks at all of a parameter at once, as at its norm, so that small ones cannot be updated as
   * one vector (default: never).
   */
  readonly seesWhole?: ((param: { readonly decays: boolean }) => boolean) | undefined;
  /** Shape of a slot for a parameter of this shape; undefined if it has none (default: its own). */
  readonly slotShape?: ((slot: string, param: Shape) => Shape | undefined) | undefined;
  update(at: {
    readonly param: Value;
    readonly grad: Value;
    readonly slots: Readonly<Record<string, Value>>;
    readonly hypers: Readonly<Record<string, Value>>;
    readonly weightDecay?: Value | undefined;
  }): Step<string>;
}

/** The rule of an optimizer whose names are checked; see updateRule. */
export type CheckedRule = Pick<
  Optimizer,
  'hypers' | 'slots' | 'carried' | 'seesWhole' | 'slotShape' | 'update'
> & { readonly ownDecay?: OwnDecay | undefined };

/** Holds a rule to the names of its hypers and slots. */
export function updateRule<
  const H extends string = never,
  const S extends string = never,
  const C extends string = never,
>(rule: UpdateRule<H, S, C>): CheckedRule {
  return {
    hypers: Object.entries<Omit<HyperSpec, 'name'>>(rule.hypers).map(([name, spec]): HyperSpec => ({
      name,
      ...spec,
    })),
    slots: Object.entries<SlotSpec['initial']>(rule.slots).map(([name, initial]) => ({
      name,
      initial,
    })),
    ...(rule.carried && { carried: rule.carried }),
    ...(rule.seesWhole && { seesWhole: rule.seesWhole }),
    ...(rule.ownDecay !== undefined && { ownDecay: rule.ownDecay }),
    // The caller gives each slot and hyper that the rule names, so the records are complete.
    update: ({ weightDecay, ...at }) => rule.update({ ...at, weightDecay }),
  };
}

/** Options that every optimizer has. */
export type CommonOptions = {
  /** Default of the hyper `learning_rate`. */
  readonly learningRate: Defaulted<NumberOption>;
  /** Default of the hyper `weight_decay`; at 0 there is no decay in the graph and no such hyper. */
  readonly weightDecay: Defaulted<NumberOption>;
  /**
   * Lets weight decay shrink the parameter itself instead of entering the gradient; missing where a rule
   * applies it in a way of its own.
   */
  readonly decoupledDecay?: Defaulted<FlagOption>;
};

/** The options of an optimizer. */
export type OptimizerOptions = CommonOptions &
  Readonly<Record<string, Defaulted<NumberOption | FlagOption>>>;

/** All that there is to an optimizer: its options with their defaults, and the rule that they make. */
interface OptimizerDefinition<K extends string, O extends OptimizerOptions> {
  /** Its name. */
  readonly kind: K;
  /** Description in one sentence. */
  readonly meaning: string;
  readonly options: O;
  rule(options: FilledOptions<O>): CheckedRule;
}

/** A function that makes an optimizer of its options, and what configs need to know of it. */
export interface OptimizerMaker<K extends string, O extends OptimizerOptions> extends Pick<
  OptimizerDefinition<K, O>,
  'kind' | 'meaning' | 'options'
> {
  /** Throws a ConfigError for an option that is out of its range. */
  (options?: GivenOptions<O>): Optimizer;
}

/** Defines an optimizer; its weight decay is a hyper that the update of all optimizers applies. */
export function defineOptimizer<const K extends string, O extends OptimizerOptions>({
  kind,
  meaning,
  options,
  rule,
}: OptimizerDefinition<K, O>): OptimizerMaker<K, O> {
  const make = (given: GivenOptions<O> = {}): Optimizer => {
    const filled = fillOptions(`the optimizer ${kind}`, options, given, 'optimizer');
    const { learningRate, weightDecay } = filled;
    const { hypers, ownDecay, ...own } = rule(filled);
    const shrinks = 'decoupledDecay' in filled && filled.decoupledDecay === true;
    const decoupled = shrinks ? 'decoupled' : 'l2';
    const decay: DecayKind = ownDecay === undefined ? decoupled : 'own';
    return {
      ...own,
      kind,
      config: { kind, ...filled },
      hypers: [
        { name: 'learning_rate', meaning: 'learning rate', default: learningRate },
        ...hypers,
        ...(weightDecay === 0
          ? []
          : [decayHyper(ownDecay ?? decayMeaning[decoupled], weightDecay)]),
      ],
      decay: weightDecay === 0 ? undefined : decay,
    };
  };
  return Object.assign(make, { kind, meaning, options });
}

const decayMeaning = {
  l2: 'weight decay, added to the gradient as weight_decay * param',
  decoupled: 'weight decay, taken from the parameter as learning_rate * weight_decay * param',
};

function decayHyper(meaning: string, rate: number): HyperSpec {
  return { name: 'weight_decay', meaning, default: rate };
}

/** An option above 0 that a graph holds as float32. */
export function rate(meaning: string, usual: number): Defaulted<NumberOption> {
  return { type: 'number', least: 0, most: limits.float32, open: 'least', meaning, default: usual };
}

/** An option that is the weight of the past in an average. */
export function average(meaning: string, usual: number): Defaulted<NumberOption> {
  return { type: 'number', least: 0, most: 1, open: 'most', meaning, default: usual };
}

/** The option `learningRate`. */
export function learningRate(usual: number): CommonOptions['learningRate'] {
  return rate('Learning rate, from which the schedule starts.', usual);
}

/** The option `momentum`. */
export const momentum = average('Momentum: the weight of past steps in each step.', 0.9);

/** The option `weightDecay`, alone where a rule applies it in a way of its own. */
export function weightDecay(usual: number): CommonOptions['weightDecay'] {
  const meaning = 'Weight decay; biases and normalisation have none.';
  return { type: 'number', least: 0, most: limits.float32, meaning, default: usual };
}

/** The options of weight decay. */
export function decay(
  usual: number,
  { decoupled }: { readonly decoupled: boolean },
): Required<Omit<CommonOptions, 'learningRate'>> {
  return {
    weightDecay: weightDecay(usual),
    decoupledDecay: {
      type: 'flag',
      meaning: 'Decouple weight decay: shrink the parameter itself, not through the gradient.',
      default: decoupled,
    },
  };
}
