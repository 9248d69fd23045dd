/**
 * Blocks that are alike but for a part that some leave out, such as the convolution in a shortcut: they are
 * one function, whose part depends on a condition.
 */
import { mapRefs, type Literal } from '../network.js';
import type { BlockGroup, OptionalPart, Segment } from './blockTypes.js';
import { itemRefs, type Step } from './step.js';

const mostParts = 3;

/** Groups with those that lack a part of another's steps among its places. */
export function joinVariants(groups: readonly BlockGroup[]): readonly BlockGroup[] {
  const joined: BlockGroup[] = [];
  for (const group of groups.toSorted((a, b) => b.steps.length - a.steps.length)) {
    const at = joined.findIndex((larger) => join(larger, group) !== undefined);
    const larger = joined[at];
    const both = larger && join(larger, group);
    if (both === undefined) joined.push(group);
    else joined[at] = both;
  }
  return joined;
}

function join(larger: BlockGroup, smaller: BlockGroup): BlockGroup | undefined {
  const { steps, parts } = larger;
  const [first, other] = [larger.segments[0], smaller.segments[0]];
  if (first?.inputs.length !== other?.inputs.length || smaller.parts.length > 0) return undefined;
  if (!isRich(smaller)) return undefined;
  for (const absent of subsets(parts)) {
    const found = partToLeaveOut(larger, smaller, absent);
    if (found === undefined) continue;
    const all = found === 'none' ? parts : [...parts, found];
    if (all.length > mostParts) continue;
    const missing = found === 'none' ? absent : [...absent, found];
    const aligned = smaller.segments.map((segment) => alignedTo(steps, segment, missing));
    return { steps, segments: [...larger.segments, ...aligned], parts: all };
  }
  return undefined;
}

/** A block of a call or two is alike with too much. */
function isRich({ steps }: BlockGroup): boolean {
  return steps.length >= 3 || steps.some(({ named, callee }) => named && !/^[a-z]/.test(callee));
}

function partToLeaveOut(
  { steps, parts, segments }: BlockGroup,
  smaller: BlockGroup,
  absent: readonly OptionalPart[],
): OptionalPart | 'none' | undefined {
  const inputs = segments[0]?.inputs.length ?? 0;
  const wanted = signatureOf(smaller.steps, inputs);
  const present = parts.filter((part) => !absent.includes(part));
  const left = without(steps, absent);
  const count = left.length - smaller.steps.length;
  if (count === 0) return signatureOf(renumbered(left), inputs) === wanted ? 'none' : undefined;
  if (count < 0 || count > steps.length / 2) return undefined;
  for (let start = 0; start + count <= steps.length; start++) {
    const end = start + count;
    const overlaps = ({ start: from, end: to }: OptionalPart): boolean => from < end && start < to;
    if ([...present, ...absent].some(overlaps)) continue;
    for (const instead of readFromOutside(steps, start, end)) {
      const part = { start, end, instead };
      if (!isReplaceable(steps, part)) continue;
      const rest = without(steps, [...absent, part]);
      // A block's last result is what it returns, with or without the part.
      if (end === steps.length && rest.at(-1)?.result !== instead) continue;
      if (signatureOf(renumbered(rest), inputs) === wanted) return part;
    }
  }
  return undefined;
}

function readFromOutside(steps: readonly Step[], start: number, end: number): string[] {
  const part = steps.slice(start, end);
  const own = new Set(part.map(({ result }) => result));
  return [...new Set(part.flatMap(itemRefs).filter((ref) => !own.has(ref)))];
}

/** True if what comes after reads only the last result of a part. */
function isReplaceable(steps: readonly Step[], { start, end }: OptionalPart): boolean {
  const inner = new Set(steps.slice(start, end - 1).map(({ result }) => result));
  return !steps.slice(end).some((step) => itemRefs(step).some((ref) => inner.has(ref)));
}

/** Steps without some parts; what read a part's result reads what stands in its place. */
function without(steps: readonly Step[], parts: readonly OptionalPart[]): readonly Step[] {
  const instead = new Map(
    parts.map(({ end, instead }) => [steps[end - 1]?.result ?? '', instead] as const),
  );
  const replace = (ref: string): string => {
    const other = instead.get(ref);
    return other === undefined ? ref : replace(other);
  };
  return steps.flatMap((step, i) => {
    if (parts.some(({ start, end }) => i >= start && i < end)) return [];
    return [{ ...step, args: step.args.map((arg) => mapRefs(arg, replace)) }];
  });
}

/** Steps with refs by their place. */
function renumbered(steps: readonly Step[]): readonly Step[] {
  const names = new Map(steps.map(({ result }, i) => [result, `r${i}`]));
  const replace = (ref: string): string => names.get(ref) ?? ref;
  return steps.map((step) => ({
    ...step,
    result: replace(step.result),
    args: step.args.map((arg) => mapRefs(arg, replace)),
  }));
}

/** A place whose steps stand beside those of a place that has all parts. */
function alignedTo(
  all: readonly Step[],
  segment: Segment,
  missing: readonly OptionalPart[],
): Segment {
  const own = segment.steps.values();
  const steps = all.map((_, i) =>
    missing.some(({ start, end }) => i >= start && i < end) ? undefined : own.next().value,
  );
  return { ...segment, steps };
}

function subsets<T>(items: readonly T[]): (readonly T[])[] {
  return items.reduce<(readonly T[])[]>(
    (sets, item) => [...sets, ...sets.map((set) => [...set, item])],
    [[]],
  );
}

/** Equal for blocks that differ in numbers, switches and activations alone. */
export function signatureOf(steps: readonly Step[], inputs: number): string {
  const shapes = steps.map(({ callee, named, path, args, options }) => [
    isActivation(callee) ? 'act' : callee,
    named ? path : [],
    args.map((arg) => ('literal' in arg ? kindOf(arg.literal) : arg)),
    Object.entries(options)
      .filter(([key]) => !fillable.has(key))
      .map(([key, value]) => [key, kindOf(value)])
      .toSorted(),
  ]);
  return JSON.stringify([inputs, shapes]);
}

/** What may differ between blocks is left out: numbers and activations. */
function kindOf(value: Literal): unknown {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'object' && 'named' in value && isActivation(value.named)) return 'act';
  return Array.isArray(value) ? value.map(kindOf) : value;
}

/** Options that a block may leave out where another gives them. */
const fillable: ReadonlySet<string> = new Set(['stride', 'padding', 'dilation', 'groups', 'bias']);

const activations: ReadonlySet<string> = new Set(
  'relu relu6 silu sigmoid tanh hardSwish hardSigmoid gelu elu softplus mish'.split(' '),
);

export function isActivation(layer: string): boolean {
  return activations.has(layer);
}
