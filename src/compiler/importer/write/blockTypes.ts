/** What is said of repeated blocks on their way to functions. */
import type { Literal } from '../network.js';
import type { Item, Step } from './step.js';

/** Channels of a value; undefined where it has none. */
export type ChannelsOf = (ref: string) => number | undefined;

/** One occurrence of a block. */
export interface Segment {
  readonly prefix: readonly string[];
  readonly start: number;
  readonly length: number;
  /** Steps with names and refs of their own, `in0` and `r3`; undefined where it lacks what others have. */
  readonly steps: readonly (Step | undefined)[];
  readonly inputs: readonly string[];
  readonly result: Step;
}

/** Steps of a block that some places leave out: what comes after then reads `instead`. */
export interface OptionalPart {
  readonly start: number;
  readonly end: number;
  readonly instead: string;
}

/** Places that one function stands for. */
export interface BlockGroup {
  /** The steps of a place that has all parts. */
  readonly steps: readonly Step[];
  readonly segments: readonly Segment[];
  readonly parts: readonly OptionalPart[];
}

/** An option of a block's function. */
export interface BlockParameter {
  readonly name: string;
  /** Its type in TypeScript. */
  readonly type: string;
  /** The value where a place leaves it out. */
  readonly fallback?: Literal | undefined;
}

/** A variable at the head of a block's function: `hidden = 6 * x.channels`. */
export interface Derived {
  readonly name: string;
  readonly code: string;
}

export interface Parametrised {
  /** The block's steps, with variables where places differ. */
  readonly items: readonly Item[];
  readonly parameters: readonly BlockParameter[];
  readonly derived: readonly Derived[];
  /** The options of each place. */
  readonly values: readonly Readonly<Record<string, Literal>>[];
}
