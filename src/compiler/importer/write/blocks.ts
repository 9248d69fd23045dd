/** Repeated blocks: the calls of one module that occur several times become a function of the file. */
import { invariant } from '../../../support/errors.js';
import { mapRefs } from '../network.js';
import { blockName } from './blockNames.js';
import type { BlockGroup, BlockParameter, ChannelsOf, Derived, Segment } from './blockTypes.js';
import { parametrised } from './parameters.js';
import { itemRefs, type Item, type Step } from './step.js';
import { joinVariants, signatureOf } from './variants.js';

/** A function of the file that stands for the calls of a block. */
export interface BlockFunction {
  readonly name: string;
  readonly items: readonly Item[];
  /** Refs of what it gets. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly parameters: readonly BlockParameter[];
  readonly derived: readonly Derived[];
  /** Full names of the places where it is called. */
  readonly places: readonly string[];
}

export interface Outlined {
  readonly steps: readonly Step[];
  /** Each after those that it calls. */
  readonly functions: readonly BlockFunction[];
}

/** Makes functions of repeated blocks, the innermost first. */
export function outline(
  steps: readonly Step[],
  output: string,
  channelsOf: ChannelsOf,
  reserved: ReadonlySet<string>,
): Outlined {
  const functions: BlockFunction[] = [];
  const taken = new Set(reserved);
  const deepest = Math.max(0, ...steps.map(({ path }) => path.length));
  let current = steps;
  for (let depth = deepest; depth >= 1; depth--) {
    const blocks = new Set(['mbConv', ...functions.map(({ name }) => name)]);
    const replaced = new Map<number, { readonly length: number; readonly step: Step }>();
    for (const group of groupsAt(current, depth, output)) {
      if (!isWorthwhile(group, blocks) || isAlmostParent(current, group)) continue;
      const { fn, calls } = functionOf(group, channelsOf, taken);
      taken.add(fn.name);
      functions.push(fn);
      for (const [i, { start, length }] of group.segments.entries()) {
        const step = calls[i];
        invariant(step, 'each block becomes a call');
        replaced.set(start, { length, step });
      }
    }
    current = withReplaced(current, replaced);
  }
  return { steps: current, functions };
}

function groupsAt(steps: readonly Step[], depth: number, output: string): readonly BlockGroup[] {
  const groups = new Map<string, BlockGroup>();
  for (const segment of segmentsAt(steps, depth, output)) {
    const own = segment.steps.filter((step) => step !== undefined);
    const signature = signatureOf(own, segment.inputs.length);
    const group = groups.get(signature);
    const segments = [...(group?.segments ?? []), segment];
    groups.set(signature, { steps: own, segments, parts: [] });
  }
  return joinVariants([...groups.values()]);
}

/** A function of more values is harder to read than its calls. */
const mostInputs = 3;

/** A function costs some lines; one that only calls others on end would hide where they are. */
function isWorthwhile({ steps, segments }: BlockGroup, blocks: ReadonlySet<string>): boolean {
  const times = segments.length;
  if (segments.some(({ inputs }) => inputs.length > mostInputs)) return false;
  if (steps.length < 2 || times < 2 || steps.every(({ callee }) => blocks.has(callee)))
    return false;
  return steps.length >= 3 || times * steps.length >= 12;
}

/** True if the modules around all occurrences have only calls without a name beside them. */
function isAlmostParent(steps: readonly Step[], { segments }: BlockGroup): boolean {
  return segments.every(({ prefix, length }) => {
    const outer = prefix.slice(0, -1);
    if (outer.length === 0) return false;
    const around = steps.filter(({ path, named }) => isWithin(path, outer, named));
    const others = around.filter(({ path, named }) => !isWithin(path, prefix, named));
    return around.length - length === others.length && others.every(({ named }) => !named);
  });
}

/** True if a call with this path lies in a module. */
function isWithin(path: readonly string[], module: readonly string[], named: boolean): boolean {
  return (
    path.length >= module.length + (named ? 1 : 0) && module.every((part, i) => path[i] === part)
  );
}

function withReplaced(
  steps: readonly Step[],
  replaced: ReadonlyMap<number, { readonly length: number; readonly step: Step }>,
): readonly Step[] {
  const all: Step[] = [];
  for (let i = 0; i < steps.length; i++) {
    const block = replaced.get(i);
    const step = block?.step ?? steps[i];
    if (step !== undefined) all.push(step);
    if (block !== undefined) i += block.length - 1;
  }
  return all;
}

/** The runs of calls that lie in one module `depth` deep, if they are one piece with one result. */
function segmentsAt(steps: readonly Step[], depth: number, output: string): Segment[] {
  const places = new Map<string, number[]>();
  for (const [i, { path, named }] of steps.entries()) {
    if (path.length < depth + (named ? 1 : 0)) continue;
    const prefix = path.slice(0, depth).join('.');
    places.set(prefix, [...(places.get(prefix) ?? []), i]);
  }
  const readers = new Map<string, number[]>();
  for (const [i, step] of steps.entries())
    for (const ref of itemRefs(step)) readers.set(ref, [...(readers.get(ref) ?? []), i]);
  return [...places.values()].flatMap((indices) => {
    const [start = 0, end = 0] = [indices[0], indices.at(-1)];
    const run = steps.slice(start, end + 1);
    if (run.length !== indices.length || !run.some(({ named }) => named)) return [];
    const outer = (ref: string): boolean =>
      ref === output || (readers.get(ref) ?? []).some((at) => at < start || at > end);
    const results = run.filter(({ result }) => outer(result));
    const [result] = results;
    if (result === undefined || results.length > 1 || result !== run.at(-1)) return [];
    return [segment(run, start, depth, result)];
  });
}

function segment(run: readonly Step[], start: number, depth: number, result: Step): Segment {
  const own = new Map(run.map((step, i) => [step.result, `r${i}`]));
  const inputs: string[] = [];
  const local = (ref: string): string => {
    const known = own.get(ref);
    if (known !== undefined) return known;
    if (!inputs.includes(ref)) inputs.push(ref);
    return `in${inputs.indexOf(ref)}`;
  };
  const steps = run.map((step) => ({
    ...step,
    path: step.path.slice(depth),
    args: step.args.map((arg) => mapRefs(arg, local)),
    result: local(step.result),
  }));
  const length = run.length;
  return { prefix: result.path.slice(0, depth), start, length, steps, inputs, result };
}

function functionOf(
  group: BlockGroup,
  channelsOf: ChannelsOf,
  taken: ReadonlySet<string>,
): { readonly fn: BlockFunction; readonly calls: readonly Step[] } {
  const { segments, steps } = group;
  const [first] = segments;
  invariant(first, 'a block occurs');
  const { items, parameters, derived, values } = parametrised(group, channelsOf);
  const name = blockName(steps, taken);
  const fn = {
    name,
    items,
    inputs: first.inputs.map((_, i) => `in${i}`),
    output: steps.at(-1)?.result ?? '',
    parameters,
    derived,
    places: segments.toSorted((a, b) => a.start - b.start).map(({ prefix }) => prefix.join('.')),
  };
  const calls = segments.map(({ prefix, inputs, result }, i) => {
    const [input = ''] = inputs;
    return {
      callee: name,
      args: [inputs.length === 1 ? { ref: input } : { refs: inputs }],
      options: values[i] ?? {},
      path: prefix,
      named: true,
      result: result.result,
      shape: result.shape,
    };
  });
  return { fn, calls };
}
