import { invariant } from '../../../support/errors.js';
import type { Argument } from '../network.js';
import {
  array,
  call,
  conditional,
  entriesOf,
  flat,
  laidOut,
  literal,
  object,
  text,
  width,
  type Code,
  type Entry,
} from './code.js';
import { itemRefs, type Branch, type Item, type Loop, type Step } from './step.js';

/** The body of a function: what it gets, what it does and what it returns. */
export interface Body {
  readonly items: readonly Item[];
  /** Variables that hold a value from the start, by ref. */
  readonly inputs: ReadonlyMap<string, string>;
  /** The ref that is returned. */
  readonly output: string;
  /** Variable that gets the output, which is then not returned. */
  readonly target?: string;
  /** Refs whose variables stay as they are. */
  readonly kept?: ReadonlySet<string>;
}

/** Lines of a body with their indentation; calls are put into one another where that is easy to read. */
export function bodyLines(body: Body, indent: string): string[] {
  return linesOf(new Writing(body, indent).statements(), body, indent);
}

function linesOf(statements: readonly Statement[], body: Body, indent: string): string[] {
  const assigned = new Map<string, number>();
  for (const { target } of statements)
    if (target !== undefined) assigned.set(target, (assigned.get(target) ?? 0) + 1);
  const outer = body.target === undefined ? [] : [body.target];
  const declared = new Set([...body.inputs.values(), ...outer]);
  return statements.flatMap(({ target, code, loop, branch }) => {
    if (loop !== undefined) return loopLines(loop, code, target ?? '', indent);
    if (branch !== undefined) return branchLines(branch, indent);
    if (target === undefined) return [`${indent}return ${laidOut(code, indent, 'return ', ';')};`];
    const first = !declared.has(target);
    declared.add(target);
    const keyword = !first ? '' : assigned.get(target) === 1 ? 'const ' : 'let ';
    const before = `${keyword}${target} = `;
    return [`${indent}${before}${laidOut(code, indent, before, ';')};`];
  });
}

function loopLines({ head }: Loop, code: Code, target: string, indent: string): string[] {
  const [start, line] = [`${indent}for (${head})`, `${target} = ${flat(code)};`];
  if (start.length + 1 + line.length <= width) return [`${start} ${line}`];
  const inner = `${indent}  `;
  return [start, `${inner}${target} = ${laidOut(code, inner, `${target} = `, ';')};`];
}

function branchLines({ condition, body }: Conditional, indent: string): string[] {
  const start = `${indent}if (${condition})`;
  const inner = bodyLines(body, `${indent}  `);
  const [only = ''] = inner;
  const line = `${start} ${only.trimStart()}`;
  if (inner.length === 1 && line.length <= width) return [line];
  return [`${start} {`, ...inner, `${indent}}`];
}

/** Statements that run if a variable is true. */
interface Conditional {
  readonly condition: string;
  readonly body: Body;
}

interface Statement {
  /** The variable; undefined for what is returned. */
  readonly target: string | undefined;
  readonly code: Code;
  readonly loop?: Loop;
  readonly branch?: Conditional;
}

/** A call that may still go into the next one. */
interface Held {
  readonly ref: string;
  readonly code: Code;
  readonly index: number;
  readonly hasOptions: boolean;
}

/** Calls inside one another are at most so many. */
const deepest = 3;
const longestStart = 'const y = '.length;
const freeNames = ['y', 'z', 'w', 'v', 'u', 't', 's', 'r'];

class Writing {
  private readonly uses = new Map<string, number>();
  private readonly lastUse = new Map<string, number>();
  /** The ref that each variable holds. */
  private readonly holds = new Map<string, string>();
  private readonly made: Statement[] = [];

  constructor(
    private readonly body: Body,
    private readonly indent: string,
  ) {
    for (const [i, item] of body.items.entries())
      for (const ref of itemRefs(item)) this.use(ref, i);
    this.use(body.output, body.items.length);
    for (const [ref, variable] of body.inputs) this.holds.set(variable, ref);
  }

  private use(ref: string, at: number): void {
    this.uses.set(ref, (this.uses.get(ref) ?? 0) + 1);
    this.lastUse.set(ref, at);
  }

  statements(): readonly Statement[] {
    const { items, output } = this.body;
    let held: Held | undefined;
    for (const [index, item] of items.entries()) {
      if ('kind' in item) {
        if (held !== undefined) this.assign(held);
        held = item.kind === 'branch' ? this.branch(item, index) : undefined;
        if (item.kind === 'loop') this.loop(item, index);
        continue;
      }
      if (held !== undefined && !this.fitsInto(held, item)) {
        this.assign(held);
        held = undefined;
      }
      const code = this.codeOf(item, held);
      const hasOptions = takesOptions(item) || held?.hasOptions === true;
      held = { ref: item.result, code, index, hasOptions };
    }
    if (held !== undefined && held.ref !== output) {
      this.assign(held);
      held = undefined;
    }
    const { target } = this.body;
    const code = held?.code ?? text(this.variableOf(output));
    if (target === undefined || held !== undefined || flat(code) !== target)
      this.made.push({ target, code });
    return this.made;
  }

  /** True if a call reads well inside another: one line, and options in one of them alone. */
  private fitsInto(held: Held, step: Step): boolean {
    if (this.uses.get(held.ref) !== 1 || !itemRefs(step).includes(held.ref)) return false;
    if (step.args.some((arg) => isOption(arg) && arg.ref === held.ref)) return false;
    if (held.hasOptions && takesOptions(step)) return false;
    const code = this.codeOf(step, held);
    if (depthOf(code) > deepest) return false;
    return this.indent.length + longestStart + flat(code).length + 1 <= width;
  }

  private codeOf(step: Step, held: Held | undefined): Code {
    const refCode = (ref: string): Code =>
      ref === held?.ref ? held.code : text(this.variableOf(ref));
    const argCode = (arg: Argument): Code => {
      if ('ref' in arg) return refCode(arg.ref);
      return 'refs' in arg ? array(arg.refs.map(refCode)) : literal(arg.literal);
    };
    const values = step.args.filter(isOption).map((arg) => ({
      key: arg.option,
      value: refCode(arg.ref),
    }));
    const options = [...optionsOf(step), ...values];
    const given = options.length === 0 ? [] : [object(options)];
    const args = step.args.filter((arg) => !isOption(arg));
    return call(step.callee, ...args.map(argCode), ...given);
  }

  private variableOf(ref: string): string {
    for (const [variable, held] of this.holds) if (held === ref) return variable;
    invariant(false, `a variable holds ${ref}`);
  }

  private assign({ ref, code, index }: Held): void {
    const target = this.freeVariable(code, index);
    this.made.push({ target, code });
    this.holds.set(target, ref);
  }

  /** A part that depends on a condition: as an expression if it is one call, else in an `if`. */
  private branch({ condition, steps, instead, result }: Branch, index: number): Held | undefined {
    const [only] = steps;
    if (steps.length === 1 && only !== undefined) {
      const code = conditional(
        condition,
        this.codeOf(only, undefined),
        text(this.variableOf(instead)),
      );
      if (this.indent.length + longestStart + flat(code).length + 1 <= width)
        return { ref: result, code, index, hasOptions: true };
    }
    let target = this.variableOf(instead);
    if (this.isReadAfter(instead, index)) {
      const copy = this.newVariable();
      this.made.push({ target: copy, code: text(target) });
      target = copy;
    }
    const inputs = new Map([...this.holds].map(([variable, ref]) => [ref, variable]));
    const kept = new Set([...this.holds.values()].filter((ref) => this.isReadAfter(ref, index)));
    const body = { items: steps, inputs, output: result, target, kept };
    this.made.push({ target, code: text(target), branch: { condition, body } });
    this.holds.set(target, result);
    return undefined;
  }

  private isReadAfter(ref: string, index: number): boolean {
    return (this.lastUse.get(ref) ?? -1) > index || this.body.kept?.has(ref) === true;
  }

  private loop(loop: Loop, index: number): void {
    let target = this.variableOf(loop.input);
    if (this.isReadAfter(loop.input, index)) {
      const copy = this.newVariable();
      this.made.push({ target: copy, code: text(target) });
      target = copy;
    }
    const options = loopOptions(loop);
    const code = call(loop.callee, text(target), ...(options === undefined ? [] : [options]));
    this.made.push({ target, code, loop });
    this.holds.set(target, loop.result);
  }

  /** A variable whose value nothing reads any more, of those in a statement; else a new one. */
  private freeVariable(code: Code, index: number): string {
    const isDead = (variable: string): boolean =>
      !this.isReadAfter(this.holds.get(variable) ?? '', index);
    return (
      variablesIn(code).find((name) => this.holds.has(name) && isDead(name)) ?? this.newVariable()
    );
  }

  private newVariable(): string {
    const free = freeNames.find((name) => !this.holds.has(name));
    return free ?? `y${this.holds.size}`;
  }
}

/** True for the result of a call that is written as an option. */
function isOption(arg: Argument): arg is { readonly ref: string; readonly option: string } {
  return 'ref' in arg && arg.option !== undefined;
}

function takesOptions(step: Step): boolean {
  return optionsOf(step).length > 0 || step.args.some(isOption);
}

function optionsOf({ named, path, options }: Step): Entry[] {
  const name = named ? [{ key: 'name', value: literal(path.join('.')) }] : [];
  return [...name, ...entriesOf(options)];
}

/** All of one variable's options as that variable; else an object. */
function loopOptions({ options }: Loop): Code | undefined {
  const [first] = options;
  if (first !== undefined && 'spread' in first && options.length === 1) return text(first.spread);
  if (options.length === 0) return undefined;
  return object(
    options.flatMap((option) =>
      'spread' in option
        ? [{ key: `...${option.spread}` }]
        : entriesOf({ [option.key]: option.value }),
    ),
  );
}

function depthOf(code: Code): number {
  if (code.kind === 'array') return Math.max(0, ...code.items.map(depthOf));
  return code.kind === 'call' ? 1 + Math.max(0, ...code.args.map(depthOf)) : 0;
}

function variablesIn(code: Code): string[] {
  switch (code.kind) {
    case 'text':
      return [code.text];
    case 'call':
      return code.args.flatMap(variablesIn);
    case 'array':
      return code.items.flatMap(variablesIn);
    case 'object':
      return [];
    case 'conditional':
      return [...variablesIn(code.then), ...variablesIn(code.otherwise)];
  }
}
