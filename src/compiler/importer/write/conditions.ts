/** When a block has its optional parts: by its stride and channels where these tell, else by a switch. */
import type { Literal } from '../network.js';
import type {
  BlockGroup,
  BlockParameter,
  Derived,
  OptionalPart,
  Parametrised,
} from './blockTypes.js';

export interface Conditions extends Pick<Parametrised, 'parameters' | 'derived' | 'values'> {
  /** The variable that each part depends on. */
  readonly names: readonly string[];
}

/** What is known of each place: the function's options, and the channels that go in. */
interface Facts extends Pick<Parametrised, 'parameters' | 'derived' | 'values'> {
  readonly channels: readonly (number | undefined)[];
}

export function conditionsOf(group: BlockGroup, facts: Facts): Conditions {
  const names: string[] = [];
  const parameters: BlockParameter[] = [];
  const derived: Derived[] = [];
  const values: Record<string, Literal>[] = group.segments.map(() => ({}));
  const taken = new Set([...facts.parameters, ...facts.derived].map(({ name }) => name));
  for (const part of group.parts) {
    const has = group.segments.map(({ steps }) => steps[part.start] !== undefined);
    const name = freeName(nameOf(group, part), taken);
    taken.add(name);
    names.push(name);
    const code = rules.find((rule) => agrees(rule, facts, has))?.code;
    if (code !== undefined) derived.push({ name, code });
    else {
      parameters.push({ name, type: 'boolean', fallback: false });
      for (const [i, present] of has.entries())
        if (present) Object.assign(values[i] ?? {}, { [name]: true });
    }
  }
  return { names, parameters, derived, values };
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  return taken.has(wanted) ? freeName(`${wanted}2`, taken) : wanted;
}

function nameOf({ steps }: BlockGroup, { start, end }: OptionalPart): string {
  const part = steps.slice(start, end);
  const calls = (pattern: RegExp): boolean => part.some(({ callee }) => pattern.test(callee));
  if (part.length === 1 && calls(/^add$/)) return 'skips';
  if (calls(/squeezeExcite/)) return 'excites';
  if (calls(/pool/i)) return 'pools';
  return start === 0 ? 'expands' : 'projects';
}

interface Rule {
  readonly code: string;
  readonly reads: readonly string[];
  readonly holds: (place: Place) => boolean;
}

interface Place {
  readonly stride: Literal;
  readonly out: Literal | undefined;
  readonly channels: number | undefined;
}

const keeps = ({ stride, out, channels }: Place): boolean => stride === 1 && out === channels;

/** The first that agrees with all places is taken. */
const rules: readonly Rule[] = [
  { code: 'stride === 1 && x.channels === out', reads: ['stride', 'out'], holds: keeps },
  {
    code: 'stride !== 1 || x.channels !== out',
    reads: ['stride', 'out'],
    holds: (place) => !keeps(place),
  },
  { code: 'x.channels === out', reads: ['out'], holds: ({ out, channels }) => out === channels },
  { code: 'x.channels !== out', reads: ['out'], holds: ({ out, channels }) => out !== channels },
  { code: 'stride === 1', reads: ['stride'], holds: ({ stride }) => stride === 1 },
  { code: 'stride !== 1', reads: ['stride'], holds: ({ stride }) => stride !== 1 },
];

function agrees({ reads, holds }: Rule, facts: Facts, has: readonly boolean[]): boolean {
  if (!reads.every((name) => facts.parameters.some((parameter) => parameter.name === name)))
    return false;
  if (reads.includes('out') && facts.channels.some((channels) => channels === undefined))
    return false;
  return has.every((present, i) => {
    const { stride = 1, out } = facts.values[i] ?? {};
    return holds({ stride, out, channels: facts.channels[i] }) === present;
  });
}
