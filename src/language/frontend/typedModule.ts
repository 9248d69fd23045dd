import { artifactFile } from '../../contract/artifactKinds.js';
import type { ArtifactInfo, Manifest, TensorInfo } from '../../contract/manifest.js';
import { loadTsMorph } from './tsMorph.js';
import { isObject } from '../../support/objects.js';

/** The declarations that every typed module starts from; they need no other module. */
const preamble = `
/** Arrays that store the values of an element type. */
export interface ElementArrays {
  float64: Float64Array;
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}
export type ElementType = keyof ElementArrays;

/** Any tensor library's tensor; onnxruntime's \`Tensor\` is one. */
export interface TensorLike {
  readonly type: string;
  readonly dims: readonly number[];
}

/** A number, or the name of a size known only at run time, such as \`N\`. */
export type Dim = number | string;

/** One input or output of an artifact. */
export interface TensorSpec {
  readonly role: string;
  readonly dtype: ElementType;
  readonly shape: readonly Dim[];
  readonly param?: string;
  readonly replaces?: string;
}

/** A tensor of the library's type \`Tensor\` with the element type that \`Spec\` asks for. */
export type TensorOf<Spec extends TensorSpec, Tensor extends TensorLike = TensorLike> = Tensor & {
  readonly type: Spec['dtype'];
  readonly data: ElementArrays[Spec['dtype']];
};

/** Tensors by name. */
export type Tensors<
  Specs extends Readonly<Record<string, TensorSpec>>,
  Tensor extends TensorLike = TensorLike,
> = { readonly [Name in keyof Specs]: TensorOf<Specs[Name], Tensor> };
`;

/**
 * A TypeScript module of the literal types of a compiled model: artifact, input, output and
 * parameter names, shapes and element types. It imports nothing; `file` is its name without `.ts`,
 * for the example in its header.
 */
export function typedModule(manifest: Manifest, file: string): string {
  const artifacts = artifactsOf(manifest);
  const table = (name: string, doc: string, value: unknown): string =>
    `\n/** ${doc} */\nexport const ${name} = ${literal(value, '')} as const;\n`;
  return [
    header(manifest, file),
    preamble,
    table('model', 'The model that the artifacts were compiled from.', modelFacts(manifest)),
    table('params', 'Shapes of the parameters, by name.', shapesOf(manifest, 'param')),
    table('buffers', 'Shapes of the batch statistics, by name.', shapesOf(manifest, 'buffer')),
    table(
      'artifacts',
      'The artifacts with their inputs and outputs, by name.',
      Object.fromEntries(artifacts.map(({ kind, info }) => [kind, specsOf(info)])),
    ),
    '\n',
    typeAliases(artifacts),
  ].join('');
}

/**
 * The types that read those tables. They are a source file of their own while ts-morph writes
 * them, since it parses the file anew with each statement, and the tables can be megabytes.
 */
function typeAliases(artifacts: readonly NamedArtifact[]): string {
  const { Project, IndentationText } = loadTsMorph();
  const project = new Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    manipulationSettings: { indentationText: IndentationText.TwoSpaces },
  });
  const source = project.createSourceFile('types.ts');
  source.addTypeAliases([
    exported('ParamName', 'keyof typeof params', 'Dotted name of a parameter.'),
    exported('BufferName', 'keyof typeof buffers', 'Dotted name of a batch statistic.'),
    exported('ArtifactName', 'keyof typeof artifacts', 'Name of an artifact.'),
    ...artifacts.flatMap(({ kind }) => typesOf(kind)),
  ]);
  return source.getFullText();
}

function header(manifest: Manifest, file: string): string {
  const kind =
    'train' in manifest.artifacts ? 'train' : (artifactsOf(manifest)[0]?.kind ?? 'infer');
  const info = manifest.artifacts[kind];
  const type = pascalCase(kind);
  const first = info?.outputs.find(({ role }) => role === 'loss') ?? info?.outputs[0];
  const fileName = commentText(info?.file ?? artifactFile(kind));
  return `/**
 * Types of the compiled model ${commentText(manifest.name)}, written by gradus; do not edit.
 *
 * @example
 * import * as ort from 'onnxruntime-node';
 * import { type ${type}Feeds, type ${type}Fetches } from './${commentText(file)}.js';
 *
 * const session = await ort.InferenceSession.create('${fileName}');
 * async function run(feeds: ${type}Feeds<ort.Tensor>): Promise<${type}Fetches<ort.Tensor>> {
 *   return (await session.run(feeds)) as ${type}Fetches<ort.Tensor>;
 * }
 * // A name that the artifact lacks, or a tensor of another element type, is a type error:
 * // const { data } = (await run({ ... }))[${commentText(quoted(first?.name ?? 'loss'))}];
 */
`;
}

/** A name from the manifest inside a comment, which it must not end. */
function commentText(text: string): string {
  return text.replace(/\*\//g, '* /').replace(/\s+/g, ' ');
}

interface NamedArtifact {
  readonly kind: keyof Manifest['artifacts'];
  readonly info: ArtifactInfo;
}

function artifactsOf({ artifacts }: Manifest): NamedArtifact[] {
  return (Object.keys(artifacts) as NamedArtifact['kind'][]).flatMap((kind) => {
    const info = artifacts[kind];
    return info === undefined ? [] : [{ kind, info }];
  });
}

function modelFacts(manifest: Manifest) {
  const { name, architectureHash, target, opset, batch, classes, image } = manifest;
  const { imageFormat, optimizer } = manifest;
  return { name, architectureHash, target, opset, batch, classes, image, imageFormat, optimizer };
}

function shapesOf({ params }: Manifest, kind: 'param' | 'buffer') {
  return Object.fromEntries(
    params.filter((it) => it.kind === kind).map(({ name, shape }) => [name, shape]),
  );
}

function specsOf({ file, inputs, outputs }: ArtifactInfo) {
  const table = (tensors: readonly TensorInfo[]) =>
    Object.fromEntries(
      tensors.map(({ name, role, dtype, shape, param, replaces }) => [
        name,
        { role, dtype, shape, param, replaces },
      ]),
    );
  return { file, inputs: table(inputs), outputs: table(outputs) };
}

function typesOf(kind: string) {
  const name = pascalCase(kind);
  const specs = `(typeof artifacts)[${quoted(kind)}]`;
  const tensors = (of: string) => ({
    type: `Tensors<${specs}['${of}'], Tensor>`,
    typeParameters: [{ name: 'Tensor', constraint: 'TensorLike', default: 'TensorLike' }],
  });
  return [
    exported(`${name}Input`, `keyof ${specs}['inputs']`, `Name of an input of ${kind}.`),
    exported(`${name}Output`, `keyof ${specs}['outputs']`, `Name of an output of ${kind}.`),
    { ...exported(`${name}Feeds`, '', `All inputs of ${kind}.`), ...tensors('inputs') },
    { ...exported(`${name}Fetches`, '', `All outputs of ${kind}.`), ...tensors('outputs') },
  ];
}

function exported(name: string, type: string, doc: string) {
  return { name, type, docs: [doc], isExported: true };
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) =>
    letter.toUpperCase(),
  );
}

/** A JSON value as source text: tables one entry a line, but a tensor or shape on one line. */
function literal(value: unknown, indent: string): string {
  if (Array.isArray(value)) return `[${value.map((it) => literal(it, indent)).join(', ')}]`;
  if (typeof value === 'string') return quoted(value);
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  if (entries.length === 0) return '{}';
  const inner = `${indent}  `;
  const text = entries.map(([key, entry]) => `${propertyName(key)}: ${literal(entry, inner)}`);
  if ('dtype' in value) return `{ ${text.join(', ')} }`;
  return `{\n${inner}${text.join(`,\n${inner}`)},\n${indent}}`;
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return `'${escaped.replaceAll("'", "\\'")}'`;
}
