import { readFileSync } from 'node:fs';
import type { Project } from 'ts-morph';

/** The part of JSON schema that the schemas of configs use. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** Schemas of configs, and the interfaces that say the same to an editor. */
const configs = [
  { schema: 'training-config', name: 'WrittenTraining' },
  { schema: 'selftraining-config', name: 'WrittenSelfTraining' },
] as const;

/** Keys whose type the schema does not know: parameters of the interface. */
const parameters: Readonly<Record<string, (type: string) => string>> = {
  model: () => 'Model',
  optimizer: (type) => `${type} | Optimizer`,
};

/** Writes generated/config.ts, the keys of configs with their documentation, into `project`. */
export function writeConfigTypes(project: Project, root: URL): void {
  const interfaces = configs.map(({ schema: file, name }) => {
    const url = new URL(`schemas/${file}.schema.json`, root);
    const schema = JSON.parse(readFileSync(url, 'utf8')) as Schema;
    return `/** Keys as a user writes them; \`Optimizer\` is what an optimizer's function returns. */
export interface ${name}<Model, Optimizer> ${objectType(schema, '')}\n`;
  });
  project.createSourceFile('generated/config.ts', interfaces.join('\n'));
}

function typeOf(schema: Schema, indent: string): string {
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return variants.map((variant) => typeOf(variant, indent)).join(' | ');
  if (schema.const !== undefined) return `'${schema.const}'`;
  if (schema.enum) return schema.enum.map((word) => `'${word}'`).join(' | ');
  if (schema.prefixItems)
    return `readonly [${schema.prefixItems.map((item) => typeOf(item, indent)).join(', ')}]`;
  if (schema.items) return `readonly ${inList(schema.items, indent)}[]`;
  if (schema.properties) return objectType(schema, indent);
  return schema.type === 'integer' ? 'number' : (schema.type ?? 'unknown');
}

function inList(schema: Schema, indent: string): string {
  const type = typeOf(schema, indent);
  return type.includes(' | ') ? `(${type})` : type;
}

function objectType({ properties = {}, required = [] }: Schema, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).flatMap(([key, schema]) => {
    const type = parameters[key]?.(typeOf(schema, inner)) ?? typeOf(schema, inner);
    const needed = required.includes(key);
    return [
      ...comment(schema, inner),
      `${inner}readonly ${key}${needed ? `: ${type}` : `?: ${type} | undefined`};`,
    ];
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

/** Meaning, default and range; an object's default is what its keys say. */
function comment(schema: Schema, indent: string): string[] {
  const { description, default: usual } = schema;
  const named = usual === undefined || (typeof usual === 'object' && schema.type === 'object');
  const facts = [rangeOf(schema), named ? '' : `default: ${JSON.stringify(usual)}`];
  const inside = facts.filter((fact) => fact !== '').join('; ');
  const text = [description ?? '', inside === '' ? '' : `(${inside})`].join(' ').trim();
  return text === '' ? [] : [`${indent}/** ${text} */`];
}

function rangeOf(schema: Schema): string {
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const whole = type === 'integer' ? 'a whole number' : '';
  const limits = [
    bound('at least', minimum),
    bound('more than', exclusiveMinimum),
    bound('at most', maximum),
    bound('less than', exclusiveMaximum),
  ].filter((limit) => limit !== '');
  return [whole, limits.join(' and ')].filter((part) => part !== '').join(', ');
}

/** The ends of what a float holds exactly are no limits of a key. */
function bound(word: string, limit: number | undefined): string {
  return limit === undefined || Math.abs(limit) === Number.MAX_SAFE_INTEGER
    ? ''
    : `${word} ${limit}`;
}
