import type { z } from 'zod';
import type { KeyLocator } from '../../language/frontend/configKeys.js';
import { formatSite } from '../../compiler/ir/origin.js';
import { ConfigError } from '../../support/errors.js';
import { nearest } from '../../support/nearest.js';
import { field, isObject } from '../../support/objects.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];
type JsonSchema = Readonly<Record<string, unknown>>;

interface Problem {
  /** Empty for the config itself. */
  readonly path: Path;
  readonly text: string;
}

/** One ConfigError for all that is wrong with a config; `schema` is its JSON schema, `locate` finds its keys. */
export function explainIssues(
  issues: readonly Issue[],
  config: unknown,
  schema: JsonSchema,
  file: string,
  locate: KeyLocator = () => undefined,
): ConfigError {
  const problems = issues.flatMap((issue) => explain(issue, config, schema));
  const common = {
    code: 'config',
    hint: 'docs/cli.md lists the keys of a config with their defaults',
  };
  const [first] = problems;
  if (problems.length === 1 && first) {
    const key = keyOf(first.path);
    const where = locate(first.path) ?? (key === '' ? file : `${file}: ${key}`);
    return new ConfigError(lineOf(first), { ...common, where });
  }
  const notes = problems.map((problem) => {
    const site = locate(problem.path);
    const place = typeof site === 'object' ? formatSite(site) : site;
    return `${place ? `${place} ` : ''}${lineOf(problem)}`;
  });
  return new ConfigError(`the config has ${notes.length} problems`, {
    ...common,
    where: file,
    notes,
  });
}

/** `optimizer.momentum` */
function keyOf(path: Path): string {
  return path.map(String).join('.');
}

function lineOf({ path, text }: Problem): string {
  return path.length === 0 ? text : `${keyOf(path)}: ${text}`;
}

function explain(issue: Issue, config: unknown, schema: JsonSchema): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const allowed = keysOf(schemaAt(schema, issue.path, config)).filter((key) => key !== '$schema');
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      text: `unknown key${guess(key, allowed)}; allowed: ${allowed.join(', ')}`,
    }));
  }
  const value = valueAt(config, issue.path);
  if (issue.code === 'invalid_union' && issue.errors.length > 0)
    return explainChoice(issue, issue.errors, config, schema);
  if (issue.code === 'invalid_union') {
    const discriminator = issue.discriminator ?? 'kind';
    // The path of a mismatch ends at the discriminator itself.
    const parent = issue.path.at(-1) === discriminator ? issue.path.slice(0, -1) : issue.path;
    const allowed = kindsOf(schemaAt(schema, parent, undefined), discriminator);
    const written = valueAt(config, [...parent, discriminator]);
    return [{ path: [...parent, discriminator], text: choice(written, allowed) }];
  }
  return [{ path: issue.path, text: explainValue(issue, value, schema) }];
}

/** A key that takes a word or an object: what is wrong with the one that was meant. */
function explainChoice(
  issue: Issue,
  branches: readonly (readonly Issue[])[],
  config: unknown,
  schema: JsonSchema,
): Problem[] {
  const value = valueAt(config, issue.path);
  const isKind = ({ path }: Issue): boolean => path.length === 1 && path[0] === 'kind';
  const meant = branches.find((own) => !own.some((part) => isKind(part) || isOtherForm(part)));
  const kinds = branches
    .flat()
    .flatMap((own) => (isKind(own) && own.code === 'invalid_value' ? own.values : []));
  if (!meant && isObject(value) && kinds.length > 0)
    return [{ path: [...issue.path, 'kind'], text: choice(value['kind'], kinds.map(String)) }];
  const inside = meant ?? branches.find((own) => own.some(({ path }) => path.length > 0));
  if (inside)
    return inside.flatMap((own) =>
      explain({ ...own, path: [...issue.path, ...own.path] }, config, schema),
    );
  const words = branches.flat().flatMap((own) => (own.code === 'invalid_value' ? own.values : []));
  return [{ path: issue.path, text: choice(value, words.map(String)) }];
}

/** True if a value is not even of the form that a branch takes, such as a word for an object. */
function isOtherForm({ path, code }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function explainValue(issue: Issue, value: unknown, schema: JsonSchema): string {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = typeNames[issue.expected] ?? issue.expected;
      if (value !== undefined) return `expected ${expected}, not ${show(value)}`;
      const kinds = kindsOf(schemaAt(schema, issue.path, undefined), 'kind');
      const known = kinds.length > 0 ? ` with a kind of: ${kinds.join(', ')}` : '';
      return `missing; expected ${expected}${known}`;
    }
    case 'invalid_value':
      return choice(value, issue.values.map(String));
    case 'too_small':
      return issue.origin === 'string'
        ? 'expected some text, not an empty string'
        : `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}, not ${show(value)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}, not ${show(value)}`;
    case 'invalid_format':
      return `${show(value)} has characters other than letters, digits, dots, dashes and underscores`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'an object',
  tuple: 'a list of two numbers',
  array: 'a list',
};

function choice(value: unknown, allowed: readonly string[]): string {
  if (value === undefined) return `missing; allowed: ${allowed.join(', ')}`;
  const suggestion = typeof value === 'string' ? guess(value, allowed) : '';
  return `${show(value)} is not known${suggestion}; allowed: ${allowed.join(', ')}`;
}

function guess(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

function valueAt(config: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => field(value, String(key)), config);
}

/** The part of the schema that describes `path`; if kinds differ, the one that is written there. */
function schemaAt(schema: JsonSchema, path: Path, config: unknown): JsonSchema {
  let at = schema;
  path.forEach((key, depth) => {
    const { properties, items } = at;
    const next = isObject(properties) ? properties[String(key)] : items;
    at = isObject(next) ? next : {};
    const value = valueAt(config, path.slice(0, depth + 1));
    if (isObject(value)) at = variants(at).find((one) => fits(one, value['kind'])) ?? at;
  });
  return at;
}

/** True if a variant is of this kind; one that needs no kind fits if none is written. */
function fits(variant: JsonSchema, kind: unknown): boolean {
  if (kind !== undefined) return kindOf(variant, 'kind') === kind;
  const { required, properties } = variant;
  return isObject(properties) && !(Array.isArray(required) && required.includes('kind'));
}

function variants(schema: JsonSchema): JsonSchema[] {
  const list = schema['oneOf'] ?? schema['anyOf'];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function kindsOf(schema: JsonSchema, discriminator: string): string[] {
  return variants(schema)
    .map((variant) => kindOf(variant, discriminator))
    .filter((kind) => kind !== undefined);
}

function kindOf(variant: JsonSchema, discriminator: string): string | undefined {
  const { properties } = variant;
  const property = isObject(properties) ? properties[discriminator] : undefined;
  const constant = isObject(property) ? property['const'] : undefined;
  return typeof constant === 'string' ? constant : undefined;
}

function keysOf(schema: JsonSchema): string[] {
  const { properties } = schema;
  return isObject(properties) ? Object.keys(properties) : [];
}
