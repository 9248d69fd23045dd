import type { HyperFormula } from '../../contract/manifest.js';
import type { Value } from '../ir/graph.js';
import { ConfigError } from '../../support/errors.js';
import { limits } from '../../support/limits.js';

/** A number that is an input of the graph, fed at each step. */
export interface HyperSpec {
  readonly name: string;
  /** What it is, in words. */
  readonly meaning: string;
  /** Its value where the user says nothing. */
  readonly default: number;
  /** How it follows from the step's index, where it does. */
  readonly formula?: HyperFormula;
}

/** A tensor that an optimizer keeps for each parameter, of the parameter's shape. */
export interface SlotSpec {
  readonly name: string;
  readonly initial: 'zeros' | 'ones';
}

/** `l2` adds weight_decay * param to the gradient; `decoupled` shrinks the parameter itself. */
export type DecayKind = 'l2' | 'decoupled';

/** What an optimizer was made from; JSON. `kind` is its name in the index. */
export type OptimizerRecord = Readonly<Record<string, number | boolean | string>> & {
  readonly kind: string;
};

/** New parameter and slots after an update. */
export interface Step<S extends string> {
  readonly param: Value;
  readonly slots: Readonly<Record<S, Value>>;
}

/** The rule of an optimizer for one parameter; H names its hypers, S its slots. */
export interface OptimizerDescription<H extends string, S extends string> {
  readonly config: OptimizerRecord;
  readonly hypers: Readonly<Record<H, Omit<HyperSpec, 'name'>>>;
  readonly slots: Readonly<Record<S, SlotSpec['initial']>>;
  /** Where there is weight decay: its kind and the default of the hyper `weight_decay`. */
  readonly decay?: { readonly kind: DecayKind; readonly rate: number } | undefined;
  /** New parameter and state, from the mean gradient; weight decay has been applied before. */
  update(
    at: Step<S> & { readonly grad: Value; readonly hypers: Readonly<Record<H, Value>> },
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

/** Makes an optimizer of its description; adds the hyper `weight_decay` where it decays. */
export function defineOptimizer<const H extends string, const S extends string = never>(
  description: OptimizerDescription<H, S>,
): Optimizer {
  const { config, decay } = description;
  const hypers = Object.entries<Omit<HyperSpec, 'name'>>(description.hypers).map(
    ([name, spec]): HyperSpec => ({ name, ...spec }),
  );
  if (decay)
    hypers.push({
      name: 'weight_decay',
      meaning:
        decay.kind === 'l2'
          ? 'weight decay, added to the gradient as weight_decay * param'
          : 'weight decay, taken from the parameter as learning_rate * weight_decay * param',
      default: decay.rate,
    });
  return {
    kind: config.kind,
    config,
    hypers,
    slots: Object.entries<SlotSpec['initial']>(description.slots).map(([name, initial]) => ({
      name,
      initial,
    })),
    decay: decay?.kind,
    // The caller gives each slot and hyper that the description names, so the records are complete.
    update: (at) => description.update(at),
  };
}

/** Options that every optimizer takes. */
export interface CommonOptions {
  /** Default of the hyper `learning_rate`. */
  readonly learningRate?: number;
  /** Default of the hyper `weight_decay`; at 0 there is no decay in the graph and no such hyper. */
  readonly weightDecay?: number;
  /** Whether weight decay shrinks the parameter itself instead of entering the gradient. */
  readonly decoupledDecay?: boolean;
}

/** `learning_rate`, which each optimizer has. */
export function learningRateHyper(value: number): Omit<HyperSpec, 'name'> {
  return { meaning: 'learning rate', default: value };
}

/** The decay of a description: none at rate 0. */
export function decayOf(
  rate: number,
  decoupled: boolean,
): OptimizerDescription<never, never>['decay'] {
  return rate === 0 ? undefined : { kind: decoupled ? 'decoupled' : 'l2', rate };
}

/** Throws a ConfigError unless low <= value < high for the option `kind.key`. */
export function checkOption(
  kind: string,
  key: string,
  value: unknown,
  [low, high]: readonly [number, number] = [0, limits.float32],
): void {
  if (typeof value === 'number' && value >= low && value < high) return;
  throw new ConfigError(`${key} of the optimizer ${kind} is ${String(value)}`, {
    code: 'optimizer-option',
    where: `optimizer.${key}`,
    hint: `give a number of at least ${low} and below ${high}`,
  });
}

/** Throws a ConfigError unless the option `kind.key` is true or false. */
export function checkFlag(kind: string, key: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new ConfigError(`${key} of the optimizer ${kind} is ${String(value)}`, {
    code: 'optimizer-option',
    where: `optimizer.${key}`,
    hint: 'give true or false',
  });
}
