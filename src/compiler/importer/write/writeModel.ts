import type { Shape } from '../../../support/shape.js';
import { imageRef, type LayerCall, type Literal, type Network } from '../network.js';
import { snakeCase } from './blockNames.js';
import { outline, type BlockFunction } from './blocks.js';
import { bodyLines } from './body.js';
import { array, call, entriesOf, flat, laidOut, literal, object, text, width } from './code.js';
import { withLoops, type Table } from './loops.js';
import { stepOf } from './step.js';

export interface ModelFacts {
  readonly name: string;
  readonly classes: number;
  /** Channels, height and width. */
  readonly image: readonly [number, number, number];
  /** Mean and deviation of each channel for pixels in 0..1, where they are known. */
  readonly normalisation?:
    { readonly mean: readonly number[]; readonly std: readonly number[] } | undefined;
  /** Lines of the model's docstring. */
  readonly remarks: readonly string[];
}

/** The module that a model file imports. */
const library = 'gradus';

/** A network as the text of a model file, laid out as prettier does with 100 columns. */
export function writeModel(network: Network, facts: ModelFacts): string {
  const shapes = new Map<string, Shape | undefined>(
    network.calls.map(({ result, shape }) => [result, shape]),
  );
  shapes.set(imageRef, [1, ...facts.image]);
  const channelsOf = (ref: string): number | undefined => {
    const shape = shapes.get(ref);
    // Of tokens [N,T,C] the second axis is something else.
    const dim = shape?.length === 3 ? undefined : shape?.[1];
    return typeof dim === 'number' ? dim : undefined;
  };
  const layers = layerNames(network.calls);
  const reserved = new Set([...layers, 'defineModel', 'defineLayer', 'image', 'scope', 'settings']);
  const outlined = outline(network.calls.map(stepOf), network.output, channelsOf, reserved);
  const blocks = new Set(outlined.functions.map(({ name }) => name));
  const looped = withLoops(
    outlined.steps,
    network.output,
    new Set([...blocks, 'mbConv']),
    new Set([...reserved, ...blocks]),
  );
  const types = new Set(
    outlined.functions.flatMap(({ parameters }) => parameters.map(({ type }) => type)),
  );
  const imported = [
    ...[...layers, 'defineModel', 'image', ...(blocks.size > 0 ? ['defineLayer'] : [])].toSorted(),
    ...[...types, ...(blocks.size > 0 ? ['Value'] : [])]
      .filter((type) => /^[A-Z]\w*$/.test(type))
      .toSorted()
      .map((type) => `type ${type}`),
  ];
  const body = { items: looped.items, inputs: new Map([[imageRef, 'x']]), output: network.output };
  const parts = [
    [importLine(imported)],
    ...outlined.functions.map(functionLines),
    ...looped.tables.map(tableLines),
    [
      ...docLines(facts.remarks),
      ...modelLines(facts, usesClasses(network), bodyLines(body, '    ')),
    ],
  ];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** All exports that calls name, as callees or in options. */
function layerNames(calls: readonly LayerCall[]): Set<string> {
  const named = (value: Literal): string[] => {
    if (typeof value !== 'object') return [];
    if ('named' in value) return contextNames.has(value.named) ? [] : [value.named];
    return 'group' in value ? Object.values(value.group).flatMap(named) : value.flatMap(named);
  };
  return new Set(
    calls.flatMap(({ layer, options }) => [layer, ...Object.values(options).flatMap(named)]),
  );
}

/** What `build` gets as its second argument. */
const contextNames: ReadonlySet<string> = new Set(['classes', 'drop', 'dropPath']);

function usesClasses({ calls }: Network): readonly string[] {
  const used = calls.flatMap(({ options }) =>
    Object.values(options).flatMap((value) =>
      typeof value === 'object' && 'named' in value ? [value.named] : [],
    ),
  );
  return [...contextNames].filter((name) => used.includes(name));
}

function importLine(names: readonly string[]): string {
  const line = `import { ${names.join(', ')} } from '${library}';`;
  if (line.length <= width) return line;
  return ['import {', ...names.map((name) => `  ${name},`), `} from '${library}';`].join('\n');
}

function docLines(lines: readonly string[]): string[] {
  if (lines.length === 1 && (lines[0]?.length ?? 0) < width - 7)
    return [`/** ${lines[0] ?? ''} */`];
  return ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'];
}

function functionLines(fn: BlockFunction): string[] {
  const { name, parameters } = fn;
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Options`;
  const fields = parameters.map(
    ({ name, type, fallback }) =>
      `  readonly ${name}${fallback === undefined ? '' : '?'}: ${type};`,
  );
  return [
    ...(parameters.length === 0 ? [] : [`interface ${type} {`, ...fields, '}', '']),
    ...docLines([`${fn.places.length} times: ${listed(fn.places)}.`]),
    ...definition(fn, type),
  ];
}

/** The call of `defineLayer`, laid out by the length of its head. */
function definition(fn: BlockFunction, type: string): string[] {
  const { name, parameters, inputs } = fn;
  const variables = inputs.length === 1 ? ['x'] : inputs.map((_, i) => `x${i + 1}`);
  const input =
    inputs.length === 1
      ? 'x: Value'
      : `[${variables.join(', ')}]: readonly [${inputs.map(() => 'Value').join(', ')}]`;
  const start = `const ${name} = defineLayer(`;
  const kind = `'${snakeCase(name)}'`;
  const bound = parameters.map(({ name, fallback }) =>
    fallback === undefined ? name : `${name} = ${flat(literal(fallback))}`,
  );
  const unpacked = `(${input}, { ${bound.join(', ')} }: ${type}) => {`;
  const whole = `(${input}${parameters.length === 0 ? '' : `, options: ${type}`}) => {`;
  const room = width - start.length - kind.length - 2;
  const body = (indent: string): string[] => [
    ...fn.derived.map(({ name, code }) => `${indent}const ${name} = ${code};`),
    ...bodyLines(
      {
        items: fn.items,
        inputs: new Map(inputs.map((ref, i) => [ref, variables[i] ?? ''])),
        output: fn.output,
      },
      indent,
    ),
  ];
  if (parameters.length > 0 && unpacked.length <= room)
    return [`${start}${kind}, ${unpacked}`, ...body('  '), '});'];
  const options = (indent: string): string[] =>
    parameters.length === 0 ? [] : unpackedLines(bound, indent);
  if (whole.length <= room)
    return [`${start}${kind}, ${whole}`, ...options('  '), ...body('  '), '});'];
  return [start, `  ${kind},`, `  ${whole}`, ...options('    '), ...body('    '), '  },', ');'];
}

function unpackedLines(bound: readonly string[], indent: string): string[] {
  const line = `${indent}const { ${bound.join(', ')} } = options;`;
  if (line.length <= width) return [line];
  return [
    `${indent}const {`,
    ...bound.map((name) => `${indent}  ${name},`),
    `${indent}} = options;`,
  ];
}

function listed(places: readonly string[]): string {
  const [first = '', second = ''] = places;
  return places.length === 2
    ? `\`${first}\` and \`${second}\``
    : `\`${first}\` to \`${places.at(-1) ?? ''}\``;
}

function tableLines({ name, rows }: Table): string[] {
  const code = array(rows.map((row) => object(entriesOf(row))));
  const before = `const ${name} = `;
  return [`${before}${laidOut(code, '', before, ' as const;')} as const;`];
}

function modelLines(
  facts: ModelFacts,
  context: readonly string[],
  body: readonly string[],
): string[] {
  const { normalisation } = facts;
  const statistics = normalisation
    ? [object(entriesOf({ mean: [...normalisation.mean], std: [...normalisation.std] }))]
    : [];
  const input = call('image', ...facts.image.map((size) => text(String(size))), ...statistics);
  const given = context.length === 0 ? '' : `, { ${context.join(', ')} }`;
  return [
    'export default defineModel({',
    `  name: ${flat(literal(facts.name))},`,
    `  input: ${laidOut(input, '  ', 'input: ', ',')},`,
    `  classes: ${facts.classes},`,
    ...(context.includes('drop') ? ['  drop: 0,'] : []),
    `  build(x${given}) {`,
    ...body,
    '  },',
    '});',
  ];
}
