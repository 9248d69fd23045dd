import type { Shape } from '../../../support/shape.js';
import type { Argument, LayerCall, Literal } from '../network.js';

/** A call as it is written: of a layer, or of a function of the file that stands for several. */
export interface Step {
  readonly callee: string;
  readonly args: readonly Argument[];
  /** Options other than the name. */
  readonly options: Readonly<Record<string, Literal>>;
  /** Parts of its name within the function that it stands in; of a call without a name, of its module. */
  readonly path: readonly string[];
  readonly named: boolean;
  readonly result: string;
  readonly shape?: Shape | undefined;
}

/** The same block several times on end, as a loop. */
export interface Loop {
  readonly kind: 'loop';
  /** What follows `for`, in parentheses. */
  readonly head: string;
  readonly callee: string;
  /** The call's second argument: an object's entries, or text. */
  readonly options: readonly LoopOption[];
  /** What goes into the first, and what comes out of the last. */
  readonly input: string;
  readonly result: string;
}

/** An entry of the options in a loop: `name: <text>`, or all of a variable, `...settings`. */
export type LoopOption =
  { readonly spread: string } | { readonly key: string; readonly value: Literal };

/** Steps that are left out unless a condition holds. */
export interface Branch {
  readonly kind: 'branch';
  /** A variable. */
  readonly condition: string;
  readonly steps: readonly Step[];
  /** What its result is where they are left out. */
  readonly instead: string;
  readonly result: string;
}

export type Item = Step | Loop | Branch;

export function stepOf(call: LayerCall): Step {
  const { layer: callee, args, options, path, result, shape } = call;
  const named = call.weights.length > 0 || call.anew === true;
  return { callee, args, options, path, named, result, shape };
}

/** The refs that an item reads. */
export function itemRefs(item: Item): string[] {
  if ('kind' in item) {
    if (item.kind === 'loop') return [item.input];
    const own = new Set(item.steps.map(({ result }) => result));
    return [...item.steps.flatMap(itemRefs).filter((ref) => !own.has(ref)), item.instead];
  }
  return item.args.flatMap((arg) => ('ref' in arg ? [arg.ref] : 'refs' in arg ? arg.refs : []));
}
