import { literalEquals } from '../literals.js';
import type { Literal } from '../network.js';
import { itemRefs, type Item, type LoopOption, type Step } from './step.js';

/** An array of settings that a loop goes through. */
export interface Table {
  readonly name: string;
  readonly rows: readonly Readonly<Record<string, Literal>>[];
}

export interface Looped {
  readonly items: readonly Item[];
  readonly tables: readonly Table[];
}

const fewest = 3;

/** The same block on end, each on the result of the one before, becomes a loop. */
export function withLoops(
  steps: readonly Step[],
  output: string,
  blocks: ReadonlySet<string>,
  reserved: ReadonlySet<string>,
): Looped {
  const items: Item[] = [];
  const tables: Table[] = [];
  const taken = new Set(reserved);
  for (let i = 0; i < steps.length;) {
    const chain = chainAt(steps, i, output, blocks);
    if (chain.length >= fewest) {
      const table = loopOver(chain, items, taken);
      if (table !== undefined) tables.push(table);
      i += chain.length;
      continue;
    }
    const step = steps[i++];
    if (step !== undefined) items.push(step);
  }
  return { items, tables };
}

function chainAt(
  steps: readonly Step[],
  start: number,
  output: string,
  blocks: ReadonlySet<string>,
): Step[] {
  const chain: Step[] = [];
  for (const step of steps.slice(start)) {
    const [arg, ...others] = step.args;
    const before = chain.at(-1);
    const fits =
      blocks.has(step.callee) &&
      arg !== undefined &&
      'ref' in arg &&
      others.length === 0 &&
      (before === undefined ||
        (step.callee === before.callee &&
          arg.ref === before.result &&
          before.result !== output &&
          readersOf(steps, before.result) === 1));
    if (!fits) break;
    chain.push(step);
  }
  return chain;
}

function readersOf(steps: readonly Step[], ref: string): number {
  return steps.flatMap(itemRefs).filter((read) => read === ref).length;
}

/** Adds the loop to `items`; returns the table that it needs. */
function loopOver(chain: readonly Step[], items: Item[], taken: Set<string>): Table | undefined {
  const [first] = chain;
  const [arg] = first?.args ?? [];
  if (first === undefined || arg === undefined || !('ref' in arg)) return undefined;
  const keys = [...new Set(chain.flatMap(({ options }) => Object.keys(options)))];
  const isShared = (key: string): boolean =>
    chain.every(({ options }) => literalEquals(options[key], first.options[key]));
  const varying = keys.filter((key) => !isShared(key));
  const shared = keys.filter(isShared).map((key) => ({ key, value: first.options[key] ?? 0 }));
  const names = chain.map(({ path }) => path.join('.'));
  const loop = (head: string, options: readonly LoopOption[]): void => {
    const result = chain.at(-1)?.result ?? '';
    items.push({ kind: 'loop', head, callee: first.callee, options, input: arg.ref, result });
  };
  const counted = countedNames(names);
  if (varying.length === 0 && counted !== undefined) {
    const name = { key: 'name', value: { named: `\`${counted.stem}\${i}\`` } };
    const { from } = counted;
    loop(`let i = ${from}; i < ${from + chain.length}; i++`, [name, ...shared]);
    return undefined;
  }
  const stem = plural(first.callee);
  const name = taken.has(stem) ? `${stem}${taken.size}` : stem;
  taken.add(name);
  const rows = chain.map(({ options }, i) => {
    const own = varying.flatMap((key) => {
      const value = options[key];
      return value === undefined ? [] : [[key, value] as const];
    });
    return { name: names[i] ?? '', ...Object.fromEntries(own) };
  });
  loop(`const settings of ${name}`, [{ spread: 'settings' }, ...shared]);
  return { name, rows };
}

function plural(callee: string): string {
  return `${callee}s`;
}

/** Names that differ in a number alone, counted up. */
function countedNames(
  names: readonly string[],
): { readonly stem: string; readonly from: number } | undefined {
  const [first = ''] = names;
  const [, stem, start] = /^(.*?)(\d+)$/.exec(first) ?? [];
  if (stem === undefined || start === undefined) return undefined;
  const from = Number(start);
  return names.every((name, i) => name === `${stem}${from + i}`) ? { stem, from } : undefined;
}
