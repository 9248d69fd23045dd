import { readFileSync } from 'node:fs';
import { invariant } from '../../support/errors.js';

export const firstOpset = 17;
export const lastOpset = 24;

export interface FormalJson {
  readonly name: string;
  /** A type constraint of the operator, or an element type. */
  readonly type: string;
  readonly optional?: true;
  readonly variadic?: true;
}

export interface AttributeJson {
  readonly name: string;
  readonly type: string;
  readonly required?: true;
  readonly default?: number | string | readonly number[] | readonly string[];
}

/** One version of an operator, as in schemas/*.json, with its type sets written out. */
export interface OperatorJson {
  readonly domain: string;
  readonly name: string;
  readonly since: number;
  readonly deprecated?: true;
  readonly inputs: readonly FormalJson[];
  readonly outputs: readonly FormalJson[];
  readonly attributes: readonly AttributeJson[];
  readonly types: Readonly<Record<string, readonly string[]>>;
}

interface SchemaFile {
  readonly typeSets?: Readonly<Record<string, readonly string[]>>;
  readonly operators: readonly (Omit<OperatorJson, 'domain' | 'types'> & {
    readonly domain?: string;
    readonly types: Readonly<Record<string, string | readonly string[]>>;
  })[];
}

/** Reads schemas/onnx-operators.json and schemas/contrib-operators.json under `root`. */
export function readOperators(root: URL): OperatorJson[] {
  return ['onnx-operators.json', 'contrib-operators.json'].flatMap((name) => {
    const text = readFileSync(new URL(`schemas/${name}`, root), 'utf8');
    const file = JSON.parse(text) as SchemaFile;
    return file.operators.map((operator) => ({
      ...operator,
      domain: operator.domain ?? '',
      types: Object.fromEntries(
        Object.entries(operator.types).map(([variable, types]) => [
          variable,
          typeof types === 'string' ? typeSet(file, types) : types,
        ]),
      ),
    }));
  });
}

function typeSet(file: SchemaFile, name: string): readonly string[] {
  const types = file.typeSets?.[name];
  invariant(types, `schemas: no type set ${name}`);
  return types;
}

/** The newest version of each operator of `domain` at `opset`, by name; without deprecated ones. */
export function operatorsAt(
  operators: readonly OperatorJson[],
  domain: string,
  opset: number,
): Map<string, OperatorJson> {
  const current = new Map<string, OperatorJson>();
  for (const operator of operators) {
    if (operator.domain !== domain || operator.since > opset) continue;
    const known = current.get(operator.name);
    if (known === undefined || known.since < operator.since) current.set(operator.name, operator);
  }
  return new Map(
    [...current].filter(([, op]) => !op.deprecated).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
