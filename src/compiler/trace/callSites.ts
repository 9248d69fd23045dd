import type { CallSite } from '../ir/origin.js';

/** The calls of the user's source that are being evaluated, outermost first. */
const stack: CallSite[] = [];

/**
 * Notes that a call of the user's source begins; returns the depth for `leaveSite`. The loader
 * rewrites each call `f(x)` in a user's file to `leaveSite(enterSite(site), f(x))`.
 */
export function enterSite(site: CallSite): number {
  return stack.push(site) - 1;
}

/**
 * Notes that the call entered at `depth` has returned `value`, and passes it on. Calls above it
 * that ended by an exception, which the user's code caught, are forgotten with it.
 */
export function leaveSite<T>(depth: number, value: T): T {
  if (stack.length > depth) stack.length = depth;
  return value;
}

/** The innermost call in the user's source that is being evaluated; after an exception, the failing one. */
export function currentSite(): CallSite | undefined {
  return stack.at(-1);
}

/** Forgets all calls, such as those that an exception left behind. */
export function resetSites(): void {
  stack.length = 0;
}
