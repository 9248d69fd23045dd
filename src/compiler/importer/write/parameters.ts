/** What differs between the places of a block becomes options of its function. */
import { invariant } from '../../../support/errors.js';
import { literalEquals } from '../literals.js';
import type { Literal } from '../network.js';
import type {
  BlockGroup,
  BlockParameter,
  ChannelsOf,
  Derived,
  Parametrised,
} from './blockTypes.js';
import { conditionsOf } from './conditions.js';
import type { Item, Step } from './step.js';
import { isActivation } from './variants.js';

/** What an option is where it is left out. */
const defaults: Readonly<Record<string, Literal>> = {
  stride: 1,
  padding: 0,
  dilation: 1,
  groups: 1,
  bias: true,
};

/** Order of a function's options; others come after. */
const order = ['out', 'hidden', 'kernel', 'stride', 'padding', 'dilation', 'groups'];

/** A value of a step that differs between places: an option, an argument or the layer itself. */
interface Slot {
  readonly step: number;
  readonly key: string;
  /** Undefined at places without the step. */
  readonly values: readonly (Literal | undefined)[];
}

/** Slots that have the same values wherever they have some. */
interface Variable {
  readonly key: string;
  readonly slots: Slot[];
  readonly values: (Literal | undefined)[];
}

export function parametrised(group: BlockGroup, channelsOf: ChannelsOf): Parametrised {
  const { segments } = group;
  const steps = group.steps.map((step, i) => withSteadyPadding(step, group, i));
  const slots = steps.flatMap((_, i) => slotsOf({ ...group, steps }, i));
  const variables = variablesOf(slots);
  // Of several inputs none is called x.
  const channels = segments.map(({ inputs: [input, ...others] }) =>
    input === undefined || others.length > 0 ? undefined : channelsOf(input),
  );
  const names = namesOf(variables);
  const parameters: BlockParameter[] = [];
  const derived: Derived[] = [];
  const values: Record<string, Literal>[] = segments.map(() => ({}));
  for (const variable of variables.toSorted((a, b) => rank(names, a) - rank(names, b))) {
    const name = names.get(variable) ?? variable.key;
    const known = variable.values.filter((value) => value !== undefined);
    const factor = variable.key === 'out' ? factorOf(variable.values, channels) : undefined;
    if (factor !== undefined) {
      derived.push({ name, code: factor === 1 ? 'x.channels' : `${factor} * x.channels` });
      continue;
    }
    const usual = defaults[variable.key];
    const fallback = known.some((value) => literalEquals(value, usual)) ? usual : undefined;
    parameters.push({ name, type: typeOf(variable.key, known), fallback });
    for (const [i, value = fallback ?? known[0]] of variable.values.entries())
      if (value !== undefined && !literalEquals(value, fallback))
        Object.assign(values[i] ?? {}, { [name]: value });
  }
  const conditions = conditionsOf(group, { parameters, derived, values, channels });
  return {
    items: withBranches(withVariables(steps, variables, names), group, conditions.names),
    parameters: [...parameters, ...conditions.parameters],
    derived: [...derived, ...conditions.derived],
    values: values.map((own, i) => ({ ...own, ...conditions.values[i] })),
  };
}

/** Padding that follows a kernel which differs between places is written as what it is. */
function withSteadyPadding(step: Step, { segments }: BlockGroup, index: number): Step {
  const at = segments.flatMap(({ steps }) => steps[index] ?? []);
  const differs = at.some(
    ({ options }) => !literalEquals(options['padding'], step.options['padding']),
  );
  if (!differs || !at.every(({ options }) => isSymmetric(options))) return step;
  return { ...step, options: { ...step.options, padding: 'symmetric' } };
}

function isSymmetric(options: Step['options']): boolean {
  const { kernel, stride = 1, dilation = 1, padding = 0 } = options;
  const numbers = [kernel, stride, dilation].map((value) =>
    typeof value === 'number' ? value : NaN,
  );
  const [size = NaN, step = NaN, spread = NaN] = numbers;
  return padding === Math.floor((spread * (size - 1) + step - 1) / 2);
}

function slotsOf({ segments, steps }: BlockGroup, index: number): Slot[] {
  const at = segments.map((segment) => segment.steps[index]);
  const pick = (value: (step: Step) => Literal | undefined): (Literal | undefined)[] =>
    at.map((step) => (step === undefined ? undefined : value(step)));
  const keys = new Set(at.flatMap((step) => Object.keys(step?.options ?? {})));
  const steady = steps[index]?.options['padding'] === 'symmetric';
  const options = [...keys]
    .filter((key) => key !== 'padding' || !steady)
    .map((key) => ({ key, values: pick(({ options }) => options[key] ?? defaults[key]) }));
  const args = (steps[index]?.args ?? []).map((_, i) => ({
    key: `${i}`,
    values: pick(({ args }) => {
      const arg = args[i];
      return arg !== undefined && 'literal' in arg ? arg.literal : undefined;
    }),
  }));
  const act = isActivation(steps[index]?.callee ?? '')
    ? [{ key: 'act', values: pick(({ callee }) => ({ named: callee })) }]
    : [];
  return [...act, ...options, ...args]
    .filter(({ values }) => values.some((value) => value !== undefined))
    .map(({ key, values }) => ({ step: index, key, values }));
}

/**
 * Slots whose values differ, those with equal values together. A slot of a step that some places lack
 * joins others that agree with it where it is there.
 */
function variablesOf(slots: readonly Slot[]): Variable[] {
  const variables: Variable[] = [];
  const isWhole = ({ values }: Slot): boolean => values.every((value) => value !== undefined);
  for (const slot of [...slots.filter(isWhole), ...slots.filter((slot) => !isWhole(slot))]) {
    const key = keyName(slot.key);
    const agrees = variables.find(
      (variable) =>
        variable.key === key &&
        slot.values.every(
          (value, i) => value === undefined || literalEquals(value, variable.values[i]),
        ),
    );
    if (agrees !== undefined) agrees.slots.push(slot);
    else if (differ(slot.values)) variables.push({ key, slots: [slot], values: [...slot.values] });
  }
  return variables;
}

function differ(values: readonly (Literal | undefined)[]): boolean {
  const known = values.filter((value) => value !== undefined);
  return known.some((value) => !literalEquals(value, known[0]));
}

function keyName(key: string): string {
  return /^\d+$/.test(key) ? 'value' : key;
}

/** `out` for the last such option of the block, `hidden` for another. */
function namesOf(variables: readonly Variable[]): ReadonlyMap<Variable, string> {
  const names = new Map<Variable, string>();
  const last = ({ slots }: Variable): number => Math.max(...slots.map(({ step }) => step));
  for (const key of new Set(variables.map((variable) => variable.key))) {
    const same = variables.filter((variable) => variable.key === key);
    const final = same.toSorted((a, b) => last(b) - last(a))[0];
    const others = same.filter((variable) => variable !== final);
    const stem = key === 'out' ? 'hidden' : key;
    if (final !== undefined) names.set(final, key);
    for (const [i, variable] of others.entries())
      names.set(variable, others.length === 1 && stem !== key ? stem : `${stem}${i + 1}`);
  }
  return names;
}

function rank(names: ReadonlyMap<Variable, string>, variable: Variable): number {
  const at = order.indexOf((names.get(variable) ?? '').replace(/\d+$/, ''));
  return at === -1 ? order.length : at;
}

/** The whole number that all values are times the input's channels, if there is one. */
function factorOf(
  values: readonly (Literal | undefined)[],
  channels: readonly (number | undefined)[],
): number | undefined {
  const factors = values.flatMap((value, i) =>
    value === undefined ? [] : [Number(value) / (channels[i] ?? NaN)],
  );
  const [first = NaN] = factors;
  return Number.isInteger(first) && factors.every((factor) => factor === first) ? first : undefined;
}

const types: Readonly<Record<string, string>> = {
  kernel: 'Pair',
  stride: 'Pair',
  dilation: 'Pair',
  padding: 'Padding',
  act: 'Activation',
  gate: 'Activation',
};

/** The type of an option that has these values. */
function typeOf(key: string, values: readonly Literal[]): string {
  if (values.every((value) => typeof value === 'number')) return 'number';
  if (values.every((value) => typeof value === 'boolean')) return 'boolean';
  const known = types[key];
  if (known !== undefined) return known;
  if (values.every((value) => Array.isArray(value))) return 'readonly number[]';
  return 'string';
}

function withVariables(
  steps: readonly Step[],
  variables: readonly Variable[],
  names: ReadonlyMap<Variable, string>,
): readonly Step[] {
  return steps.map((step, i) => {
    const options = { ...step.options };
    const args = [...step.args];
    let { callee } = step;
    for (const variable of variables)
      for (const { key } of variable.slots.filter((slot) => slot.step === i)) {
        const named = names.get(variable) ?? '';
        if (/^\d+$/.test(key)) args[Number(key)] = { literal: { named } };
        else if (key === 'act' && isActivation(callee)) callee = named;
        else options[key] = { named };
      }
    return { ...step, callee, options, args };
  });
}

/** Steps with those of each optional part as a branch. */
function withBranches(
  steps: readonly Step[],
  { parts }: BlockGroup,
  conditions: readonly string[],
): readonly Item[] {
  return steps.flatMap((step, i): Item[] => {
    const at = parts.findIndex(({ start, end }) => i >= start && i < end);
    const part = parts[at];
    if (part === undefined) return [step];
    if (i !== part.start) return [];
    const own = steps.slice(part.start, part.end);
    const result = own.at(-1)?.result;
    invariant(result !== undefined, 'a part has steps');
    const condition = conditions[at] ?? '';
    return [{ kind: 'branch', condition, steps: own, instead: part.instead, result }];
  });
}
