import type { Value } from '../ir/graph.js';
import {
  fillOptions,
  type Defaulted,
  type FilledOptions,
  type FlagOption,
  type GivenOptions,
  type NumberOption,
} from '../../support/options.js';

/** A classifier's output and what it should have been. */
export interface LossRows {
  /** [N,K] */
  readonly logits: Value;
  /** Probabilities [N,K], with the label smoothing in them. */
  readonly target: Value;
  readonly classes: number;
}

/** The options of a loss. */
export type LossOptions = Readonly<Record<string, Defaulted<NumberOption | FlagOption>>>;

/** A loss as the compiler sees it: the loss of each image, whose weighted mean a step takes. */
export interface Loss {
  readonly kind: string;
  /** Loss of each image, [N]. */
  rows(at: LossRows): Value;
}

interface LossDefinition<K extends string, O extends LossOptions> {
  readonly kind: K;
  /** Description in one sentence. */
  readonly meaning: string;
  readonly options: O;
  /**
   * True if the loss is linear in the target, so that a part of a batch can be counted more by a factor on its
   * targets.
   */
  readonly linear: boolean;
  /** Loss of each image, [N], from differentiable primitives. */
  rows(options: FilledOptions<O>, at: LossRows): Value;
}

/** A function that makes a loss of its options, and what configs need to know of it. */
export interface LossMaker<K extends string, O extends LossOptions> extends Pick<
  LossDefinition<K, O>,
  'kind' | 'meaning' | 'options' | 'linear'
> {
  /** Throws a ConfigError for an option that is out of its range. */
  (options?: GivenOptions<O>): Loss;
}

/** Defines a loss: gradients follow from the primitives that it is written in. */
export function defineLoss<const K extends string, O extends LossOptions>({
  rows,
  ...facts
}: LossDefinition<K, O>): LossMaker<K, O> {
  const { kind, options } = facts;
  const make = (given: GivenOptions<O> = {}): Loss => {
    const filled = fillOptions(`the loss ${kind}`, options, given, 'criterion');
    return { kind, rows: (at) => rows(filled, at) };
  };
  return Object.assign(make, facts);
}
