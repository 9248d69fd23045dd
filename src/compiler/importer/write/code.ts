import type { Literal } from '../network.js';

/** A piece of TypeScript that is laid out when it is known how much room there is. */
export type Code =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly callee: string; readonly args: readonly Code[] }
  | { readonly kind: 'array'; readonly items: readonly Code[]; readonly numbers: boolean }
  | { readonly kind: 'object'; readonly entries: readonly Entry[] }
  | {
      readonly kind: 'conditional';
      readonly condition: string;
      readonly then: Code;
      readonly otherwise: Code;
    };

/** Without a value, the shorthand of a variable of the same name. */
export interface Entry {
  readonly key: string;
  readonly value?: Code | undefined;
}

export const text = (text: string): Code => ({ kind: 'text', text });
export const call = (callee: string, ...args: readonly Code[]): Code => ({
  kind: 'call',
  callee,
  args,
});
export const object = (entries: readonly Entry[]): Code => ({ kind: 'object', entries });

export const conditional = (condition: string, then: Code, otherwise: Code): Code => ({
  kind: 'conditional',
  condition,
  then,
  otherwise,
});

export function array(items: readonly Code[]): Code {
  const numbers =
    items.length > 1 && items.every((item) => item.kind === 'text' && /^-?[\d.]/.test(item.text));
  return { kind: 'array', items, numbers };
}

/** The code of an option's value. */
export function literal(value: Literal): Code {
  if (typeof value === 'string') return text(quoted(value));
  if (typeof value === 'number') return text(String(value).replace('e+', 'e'));
  if (typeof value === 'boolean') return text(String(value));
  if ('named' in value) return text(value.named);
  if ('group' in value) return object(entriesOf(value.group));
  return array(value.map(literal));
}

/** Entries of an object; a variable of the key's name is written once. */
export function entriesOf(options: Readonly<Record<string, Literal>>): Entry[] {
  return Object.entries(options).map(([key, value]) =>
    typeof value === 'object' && 'named' in value && value.named === key
      ? { key }
      : { key, value: literal(value) },
  );
}

/** Text in single quotes, or in double ones where it holds single ones alone, as prettier has it. */
export function quoted(value: string): string {
  const json = JSON.stringify(value);
  if (value.includes("'") && !value.includes('"')) return json;
  return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

export const width = 100;
const step = '  ';

/** A key as an object has it: in quotes only where it must. */
export function key(name: string): string {
  if (name.startsWith('...')) return name;
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

/** Code in one line. */
export function flat(code: Code): string {
  switch (code.kind) {
    case 'text':
      return code.text;
    case 'call':
      return `${code.callee}(${code.args.map(flat).join(', ')})`;
    case 'array':
      return `[${code.items.map(flat).join(', ')}]`;
    case 'conditional':
      return `${code.condition} ? ${flat(code.then)} : ${flat(code.otherwise)}`;
    case 'object':
      return code.entries.length === 0 ? '{}' : `{ ${code.entries.map(flatEntry).join(', ')} }`;
  }
}

function flatEntry({ key: name, value }: Entry): string {
  return value === undefined ? key(name) : `${key(name)}: ${flat(value)}`;
}

/**
 * Code as prettier lays it out with 100 columns. `before` and `after` are what stands on its first and last
 * line beside it, the indentation aside.
 */
export function laidOut(code: Code, indent: string, before = '', after = ''): string {
  const line = flat(code);
  const fits = indent.length + before.length + line.length + after.length <= width;
  if (fits && !mustBreak(code)) return line;
  switch (code.kind) {
    case 'text':
    case 'conditional':
      return line;
    case 'call':
      return brokenCall(code, indent, before);
    case 'array':
      return code.numbers
        ? filled(code.items.map(flat), indent)
        : brokenList('[', code.items, ']', indent);
    case 'object':
      return brokenObject(code.entries, indent);
  }
}

/** Prettier gives each of several objects or lists in an array a line of its own. */
function mustBreak(code: Code): boolean {
  switch (code.kind) {
    case 'text':
    case 'conditional':
      return false;
    case 'call':
      return code.args.some(mustBreak);
    case 'object':
      return code.entries.some(({ value }) => value !== undefined && mustBreak(value));
    case 'array': {
      const [first] = code.items;
      const rich = (item: Code): boolean =>
        item.kind === first?.kind &&
        ((item.kind === 'object' && item.entries.length > 1) ||
          (item.kind === 'array' && item.items.length > 1));
      return (code.items.length > 1 && code.items.every(rich)) || code.items.some(mustBreak);
    }
  }
}

function brokenCall(
  { callee, args }: Extract<Code, { kind: 'call' }>,
  indent: string,
  before: string,
): string {
  const last = args.at(-1);
  const others = args.slice(0, -1);
  const open = `${callee}(${others.map((arg) => `${flat(arg)}, `).join('')}`;
  const huggable =
    last !== undefined &&
    (last.kind === 'object' || (last.kind === 'array' && !(args.length > 1 && last.numbers))) &&
    args.at(-2)?.kind !== last.kind &&
    !others.some(mustBreak) &&
    indent.length + before.length + open.length + 1 <= width;
  if (huggable)
    return `${open}${last.kind === 'object' ? brokenObject(last.entries, indent) : brokenArray(last, indent)})`;
  return brokenList(`${callee}(`, args, ')', indent);
}

function brokenArray(code: Extract<Code, { kind: 'array' }>, indent: string): string {
  return code.numbers
    ? filled(code.items.map(flat), indent)
    : brokenList('[', code.items, ']', indent);
}

function brokenList(open: string, items: readonly Code[], close: string, indent: string): string {
  const inner = indent + step;
  const lines = items.map((item) => `${inner}${laidOut(item, inner, '', ',')},`);
  return [open, ...lines, `${indent}${close}`].join('\n');
}

function brokenObject(entries: readonly Entry[], indent: string): string {
  const inner = indent + step;
  const lines = entries.map(({ key: name, value }) => {
    if (value === undefined) return `${inner}${key(name)},`;
    const before = `${key(name)}: `;
    return `${inner}${before}${laidOut(value, inner, before, ',')},`;
  });
  return ['{', ...lines, `${indent}}`].join('\n');
}

/** Numbers, as many to a line as it holds. */
function filled(items: readonly string[], indent: string): string {
  const inner = indent + step;
  const lines: string[] = [];
  for (const item of items) {
    const line = lines.at(-1);
    if (line !== undefined && inner.length + line.length + item.length + 2 <= width)
      lines[lines.length - 1] = `${line} ${item},`;
    else lines.push(`${item},`);
  }
  return ['[', ...lines.map((line) => inner + line), `${indent}]`].join('\n');
}
