import type { Inspection, LayerRow, OnnxFacts } from '../../api/inspect.js';
import { ConfigError } from '../../support/errors.js';
import { defineCommand } from '../command.js';
import { flags, overridesOf } from '../options.js';
import { formatBytes, formatCount, formatTable } from '../table.js';

export const inspect = defineCommand({
  usage: 'inspect <file>',
  describe: 'Show the layers of a model or the nodes of an ONNX file',
  examples: [
    ['inspect digits.model.ts', 'layers, output shapes, parameters, multiply-adds'],
    ['inspect build/digits/infer.onnx', 'any .onnx file, from whatever tool'],
    ['inspect digits.model.ts --size 64 --json', 'at another resolution, for a script'],
    ['inspect efficientnet_b0', 'a shipped model; docs/names.md lists them'],
    ['inspect efficientnet_b0 --graph b0.svg', 'and a drawing of it'],
  ],
  options: (parser) =>
    parser
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'A model file, a shipped model or an .onnx file',
      })
      .options({
        classes: flags.classes,
        size: flags.size,
        drop: flags.drop,
        'drop-path': flags.dropPath,
        graph: {
          type: 'string',
          requiresArg: true,
          describe: 'An .svg file that takes a drawing of the model',
        },
      }),
  async run(args, { services }) {
    const { file, graph } = args;
    if (graph !== undefined && file.endsWith('.onnx'))
      throw new ConfigError('--graph draws models, not .onnx files', {
        code: 'graph-of-onnx',
        where: '--graph',
        hint: 'give the model file, or the name of a shipped model',
      });
    const inspection = await services.inspectFile(file, { ...overridesOf(args), graph });
    const table = describeInspection(inspection);
    return graph === undefined
      ? { json: inspection, text: table }
      : { json: { ...inspection, graph }, text: `${table}\n\ndrawn in ${graph}` };
  },
});

/** The table that `gradus inspect` prints. */
export function describeInspection({
  name,
  parameters,
  multiplyAdds,
  layers,
  onnx,
}: Inspection): string {
  const columns = [
    { title: onnx ? 'node' : 'layer' },
    { title: onnx ? 'operator' : 'kind' },
    { title: 'output' },
    { title: 'parameters', align: 'right' },
    { title: 'multiply-adds', align: 'right' },
  ] as const;
  const total = ['total', '', '', formatCount(parameters), formatCount(multiplyAdds)];
  const unknown = layers.filter((layer) => layer.multiplyAdds === null).length;
  return [
    ...(onnx ? describeFacts(name, onnx) : [name, '']),
    formatTable(columns, [...layers.map(rowOf), total], 1),
    ...(unknown > 0 ? ['', `${unknown} nodes have unknown shapes and are not in the total`] : []),
  ].join('\n');
}

function rowOf(layer: LayerRow): string[] {
  const { name, kind, outputShape, parameters, multiplyAdds, rate } = layer;
  return [
    name,
    rate === undefined ? kind : `${kind} ${Number(rate.toFixed(4))}`,
    outputShape ? `[${outputShape.join(',')}]` : '?',
    parameters === 0 ? '' : formatCount(parameters),
    multiplyAdds === null ? '?' : multiplyAdds === 0 ? '' : formatCount(multiplyAdds),
  ];
}

function describeFacts(name: string, onnx: OnnxFacts): string[] {
  const opsets = Object.entries(onnx.opsets).map(([domain, version]) => `${domain} ${version}`);
  const value = ({ name, dtype, shape }: OnnxFacts['inputs'][number]): string =>
    `  ${name}: ${dtype} ${shape ? `[${shape.join(',')}]` : '?'}`;
  const operators = Object.entries(onnx.operators).map(([type, count]) => `${type} ${count}`);
  return [
    `${name}: IR version ${onnx.irVersion}, ${opsets.join(', ')}${onnx.producer ? `, by ${onnx.producer}` : ''}`,
    'inputs',
    ...onnx.inputs.map(value),
    'outputs',
    ...onnx.outputs.map(value),
    `weights: ${onnx.initializers.count} initializers, ${formatBytes(onnx.initializers.bytes)}`,
    `operators: ${operators.join(', ')}`,
    ...(onnx.functions.length > 0 ? [`functions: ${onnx.functions.join(', ')}`] : []),
    '',
  ];
}
