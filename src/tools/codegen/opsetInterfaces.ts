import type {
  InterfaceDeclarationStructure,
  MethodSignatureStructure,
  OptionalKind,
  ParameterDeclarationStructure,
  Project,
  SourceFile,
} from 'ts-morph';
import {
  firstOpset,
  lastOpset,
  operatorsAt,
  type AttributeJson,
  type OperatorJson,
} from './operatorSchemas.js';

const absent = 'OnnxValue | null';

/** TypeScript of each attribute type; sparse tensors and type protos cannot be given. */
const attributeTypes: Readonly<Record<string, string>> = {
  int: 'number',
  ints: 'readonly number[]',
  float: 'number',
  floats: 'readonly number[]',
  string: 'string',
  strings: 'readonly string[]',
  tensor: 'TensorData',
  graph: 'OnnxSubgraph',
};

type Parameter = OptionalKind<ParameterDeclarationStructure>;
type Method = OptionalKind<MethodSignatureStructure>;
type Interface = OptionalKind<InterfaceDeclarationStructure>;

/**
 * Contribution of one operator to a file: its methods (several if outputs are optional), its
 * attributes.
 */
interface Spelling {
  readonly methods: readonly Method[];
  readonly attributes: Interface | undefined;
  /** Equal if two versions of an operator look the same to TypeScript. */
  readonly key: string;
}

/** Writes generated/onnx/opset17.ts .. opset24.ts, contrib.ts and index.ts into `project`. */
export function writeOpsetInterfaces(project: Project, operators: readonly OperatorJson[]): void {
  writeContrib(project, operators);
  let previous = new Map<string, Spelling>();
  for (let opset = firstOpset; opset <= lastOpset; opset++) {
    const current = new Map<string, Spelling>();
    for (const [name, op] of operatorsAt(operators, '', opset)) current.set(name, spell(op));
    writeOpset(project, opset, previous, current);
    previous = current;
  }
  writeIndex(project);
}

function writeOpset(
  project: Project,
  opset: number,
  previous: ReadonlyMap<string, Spelling>,
  current: ReadonlyMap<string, Spelling>,
): void {
  const own = [...current].filter(([name, op]) => previous.get(name)?.key !== op.key);
  const hidden = [...previous.keys()].filter(
    (name) => !current.has(name) || own.some(([changed]) => changed === name),
  );
  const first = opset === firstOpset;
  const base = `Opset${opset - 1}`;
  const omitted = ['opset', ...hidden].map((name) => `'${name}'`).join(' | ');
  const file = project.createSourceFile(`generated/onnx/opset${opset}.ts`, '');
  addImports(
    file,
    own.map(([, op]) => op),
    first ? ['OnnxBuilderBase'] : [],
  );
  if (first) importTypes(file, './contrib.js', ['Microsoft', 'Nchwc']);
  else importTypes(file, `./opset${opset - 1}.js`, [base]);
  addAttributes(
    file,
    own.map(([, op]) => op),
  );
  file.addInterface({
    name: `Opset${opset}`,
    isExported: true,
    docs: [`Operators of ai.onnx at opset ${opset}.`],
    extends: [first ? 'OnnxBuilderBase' : `Omit<${base}, ${omitted}>`],
    properties: [
      { name: 'opset', type: String(opset), isReadonly: true },
      ...(first ? contribProperties : []),
    ],
    methods: own.flatMap(([, op]) => op.methods),
  });
}

const contribDomains = [
  { property: 'ms', name: 'Microsoft', domain: 'com.microsoft' },
  { property: 'nchwc', name: 'Nchwc', domain: 'com.microsoft.nchwc' },
];

const contribProperties = contribDomains.map(({ property, name, domain }) => ({
  name: property,
  type: name,
  isReadonly: true,
  docs: [`Operators of the domain ${domain}.`],
}));

function writeContrib(project: Project, operators: readonly OperatorJson[]): void {
  const file = project.createSourceFile('generated/onnx/contrib.ts', '');
  const domains = contribDomains.map(({ name, domain }) => ({
    name,
    domain,
    // Both domains have a Conv or a pooling operator of their own attributes.
    spellings: [...operatorsAt(operators, domain, 1).values()].map((op) => spell(op, name)),
  }));
  const all = domains.flatMap(({ spellings }) => spellings);
  addImports(file, all, []);
  addAttributes(file, all);
  for (const { name, domain, spellings } of domains)
    file.addInterface({
      name,
      isExported: true,
      docs: [`Operators of onnxruntime's domain ${domain}.`],
      methods: spellings.flatMap((op) => op.methods),
    });
}

function writeIndex(project: Project): void {
  const file = project.createSourceFile('generated/onnx/index.ts', '');
  const versions = Array.from({ length: lastOpset - firstOpset + 1 }, (_, i) => firstOpset + i);
  const union = (from: number): string =>
    versions
      .filter((version) => version >= from)
      .map((version) => `Opset${version}`)
      .join(' | ');
  for (const version of versions) importTypes(file, `./opset${version}.js`, [`Opset${version}`]);
  file.addStatements([
    `/** The builder of any opset; narrow by \`b.opset\` or isSince where operators differ. */
export type Opset = ${union(firstOpset)};`,
    `export type OpsetVersion = Opset['opset'];`,
    `export const opsetVersions = [${versions.join(', ')}] as const;`,
    `export interface OpsetsSince {\n${versions.map((v) => `    ${v}: ${union(v)};`).join('\n')}\n}`,
    `/** Whether \`b\` builds for \`opset\` or a newer one; narrows its type. */
export function isSince<N extends OpsetVersion>(b: Opset, opset: N): b is OpsetsSince[N] {
    return b.opset >= opset;
}`,
    `export type { ${versions.map((v) => `Opset${v}`).join(', ')} };`,
    `export type { Microsoft, Nchwc } from './contrib.js';`,
  ]);
}

function addAttributes(file: SourceFile, spellings: readonly Spelling[]): void {
  for (const { attributes } of spellings) if (attributes) file.addInterface(attributes);
}

function addImports(file: SourceFile, spellings: readonly Spelling[], extra: string[]): void {
  const text = spellings.map(({ key }) => key).join();
  const used = (names: string[]): string[] => names.filter((name) => text.includes(name));
  const values = [...extra, ...used(['OnnxSubgraph', 'OnnxValue'])];
  if (values.length > 0) importTypes(file, '../../src/support/onnxValue.js', values);
  if (text.includes('TensorData')) importTypes(file, '../../src/support/tensor.js', ['TensorData']);
}

function importTypes(file: SourceFile, moduleSpecifier: string, namedImports: string[]): void {
  file.addImportDeclaration({ isTypeOnly: true, moduleSpecifier, namedImports });
}

function spell(op: OperatorJson, prefix = ''): Spelling {
  const attributes = attributeInterface(op, prefix);
  const parameters = inputParameters(op);
  const required = op.attributes.some((attribute) => attribute.required);
  if (attributes)
    parameters.push({ name: 'attributes', type: attributes.name, hasQuestionToken: !required });
  const docs = [`${op.name}-${op.since}: ${formals(op.inputs)} -> ${formals(op.outputs)}`];
  const methods = outputForms(op).map(({ count, returnType }) => ({
    name: op.name,
    docs,
    parameters: settleOptional(
      count === undefined ? parameters : [...parameters, { name: 'outputs', type: count }],
    ),
    returnType,
  }));
  const key = JSON.stringify([methods.map((method) => ({ ...method, docs: [] })), attributes]);
  return { methods, attributes, key };
}

function attributeInterface(op: OperatorJson, prefix: string): Interface | undefined {
  const given = op.attributes.filter((attribute) => attribute.type in attributeTypes);
  if (given.length === 0) return undefined;
  return {
    name: `${prefix}${op.name}Attributes`,
    isExported: true,
    properties: given.map((attribute) => ({
      name: attribute.name,
      type: attributeTypes[attribute.type] ?? 'never',
      isReadonly: true,
      hasQuestionToken: !attribute.required,
      docs: defaultDoc(attribute),
    })),
  };
}

function defaultDoc(attribute: AttributeJson): string[] {
  if (attribute.default === undefined) return [];
  return [`Default ${JSON.stringify(attribute.default)}.`];
}

function inputParameters(op: OperatorJson): Parameter[] {
  return op.inputs.map(({ name, optional, variadic }) => {
    if (variadic) return { name, type: 'readonly OnnxValue[]' };
    return optional ? { name, type: absent, hasQuestionToken: true } : { name, type: 'OnnxValue' };
  });
}

/** TypeScript wants optional parameters last: an earlier one takes `undefined` instead. */
function settleOptional(parameters: readonly Parameter[]): Parameter[] {
  const lastRequired = parameters.findLastIndex((parameter) => !parameter.hasQuestionToken);
  return parameters.map((parameter, i) =>
    parameter.hasQuestionToken && i < lastRequired
      ? { ...parameter, hasQuestionToken: false, type: `${String(parameter.type)} | undefined` }
      : { ...parameter },
  );
}

/**
 * One form for each number of outputs that can be asked for. Trailing optional outputs are asked
 * for by a last argument, `b.MaxPool(x, {...}, 2)`; a variadic operator always takes the number.
 */
function outputForms(op: OperatorJson): { count?: string; returnType: string }[] {
  if (op.outputs.some((output) => output.variadic))
    return [{ count: 'number', returnType: 'OnnxValue[]' }];
  const fixed = Math.max(1, op.outputs.filter((output) => !output.optional).length);
  const forms: { count?: string; returnType: string }[] = [{ returnType: tuple(fixed) }];
  for (let count = fixed + 1; count <= op.outputs.length; count++)
    forms.push({ count: String(count), returnType: tuple(count) });
  return forms;
}

function tuple(count: number): string {
  return count === 1 ? 'OnnxValue' : `[${Array(count).fill('OnnxValue').join(', ')}]`;
}

function formals(list: OperatorJson['inputs']): string {
  if (list.length === 0) return '()';
  return list
    .map(({ name, optional, variadic }) => `${name}${variadic ? '...' : optional ? '?' : ''}`)
    .join(', ');
}
