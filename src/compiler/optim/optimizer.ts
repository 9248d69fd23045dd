import type { HyperFormula } from '../../contract/manifest.js';
import type { Value } from '../ir/graph.js';
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
  /** Its value where the user says nothing. */
  readonly default: number;
  /** Formula by the step's index, if there is one. */
  readonly formula?: HyperFormula;
}

/** A tensor that an optimizer keeps for each parameter, of the parameter's shape. */
export interface SlotSpec {
  readonly name: string;
  readonly initial: 'zeros' | 'ones';
}

/** `l2` adds weight_decay * param to the gradient; `decoupled` shrinks the parameter itself. */
export type DecayKind = 'l2' | 'decoupled';

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
 * Update of one parameter by an optimizer; H names its hypers beside `learning_rate`, S its slots.
 */
export interface UpdateRule<H extends string, S extends string> {
  readonly hypers: Readonly<Record<H, Omit<HyperSpec, 'name'>>>;
  readonly slots: Readonly<Record<S, SlotSpec['initial']>>;
  /** New parameter and state, from the mean gradient; weight decay has been applied before. */
  update(
    at: Step<S> & {
      readonly grad: Value;
      readonly hypers: Readonly<Record<H | 'learning_rate', Value>>;
    },
  ): Step<S>;
}

/** An optimizer as the compiler sees it: names and a rule that spells one parameter's update. */
export interface Optimizer {
  readonly kind: string;
  readonly config: OptimizerRecord;
  readonly hypers: readonly HyperSpec[];
  readonly slots: readonly SlotSpec[];
  readonly decay: DecayKind | undefined;
  update(at: {
    readonly param: Value;
    readonly grad: Value;
    readonly slots: Readonly<Record<string, Value>>;
    readonly hypers: Readonly<Record<string, Value>>;
  }): Step<string>;
}

/** The rule of an optimizer whose names are checked; see updateRule. */
export type CheckedRule = Pick<Optimizer, 'hypers' | 'slots' | 'update'>;

/** Holds a rule to the names of its hypers and slots. */
export function updateRule<const H extends string = never, const S extends string = never>(
  rule: UpdateRule<H, S>,
): CheckedRule {
  return {
    hypers: Object.entries<Omit<HyperSpec, 'name'>>(rule.hypers).map(([name, spec]): HyperSpec => ({
      name,
      ...spec,
    })),
    slots: Object.entries<SlotSpec['initial']>(rule.slots).map(([name, initial]) => ({
      name,
      initial,
    })),
    // The caller gives each slot and hyper that the rule names, so the records are complete.
    update: (at) => rule.update(at),
  };
}

/** Options that every optimizer has. */
export type CommonOptions = {
  /** Default of the hyper `learning_rate`. */
  readonly learningRate: Defaulted<NumberOption>;
  /** Default of the hyper `weight_decay`; at 0 there is no decay in the graph and no such hyper. */
  readonly weightDecay: Defaulted<NumberOption>;
  /** Lets weight decay shrink the parameter itself instead of entering the gradient. */
  readonly decoupledDecay: Defaulted<FlagOption>;
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
    const { learningRate, weightDecay, decoupledDecay } = filled;
    const decay: DecayKind = decoupledDecay ? 'decoupled' : 'l2';
    const { hypers, ...own } = rule(filled);
    return {
      ...own,
      kind,
      config: { kind, ...filled },
      hypers: [
        { name: 'learning_rate', meaning: 'learning rate', default: learningRate },
        ...hypers,
        ...(weightDecay === 0 ? [] : [decayHyper(decay, weightDecay)]),
      ],
      decay: weightDecay === 0 ? undefined : decay,
    };
  };
  return Object.assign(make, { kind, meaning, options });
}

function decayHyper(kind: DecayKind, rate: number): HyperSpec {
  return {
    name: 'weight_decay',
    meaning:
      kind === 'l2'
        ? 'weight decay, added to the gradient as weight_decay * param'
        : 'weight decay, taken from the parameter as learning_rate * weight_decay * param',
    default: rate,
  };
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
export const momentum = average('Weight of the past steps in each step.', 0.9);

/** The options of weight decay. */
export function decay(
  weightDecay: number,
  { decoupled }: { readonly decoupled: boolean },
): Omit<CommonOptions, 'learningRate'> {
  const meaning = 'Weight decay; biases and normalisation have none.';
  return {
    weightDecay: { type: 'number', least: 0, most: limits.float32, meaning, default: weightDecay },
    decoupledDecay: {
      type: 'flag',
      meaning: 'Decouple weight decay: shrink the parameter itself, not through the gradient.',
      default: decoupled,
    },
  };
}
