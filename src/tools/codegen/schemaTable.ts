import type { Project } from 'ts-morph';
import type { OperatorJson } from './operatorSchemas.js';

const prologue = `export type AttributeType =
    | 'int' | 'ints' | 'float' | 'floats' | 'string' | 'strings'
    | 'tensor' | 'graph' | 'sparse_tensor' | 'type_proto';

export interface FormalParameter {
    readonly name: string;
    /** A type variable of the operator, or an element type such as 'int64' or 'seq(float)'. */
    readonly type: string;
    readonly optional?: true;
    readonly variadic?: true;
}

export interface AttributeSchema {
    readonly name: string;
    readonly type: AttributeType;
    readonly required?: true;
    readonly default?: number | string | readonly number[] | readonly string[];
}

/** One version of an operator, current from opset \`since\` until the next version of its name. */
export interface OperatorSchema {
    readonly domain: string;
    readonly name: string;
    readonly since: number;
    readonly deprecated?: true;
    readonly inputs: readonly FormalParameter[];
    readonly outputs: readonly FormalParameter[];
    readonly attributes: readonly AttributeSchema[];
    /** The element types that each type variable may take. */
    readonly types: Readonly<Record<string, readonly string[]>>;
}
`;

/** Writes generated/onnx/schemas.ts, the table that builder and verifier use at run time. */
export function writeSchemaTable(project: Project, operators: readonly OperatorJson[]): void {
  const sets = new Map<string, string>();
  const rows = operators.map((op) => {
    const types = Object.entries(op.types).map(([variable, types]) => {
      const text = JSON.stringify(types);
      const name = sets.get(text) ?? `t${sets.size}`;
      sets.set(text, name);
      return `${JSON.stringify(variable)}:${name}`;
    });
    const { types: _types, ...rest } = op;
    return `${JSON.stringify(rest).slice(0, -1)},"types":{${types.join(',')}}}`;
  });
  const constants = [...sets].map(([text, name]) => `const ${name} = ${text};`);
  project.createSourceFile(
    'generated/onnx/schemas.ts',
    `${prologue}
${constants.join('\n')}

export const operatorSchemas: readonly OperatorSchema[] = [
${rows.join(',\n')},
];
`,
  );
}
