import { readFileSync } from 'node:fs';
import type { Project } from 'ts-morph';
import { limits } from '../../support/limits.js';

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
  /** Of an object whose keys are names. */
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** Schemas of configs, and the interfaces that say the same to an editor. */
const configs = [
  { schema: 'training-config', written: 'WrittenTraining', filled: 'TrainingConfig' },
  { schema: 'selftraining-config', written: 'WrittenSelfTraining', filled: 'SelfTrainingConfig' },
] as const;

/** A config as it is written, or with its defaults filled in: no key that has one is missing then. */
interface Form {
  readonly filled: boolean;
  readonly parameters: Readonly<Record<string, (type: string) => string>>;
}

/** Keys whose type the schema does not know: parameters of the interface. */
const written: Form = {
  filled: false,
  parameters: { model: () => 'Model', optimizer: (type) => `${type} | Optimizer` },
};
const filled: Form = { filled: true, parameters: {} };

/** Writes generated/config.ts, the keys of configs with their documentation, into `project`. */
export function writeConfigTypes(project: Project, root: URL): void {
  const interfaces = configs.flatMap((config) => {
    const url = new URL(`schemas/${config.schema}.schema.json`, root);
    const schema = JSON.parse(readFileSync(url, 'utf8')) as Schema;
    return [
      "/** Keys as a user writes them; `Optimizer` is what an optimizer's function returns. */",
      `export interface ${config.written}<Model, Optimizer> ${objectType(schema, '', written)}\n`,
      '/** A config with its defaults filled in. */',
      `export interface ${config.filled} ${objectType(withWholeStudents(schema), '', filled)}\n`,
    ];
  });
  project.createSourceFile('generated/config.ts', interfaces.join('\n'));
}

/** A schema whose students need what the teacher needs, since they have taken it from there. */
function withWholeStudents(schema: Schema): Schema {
  const { teacher, students } = schema.properties ?? {};
  if (!teacher || !students?.items) return schema;
  const { required = [] } = teacher;
  const whole = { ...students, items: { ...students.items, required } };
  return { ...schema, properties: { ...schema.properties, students: whole } };
}

function typeOf(schema: Schema, indent: string, form: Form): string {
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return variants.map((variant) => typeOf(variant, indent, form)).join(' | ');
  if (schema.const !== undefined) return `'${schema.const}'`;
  if (schema.enum) return schema.enum.map((word) => `'${word}'`).join(' | ');
  if (schema.prefixItems)
    return `readonly [${schema.prefixItems.map((item) => typeOf(item, indent, form)).join(', ')}]`;
  if (schema.items) return `readonly ${inList(schema.items, indent, form)}[]`;
  if (schema.properties) return objectType(schema, indent, form);
  if (schema.additionalProperties)
    return `Readonly<Record<string, ${typeOf(schema.additionalProperties, indent, form)}>>`;
  return schema.type === 'integer' ? 'number' : (schema.type ?? 'unknown');
}

function inList(schema: Schema, indent: string, form: Form): string {
  const type = typeOf(schema, indent, form);
  return type.includes(' | ') ? `(${type})` : type;
}

function objectType(
  { properties = {}, required = [] }: Schema,
  indent: string,
  form: Form,
): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).flatMap(([key, schema]) => {
    const plain = typeOf(schema, inner, form);
    const type = form.parameters[key]?.(plain) ?? plain;
    const needed = required.includes(key) || (form.filled && schema.default !== undefined);
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

/** Ends that the type of the number has anyway. */
const plainEnds: ReadonlySet<number> = new Set([Number.MAX_SAFE_INTEGER, limits.float32]);

function bound(word: string, limit: number | undefined): string {
  return limit === undefined || plainEnds.has(Math.abs(limit)) ? '' : `${word} ${limit}`;
}
